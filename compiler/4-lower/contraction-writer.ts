import type { Expr } from '../kernel/expr.ts';
import { type Axis, addIndex, type Index, substituteIndex, toIndex } from '../kernel/index-expr.ts';
import type { ContractionKernel, PackedCodes } from '../kernel/nest.ts';
import { fetchesIn, indicesIn, rewrite } from '../kernel/traverse.ts';
import { codeRows } from '../kernel/whole-groups.ts';
import type { Contraction } from './contraction.ts';
import { byStride, mapIndices, rebaseFetches, type SlotTable, spansOf, type WrittenKernel } from './kernel-writer.ts';
import { mergeNeighbours, mergePair } from './merge-axes.ts';
import { panelElements } from './pack.ts';
import { codeWords } from './pack-codes.ts';

/** Axes of a packed operand in its own terms: `n` may be several axes that the kernel sees as one. */
export interface PackingOrder {
  readonly batch: readonly Axis[];
  readonly n: readonly Axis[];
  readonly k: readonly Axis[];
  /** points along the kernel's last axis of k */
  readonly run: number;
}

/** What packing found out about int8 codes. */
export type PackedFacts = Pick<PackedCodes, 'groupsIn16Bits'>;

export interface PlacedContraction {
  readonly contraction: Contraction;
  readonly a: Index;
  /** undefined when B is packed */
  readonly b: Index | undefined;
  readonly store: Index;
  readonly epilogue: Expr;
  /** batch axes that the packed operand varies with */
  readonly weightBatch: ReadonlySet<Axis>;
}

/**
 * Orders and merges the axes of a contraction for its layouts, and lets `pack` make the weights in the order chosen.
 * Slot 0 is the output, 1 is A, 2 is B.
 */
export function writeContraction(
  name: string,
  slots: SlotTable,
  placed: PlacedContraction,
  pack: (order: PackingOrder) => PackedFacts,
): WrittenKernel {
  const c = placed.contraction;
  const many = (axis: Axis): boolean => axis.extent.size !== 1;
  const single = (axis: Axis): Index | Axis => (many(axis) || axis === c.n ? axis : toIndex(0));
  const at = (index: Index): Index => substituteIndex(index, single, (e) => e);
  const parts = {
    a: at(placed.a),
    b: placed.b && at(placed.b),
    store: at(placed.store),
    epilogue: rewrite(placed.epilogue, single),
  };

  const k = mergeIn(parts, byStride(c.k.filter(many), parts.a), (p) => (p.b ? [p.a, p.b] : [p.a]));
  const columns = mergeColumns(k.parts, byStride(c.batch.filter(many), k.parts.store), c.n, placed);
  const batch = mergeIn(
    columns.parts,
    columns.batch,
    allOf,
    (outer, inner) => placed.weightBatch.has(outer) === placed.weightBatch.has(inner),
  );
  const m = mergeIn(batch.parts, byStride(c.m.filter(many), batch.parts.store), allOf);
  const final = m.parts;

  const varies = c.batch.some((axis) => many(axis) && placed.weightBatch.has(axis) && !columns.n.includes(axis));
  const run = k.axes.at(-1)?.extent.size ?? 1;
  const order = { batch: varies ? columns.batch : [], n: columns.n, k: k.originals, run };
  const packed = final.b ? undefined : pack(order);
  const points = (axes: readonly Axis[]): number => axes.reduce((p, axis) => p * axis.extent.size, 1);
  const b = ((): ContractionKernel['b'] => {
    if (final.b) return { ...liveKind(c), offset: final.b };
    if (!c.quantization) {
      return { kind: 'packed', batchStride: varies ? panelElements(points(columns.n), points(k.originals)) : 0 };
    }
    return {
      kind: 'packed8',
      batchStride: varies ? codeWords(points(columns.n), codeRows(k.axes)) : 0,
      quantizationOfA: c.quantization,
      groupsIn16Bits: packed?.groupsIn16Bits ?? 1,
    };
  })();

  const spans = spansOf(slots, [
    { slot: 0, offset: final.store, guarded: false },
    { slot: 1, offset: final.a, guarded: false },
    ...(final.b ? [{ slot: 2, offset: final.b, guarded: false }] : []),
    ...fetchesIn(final.epilogue).map((f) => ({ slot: f.slot, offset: f.offset, guarded: f.guards.length > 0 })),
  ]);
  const rebase = (index: Index, slot: number): Index => addIndex(index, -(spans[slot]?.base ?? 0));
  const kernel: ContractionKernel = {
    kind: 'contraction',
    form: c.form,
    name,
    slots: slots.declared,
    batch: batch.axes,
    m: m.axes,
    n: columns.axis,
    k: k.axes,
    a: { offset: rebase(final.a, 1) },
    b: b.kind === 'live' || b.kind === 'live8' ? { ...b, offset: rebase(b.offset, 2) } : b,
    store: { offset: rebase(final.store, 0) },
    epilogue: rebaseFetches(final.epilogue, spans),
  };
  return { kernel, arguments: spans.map((span, slot) => slots.reference(slot, span)) };
}

function liveKind({ quantization, inverseScaleOfB }: Contraction) {
  if (!quantization || inverseScaleOfB === undefined) return { kind: 'live' as const };
  return { kind: 'live8' as const, quantizationOfA: quantization, inverseScaleOfB };
}

interface Parts {
  readonly a: Index;
  readonly b: Index | undefined;
  readonly store: Index;
  readonly epilogue: Expr;
}

const allOf = (p: Parts): Index[] => [p.a, ...(p.b ? [p.b] : []), p.store, ...indicesIn(p.epilogue)];

const replaceAll = (p: Parts, replace: (index: Index) => Index): Parts => ({
  a: replace(p.a),
  b: p.b && replace(p.b),
  store: replace(p.store),
  epilogue: mapIndices(p.epilogue, replace),
});

function mergeIn(
  parts: Parts,
  axes: readonly Axis[],
  indices: (p: Parts) => Index[],
  allowed: (outer: Axis, inner: Axis) => boolean = () => true,
): { readonly parts: Parts; readonly axes: readonly Axis[]; readonly originals: readonly Axis[] } {
  if (!axes.every((axis, i) => i === 0 || allowed(axes[i - 1] ?? axis, axis))) return { parts, axes, originals: axes };
  const merged = mergeNeighbours(axes, indices(parts));
  return { parts: replaceAll(parts, merged.replace), axes: merged.axes, originals: axes };
}

/** Takes batch axes that continue the columns (heads of one projection) into n, where A does not vary with them. */
function mergeColumns(
  parts: Parts,
  batch: readonly Axis[],
  n: Axis,
  placed: PlacedContraction,
): { readonly parts: Parts; readonly axis: Axis; readonly n: readonly Axis[]; readonly batch: readonly Axis[] } {
  let current = { parts, axis: n, n: [n] as readonly Axis[], batch };
  if (placed.contraction.form !== 'dense') return current;
  for (;;) {
    const next = current.batch.findLast((axis) => mergePair(axis, current.axis, allOf(current.parts)));
    const merged = next && mergePair(next, current.axis, allOf(current.parts));
    if (!next || !merged) return current;
    current = {
      parts: replaceAll(current.parts, merged.replace),
      axis: merged.axis,
      n: [next, ...current.n],
      batch: current.batch.filter((axis) => axis !== next),
    };
  }
}
