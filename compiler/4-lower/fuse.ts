import type { Graph, Node, Value, ValueId } from '../ir/graph.ts';
import { childrenOf, constant, type Expr, rewrite } from '../kernel/expr.ts';
import { type Axis, type Index, toIndex } from '../kernel/index-expr.ts';
import type { Meaning } from '../kernel/meaning.ts';
import { type SplitMeaning, splitReductions } from '../kernel/split-reductions.ts';
import { ops } from '../ops/index.ts';
import { makeOperand, type OpClass } from '../ops/op.ts';
import { decodeData } from '../tensor/convert.ts';
import { elementCount, sizesOf } from '../tensor/shape.ts';
import { tensorType } from '../tensor/tensor.ts';
import {
  distinctIndices,
  hasOnlyBounds,
  hasReduction,
  isInsideReduction,
  isLight,
  loadsOf,
  reductionsOf,
} from './expr-parts.ts';
import { dividesNothing, splitAxes } from './split-axes.ts';
import { substitute } from './substitute.ts';

/**
 * A value that gets memory, and everything fused into the kernel that writes it. `concat` roots are written piece by
 * piece instead: each operand is a root of its own that lies inside this one.
 */
export interface Root {
  readonly value: Value;
  readonly node: Node;
  readonly kind: 'computed' | 'concat';
  readonly axes: readonly Axis[];
  /** index of each dimension of the value, over `axes` */
  readonly index: readonly Index[];
  readonly expr: Expr;
  /** ops fused, for names: producer first */
  readonly fused: readonly string[];
}

/** Most buffers one kernel may read. */
const sourceLimit = 8;

interface Draft {
  value: Value;
  node: Node;
  kind: 'computed' | 'concat';
  axes: readonly Axis[];
  index: readonly Index[];
  expr: Expr;
  fused: string[];
}

/**
 * Decides which values get memory. Walks the nodes backwards; each value is substituted into the one kernel that reads
 * it where that repeats no work: data movement always while indices stay affine, element-wise producers outside
 * reductions, and one reduction or contraction per kernel under an element-wise tail (its epilogue).
 */
export function fuseGraph(graph: Graph, freshId: () => ValueId): Root[] {
  const drafts = new Map<ValueId, Draft>();
  const outputs = new Set(graph.outputs.map((o) => o.value));
  const sizesOfSource = (id: ValueId): readonly number[] => sizesOf(graph.values.get(id)?.type.shape ?? []);
  for (const node of [...graph.nodes].reverse()) {
    const meanings = node.op === 'concat' ? [] : meaningsOf(graph, node);
    node.outputs.forEach((id, i) => {
      const value = graph.values.get(id);
      if (!value) throw new Error(`internal: node ${node.name} has no value ${id}`);
      const readers = [...drafts.values()].filter((d) => loadsOf(d.expr).has(id) || concatReads(d, id));
      if (readers.length === 0 && !outputs.has(id)) return;
      const meaning = meanings[i];
      if (!meaning) {
        drafts.set(id, { value, node, kind: 'concat', axes: [], index: [], expr: noExpr, fused: [node.op] });
        return;
      }
      if (!outputs.has(id) && inlineInto(readers, value, node, meaning, sizesOfSource)) return;
      const { parts, meaning: rest } = splitReductions(meaning, freshId);
      drafts.set(id, draftOf(value, node, rest));
      for (const part of [...parts].reverse()) {
        drafts.set(part.source, draftOf(partValue(part, value.name), node, part.meaning));
      }
    });
  }
  return [...drafts.values()].reverse();
}

/** An inner reduction as a value of its own. */
const partValue = ({ source, meaning }: SplitMeaning['parts'][number], name: string): Value => ({
  id: source,
  name: `${name}/inner`,
  type: tensorType(
    meaning.value.dtype,
    meaning.axes.map((axis) => axis.extent),
  ),
});

const noExpr: Expr = { kind: 'const', dtype: 'float32', value: 0 };

const concatReads = (d: Draft, id: ValueId): boolean => d.kind === 'concat' && d.node.inputs.includes(id);

function meaningsOf(graph: Graph, node: Node): Meaning[] {
  const operands = node.inputs.map((id) => {
    const value = graph.values.get(id);
    if (!value) throw new Error(`internal: node ${node.name} reads the unknown value ${id}`);
    return makeOperand(id, value.type);
  });
  return ops[node.op].meaning(operands, node.attributes).map(({ axes, value }) => ({
    axes,
    value: rewrite(
      value,
      (axis) => axis,
      (leaf) => (leaf.kind === 'load' && leaf.guards.length === 0 && scalarConstant(graph, leaf.source)) || leaf,
    ),
  }));
}

