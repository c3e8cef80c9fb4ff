import type { Graph, Node, Value, ValueId } from '../ir/graph.ts';
import { childrenOf, type Expr, type LoadExpr, type ReduceExpr, rewrite } from '../kernel/expr.ts';
import { type Axis, type Index, sameIndex, toIndex } from '../kernel/index-expr.ts';
import type { Meaning } from '../kernel/meaning.ts';
import { type SplitMeaning, splitReductions } from '../kernel/split-reductions.ts';
import { ops } from '../ops/index.ts';
import { makeOperand, type OpClass } from '../ops/op.ts';
import { elementCount, sizesOf } from '../tensor/shape.ts';
import { tensorType } from '../tensor/tensor.ts';
import { dividesNothing, splitAxes } from './split-axes.ts';

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
  return ops[node.op].meaning(operands, node.attributes);
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

/** Every guard is the bounds of a dimension of the value read, whose sizes are given. */
export const hasOnlyBounds = (l: LoadExpr, sizes: readonly number[]): boolean =>
  l.guards.every((g) => l.index.some((i, d) => g.extent === sizes[d] && sameIndex(i, g.index)));

/** A copied element, or a copied element with the same fill, can take further guards. */
const canGuard = (e: Expr, fill: number): boolean => e.kind === 'load' && (e.guards.length === 0 || e.fill === fill);

/** Movement whose index comes from data or tables stays out of contractions and reductions. */
function isLookup(e: Expr, reader: Draft): boolean {
  return e.kind !== 'load' ? hasReduction(reader.expr) : childrenOf(e).length > 0 && hasReduction(reader.expr);
}

function substitute(e: Expr, id: ValueId, meaning: Meaning): Expr {
  const done: { readonly leaf: LoadExpr; readonly inlined: Expr }[] = [];
  return rewrite(
    e,
    (axis) => axis,
    (leaf) => {
      if (leaf.kind !== 'load' || leaf.source !== id) return leaf;
      const known = done.find((d) => sameLoad(d.leaf, leaf));
      if (known) return known.inlined;
      const at = new Map(meaning.axes.map((axis, d) => [axis, leaf.index[d] ?? toIndex(0)]));
      const value = rewrite(meaning.value, (axis) => at.get(axis) ?? axis);
      const inlined = leaf.guards.length === 0 ? value : guard(value, leaf);
      done.push({ leaf, inlined });
      return inlined;
    },
  );
}

const sameLoad = (a: LoadExpr, b: LoadExpr): boolean =>
  a.fill === b.fill &&
  sameIndices(a.index, b.index) &&
  sameIndices(
    a.guards.map((g) => g.index),
    b.guards.map((g) => g.index),
  );

const sameIndices = (a: readonly Index[], b: readonly Index[]): boolean =>
  a.length === b.length && a.every((i, d) => sameIndex(i, b[d] ?? toIndex(0)));

function guard(value: Expr, leaf: LoadExpr): Expr {
  if (value.kind !== 'load') throw new Error('internal: only copied elements take guards');
  return { ...value, guards: [...value.guards, ...leaf.guards], fill: leaf.fill };
}

/** Loads by source, each distinct object once. */
export function loadsOf(e: Expr): Map<ValueId, Set<LoadExpr>> {
  const found = new Map<ValueId, Set<LoadExpr>>();
  const seen = new Set<Expr>();
  const walk = (x: Expr): void => {
    if (seen.has(x)) return;
    seen.add(x);
    if (x.kind === 'load') found.set(x.source, (found.get(x.source) ?? new Set()).add(x));
    for (const child of childrenOf(x)) walk(child);
  };
  walk(e);
  return found;
}

function distinctIndices(loads: readonly LoadExpr[]): number {
  const distinct: LoadExpr[] = [];
  for (const l of loads) if (!distinct.some((o) => sameIndices(o.index, l.index))) distinct.push(l);
  return distinct.length;
}

/** Every reduction in `e`, each once. */
export function reductionsOf(e: Expr): ReduceExpr[] {
  const found: ReduceExpr[] = [];
  const seen = new Set<Expr>();
  const walk = (x: Expr): void => {
    if (seen.has(x)) return;
    seen.add(x);
    if (x.kind === 'reduce') found.push(x);
    for (const child of childrenOf(x)) walk(child);
  };
  walk(e);
  return found;
}

const hasReduction = (e: Expr): boolean => reductionsOf(e).length > 0;

const isInsideReduction = (e: Expr, l: LoadExpr): boolean =>
  reductionsOf(e).some((r) => loadsOf(r.body).get(l.source)?.has(l) ?? false);

/** Cheap enough to repeat: a handful of native operations. */
function isLight(e: Expr): boolean {
  let cost = 0;
  const walk = (x: Expr): void => {
    if (x.kind === 'reduce') cost += 100;
    if (x.kind === 'unary') cost += x.op === 'neg' || x.op === 'abs' ? 1 : 10;
    if (x.kind === 'binary') cost += x.op === 'pow' || x.op === 'atan2' || x.op === 'div' ? 10 : 1;
    if (x.kind === 'select') cost += 1;
    for (const child of childrenOf(x)) walk(child);
  };
  walk(e);
  return cost <= 4;
}
