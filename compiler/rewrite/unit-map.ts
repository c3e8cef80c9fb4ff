import { countReaders } from '../ir/count-readers.ts';
import type { Graph, Node, ValueId } from '../ir/graph.ts';
import { ops } from '../ops/index.ts';
import { numbersOf } from '../tensor/convert.ts';
import { elementCount, sameShape, sizeAt, sizesOf } from '../tensor/shape.ts';
import type { Tensor, TensorType } from '../tensor/tensor.ts';

/** What a pattern asks of a graph, finished or being rebuilt (Rewriter). */
export interface ValueView {
  producer(id: ValueId): Node | undefined;
  known(id: ValueId): Tensor | undefined;
  typeOf(id: ValueId): TensorType;
  /** how many nodes and outputs read the value */
  uses(id: ValueId): number;
}

/** Views a finished graph. */
export function viewOf(graph: Graph): ValueView {
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((id) => [id, node] as const)));
  const uses = countReaders(graph);
  return {
    producer: (id) => producers.get(id),
    known: (id) => graph.constants.get(id),
    uses: (id) => uses.get(id) ?? 0,
    typeOf: (id) => {
      const value = graph.values.get(id);
      if (!value) throw new RangeError(`internal: value ${id} is not of the graph`);
      return value.type;
    },
  };
}

/**
 * The value z that h is a function of unit by unit: between the two stand only element-wise nodes and batch
 * normalisations, in any arrangement, whose constants vary along `axis` at most and whose values nothing else reads.
 * h is read once. Undefined where there is no such z, or nothing between.
 */
export function unitMapTo(view: ValueView, h: ValueId, axis: number): ValueId | undefined {
  const inside = new Set<ValueId>();
  const reads = new Map<ValueId, number>([[h, 1]]);
  let z: ValueId | undefined;
  const waiting = [h];
  for (const id of waiting) {
    if (inside.has(id)) continue;
    const node = view.producer(id);
    if (!node || !isUnitWise(view, node, axis)) {
      if (z !== undefined && z !== id) return undefined;
      z = id;
      continue;
    }
    inside.add(id);
    for (const input of node.inputs) {
      if (view.known(input)) continue;
      if (!sameShape(view.typeOf(input).shape, view.typeOf(h).shape)) return undefined;
      reads.set(input, (reads.get(input) ?? 0) + 1);
      waiting.push(input);
    }
  }
  const isClosed = [...inside, ...(z === undefined ? [] : [z])].every((id) => view.uses(id) === reads.get(id));
  return inside.size > 0 && isClosed ? z : undefined;
}

function isUnitWise(view: ValueView, node: Node, axis: number): boolean {
  const [y] = node.outputs;
  if (y === undefined) return false;
  const { shape } = view.typeOf(y);
  if (node.op === 'batchNorm') return axis === 1 && node.inputs.slice(1).every((id) => view.known(id) !== undefined);
  if (ops[node.op].class !== 'elementwise') return false;
  return node.inputs.every((id) => {
    const constant = view.known(id);
    return !constant || perUnit(constant, sizesOf(shape), axis) !== undefined;
  });
}

/** A constant that broadcasts to `sizes` as one number per unit; undefined where it varies along another dimension. */
export function perUnit(constant: Tensor, sizes: readonly number[], axis: number): readonly number[] | undefined {
  const width = sizes[axis] ?? 1;
  const count = elementCount(constant.shape);
  const missing = sizes.length - constant.shape.length;
  if (missing < 0 || count === 0) return undefined;
  const isAlong =
    count === 1 || (axis >= missing && count === width && sizeAt(constant.shape, axis - missing) === width);
  if (!isAlong) return undefined;
  const values = numbersOf(constant);
  return count === 1 ? new Array<number>(width).fill(values[0] ?? 0) : values;
}

