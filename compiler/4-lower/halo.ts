import { type Axis, addIndex, type Index, makeAxis, scaleIndex } from '../kernel/index-expr.ts';
import type { NestKernel } from '../kernel/nest.ts';
import { scheduleStore } from '../kernel/schedule.ts';
import { dim } from '../tensor/shape.ts';
import { type SlotTable, spansOf, type WrittenKernel } from './kernel-writer.ts';
import type { Layout } from './layout.ts';
import { mergeNeighbours } from './merge-axes.ts';
import type { KernelDType } from './narrow.ts';
import type { Halo } from './plan.ts';

/** Elements at `offset`, for every point of `axes`. */
interface Run {
  readonly axes: readonly Axis[];
  readonly offset: Index;
}

/** One kernel that zeroes everything of a buffer that is not its value. Slot 0 is the buffer. */
export function writeHalo(
  name: string,
  slots: SlotTable,
  sizes: readonly number[],
  halo: Halo,
  layout: Layout,
  dtype: KernelDType,
): WrittenKernel {
  const runs = (borderRuns(sizes, halo, layout) ?? slabs(sizes, halo, layout)).filter((r) =>
    r.axes.every((a) => a.extent.size > 0),
  );
  const merged = runs.map((run) => {
    const { axes, replace } = mergeNeighbours(
      run.axes.filter((a) => a.extent.size > 1),
      [dropSingles(run)],
    );
    return { axes, offset: replace(dropSingles(run)) };
  });
  const spans = spansOf(
    slots,
    merged.map((run) => ({ slot: 0, offset: run.offset, guarded: false })),
  );
  const body = merged.flatMap((run) =>
    scheduleStore(run.axes, { kind: 'const', dtype, value: 0 }, 0, addIndex(run.offset, -(spans[0]?.base ?? 0))),
  );
  const kernel: NestKernel = { kind: 'nest', name, slots: slots.declared, body };
  return { kernel, arguments: spans.map((span, slot) => slots.reference(slot, span)) };
}

const dropSingles = (run: Run): Index => ({
  ...run.offset,
  terms: run.offset.terms.filter((t) => t.atom.kind !== 'axis' || t.atom.extent.size > 1),
});

/**
 * Borders of rows that lie one after another: what ends one row and begins the next is one run. Undefined unless the
 * dimensions with a halo are one, or two with nothing between them.
 */
function borderRuns(sizes: readonly number[], halo: Halo, layout: Layout): Run[] | undefined {
  const order = sizes.map((_, d) => d).sort((a, b) => (layout.strides[b] ?? 0) - (layout.strides[a] ?? 0) || a - b);
  const bordered = order.filter((d) => (halo[d]?.before ?? 0) + (halo[d]?.after ?? 0) > 0);
  const [rows, columns] = bordered;
  if (rows === undefined || bordered.length > 2) return undefined;
  if (columns !== undefined && order.indexOf(columns) !== order.indexOf(rows) + 1) return undefined;
  const outer = order
    .slice(0, order.indexOf(rows))
    .map((d) => ({ axis: makeAxis(`d${d}`, dim(sizes[d] ?? 1)), stride: layout.strides[d] ?? 0 }));
  const [rowStride, rowHalo, rowCount] = [layout.strides[rows] ?? 0, halo[rows], sizes[rows] ?? 0];
  const columnStride = columns === undefined ? 0 : (layout.strides[columns] ?? 0);
  const columnHalo = columns === undefined ? undefined : halo[columns];
  const columnCount = columns === undefined ? 0 : (sizes[columns] ?? 0);
  const before = (columnHalo?.before ?? 0) * columnStride;
  const after = (columnHalo?.after ?? 0) * columnStride;
  const start = layout.offset - before - (rowHalo?.before ?? 0) * rowStride;
  const width = columns === undefined ? rowStride : columnCount * columnStride;
  const run = (offset: number, length: number, repeat?: { readonly axis: Axis; readonly stride: number }): Run => {
    const along = makeAxis('i', dim(length));
    const loops = [...outer, ...(repeat ? [repeat] : [])];
    return {
      axes: [...loops.map((l) => l.axis), along],
      offset: addIndex(offset, along, ...loops.map((l) => scaleIndex(l.axis, l.stride))),
    };
  };
  const endOfRow = (row: number): number => layout.offset + row * rowStride + width;
  const gaps = { axis: makeAxis('row', dim(Math.max(0, rowCount - 1))), stride: rowStride };
  return [
    run(start, (rowHalo?.before ?? 0) * rowStride + before),
    run(endOfRow(0), before + after, gaps),
    run(endOfRow(rowCount - 1), after + (rowHalo?.after ?? 0) * rowStride),
  ];
}

/** Two slabs per dimension: inside the value along the dimensions before it, across the halo along those after it. */
function slabs(sizes: readonly number[], halo: Halo, layout: Layout): Run[] {
  return halo.flatMap((own, d) =>
    [
      { start: -own.before, extent: own.before },
      { start: sizes[d] ?? 0, extent: own.after },
    ].map((side) => {
      const axes = sizes.map((size, e) => {
        const full = (halo[e]?.before ?? 0) + size + (halo[e]?.after ?? 0);
        return makeAxis(`d${e}`, dim(e === d ? side.extent : e < d ? size : full));
      });
      const starts = sizes.map((_, e) => (e === d ? side.start : e < d ? 0 : -(halo[e]?.before ?? 0)));
      const parts = axes.map((axis, e) => scaleIndex(addIndex(axis, starts[e] ?? 0), layout.strides[e] ?? 0));
      return { axes, offset: addIndex(layout.offset, ...parts) };
    }),
  );
}