/** The number itself for a constant of one element: kernels then neither fetch nor bind it. */
function scalarConstant(graph: Graph, id: ValueId): Expr | undefined {
  const tensor = graph.constants.get(id);
  const value = tensor && elementCount(tensor.shape) === 1 ? decodeData(tensor)[0] : undefined;
  return tensor && value !== undefined ? constant(tensor.dtype, value) : undefined;
}

function draftOf(value: Value, node: Node, meaning: Meaning): Draft {
  const split = splitAxes({ axes: meaning.axes, index: meaning.axes.map(toIndex), value: meaning.value });
  return { value, node, kind: 'computed', axes: split.axes, index: split.index, expr: split.value, fused: [node.op] };
}

/** Substitutes the value into all its readers, or changes nothing and returns false. */
function inlineInto(
  readers: readonly Draft[],
  value: Value,
  node: Node,
  meaning: Meaning,
  sizesOfSource: (id: ValueId) => readonly number[],
): boolean {
  const opClass = ops[node.op].class;
  if (opClass !== 'movement' && readers.length !== 1) return false;
  const updates: (() => void)[] = [];
  for (const reader of readers) {
    if (reader.kind === 'concat') return false;
    if (!isFusible(reader, value, opClass, meaning)) return false;
    const inlined = splitAxes({
      axes: reader.axes,
      index: reader.index,
      value: substitute(reader.expr, value.id, meaning),
    });
    if (opClass !== 'elementwise' && dividesNothing(reader.expr) && !dividesNothing(inlined.value)) return false;
    if (hasReduction(meaning.value) && !dividesNothing(inlined.value)) return false;
    if (opClass === 'movement' && !guardsFollowBounds(inlined.value, sizesOfSource)) return false;
    if (loadsOf(inlined.value).size > sourceLimit) return false;
    updates.push(() => {
      reader.axes = inlined.axes;
      reader.index = inlined.index;
      reader.expr = inlined.value;
      reader.fused.unshift(node.op);
    });
  }
  for (const update of updates) update();
  return true;
}

function isFusible(reader: Draft, value: Value, opClass: OpClass, meaning: Meaning): boolean {
  const loads = [...(loadsOf(reader.expr).get(value.id) ?? [])];
  if (opClass === 'movement') {
    return (
      loads.every((l) => l.guards.length === 0 || canGuard(meaning.value, l.fill)) && !isLookup(meaning.value, reader)
    );
  }
  if (loads.some((l) => l.guards.length > 0) || distinctIndices(loads) > 1) return false;
  if (loads.some((l) => isInsideReduction(reader.expr, l))) {
    return (
      opClass === 'elementwise' &&
      reader.fused.length === 1 &&
      ops[reader.node.op].class === 'reduction' &&
      isLight(meaning.value)
    );
  }
  const points = reader.axes.reduce((n, axis) => n * axis.extent.size, 1);
  if (elementCount(value.type.shape) < points && !isLight(meaning.value)) return false;
  if (opClass === 'elementwise') return true;
  return !hasReduction(reader.expr) && elementCount(value.type.shape) >= points;
}

/**
 * Inside reductions every guard must be the bounds of a dimension of what is read, so that zeros kept around the value
 * can stand for it: an image reshaped from a sequence has neighbours where its padding should be.
 */
function guardsFollowBounds(e: Expr, sizesOfSource: (id: ValueId) => readonly number[]): boolean {
  return reductionsOf(e).every((r) =>
    [...loadsOf(r.body).values()].every((loads) => [...loads].every((l) => hasOnlyBounds(l, sizesOfSource(l.source)))),
  );
}

/** A copied element, or a copied element with the same fill, can take further guards. */
const canGuard = (e: Expr, fill: number): boolean => e.kind === 'load' && (e.guards.length === 0 || e.fill === fill);

/** Movement whose index comes from data or tables stays out of contractions and reductions. */
function isLookup(e: Expr, reader: Draft): boolean {
  return e.kind !== 'load' ? hasReduction(reader.expr) : childrenOf(e).length > 0 && hasReduction(reader.expr);
}