/** h = scale z + shift per unit, once every relu, leaky relu and prelu between is taken for the identity. */
export interface LinearEnd {
  readonly scale: readonly number[];
  readonly shift: readonly number[];
  /** nothing had to be taken for what it is not */
  readonly isExact: boolean;
}

/** Undefined where other functions stand between z and h. */
export function linearEndOf(view: ValueView, z: ValueId, h: ValueId, axis: number): LinearEnd | undefined {
  const sizes = sizesOf(view.typeOf(z).shape);
  const width = sizes[axis] ?? 1;
  const fill = (value: number): number[] => new Array<number>(width).fill(value);
  const exact = (scale: readonly number[], shift: readonly number[]): LinearEnd => ({ scale, shift, isExact: true });
  const visit = (id: ValueId | undefined): LinearEnd | undefined => {
    if (id === undefined) return undefined;
    if (id === z) return exact(fill(1), fill(0));
    const constant = view.known(id);
    if (constant) {
      const values = perUnit(constant, sizes, axis);
      return values && exact(fill(0), values);
    }
    const node = view.producer(id);
    return node && combine(view, node, width, visit);
  };
  return visit(h);
}

function combine(
  view: ValueView,
  node: Node,
  width: number,
  visit: (id: ValueId | undefined) => LinearEnd | undefined,
): LinearEnd | undefined {
  const [first, second] = node.inputs;
  const a = visit(first);
  if (!a) return undefined;
  const each = (of: (unit: number) => number): number[] => Array.from({ length: width }, (_, unit) => of(unit));
  const at = (list: readonly number[], unit: number): number => list[unit] ?? 0;
  const scaledBy = (x: LinearEnd, factor: readonly number[]): LinearEnd => ({
    scale: each((unit) => at(x.scale, unit) * at(factor, unit)),
    shift: each((unit) => at(x.shift, unit) * at(factor, unit)),
    isExact: x.isExact,
  });
  const sum = (x: LinearEnd, y: LinearEnd): LinearEnd => ({
    scale: each((unit) => at(x.scale, unit) + at(y.scale, unit)),
    shift: each((unit) => at(x.shift, unit) + at(y.shift, unit)),
    isExact: x.isExact && y.isExact,
  });
  const isConstant = (x: LinearEnd): boolean => x.scale.every((s) => s === 0);
  switch (node.op) {
    case 'identity':
      return a;
    case 'relu':
      return { ...a, isExact: false };
    case 'leakyRelu':
      return { ...a, isExact: a.isExact && Number(node.attributes.alpha ?? 0.01) === 1 };
    case 'neg':
      return scaledBy(
        a,
        each(() => -1),
      );
    case 'batchNorm': {
      const [scale, bias, mean, variance] = node.inputs.slice(1).map((id) => {
        const tensor = view.known(id);
        return tensor ? numbersOf(tensor) : [];
      });
      const factor = each(
        (u) => at(scale ?? [], u) / Math.sqrt(at(variance ?? [], u) + Number(node.attributes.epsilon ?? 1e-5)),
      );
      const shift = each((u) => at(bias ?? [], u) - at(factor, u) * at(mean ?? [], u));
      return sum(scaledBy(a, factor), { scale: each(() => 0), shift, isExact: true });
    }
  }
  const b = visit(second);
  if (!b) return undefined;
  switch (node.op) {
    case 'prelu':
      return isConstant(b) ? { ...a, isExact: a.isExact && b.shift.every((slope) => slope === 1) } : undefined;
    case 'add':
      return sum(a, b);
    case 'sub':
      return sum(
        a,
        scaledBy(
          b,
          each(() => -1),
        ),
      );
    case 'mul':
      if (isConstant(b)) return scaledBy(a, b.shift);
      return isConstant(a) ? scaledBy(b, a.shift) : undefined;
    case 'div':
      return isConstant(b)
        ? scaledBy(
            a,
            b.shift.map((v) => 1 / v),
          )
        : undefined;
    default:
      return undefined;
  }
}
