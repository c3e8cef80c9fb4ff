import type { Axis } from '../../../compiler/kernel/index-expr.ts';
import { panelWidth } from '../../../compiler/kernel/nest.ts';
import { type Address, atOffset, type Code, type Local } from './code.ts';
import { type Contraction, extentOf, pointsOf, strideIn } from './contraction.ts';
import { type Epilogue, loadAlong, type RenderValue, TileEnd } from './epilogue.ts';
import type { Lanes } from './lanes.ts';
import { sumOverK } from './sum-over-k.ts';
import type { DenseTiling } from './tiling.ts';
import {
  addressOf,
  affineStream,
  type Displacement,
  displaced,
  elementBytes,
  enter,
  loopOver,
  loopTiles,
  type Place,
  type Stream,
  startPlace,
} from './walk.ts';

/** One vector of a tile: `count` outputs from column `at` on. */
interface Column {
  readonly at: number;
  readonly count: number;
}

/** A tile of rows and columns held in registers; every step of k loads B once per column and A once per row. */
export function writeDense(
  code: Code,
  lanes: Lanes,
  c: Contraction,
  tiling: DenseTiling,
  epilogue: Epilogue,
  render: RenderValue,
): void {
  const output = affineStream(0, c.store);
  const a = affineStream(1, c.a);
  const b = c.b.kind === 'packed' ? packedStream(c) : affineStream(2, c.b.offset);
  const streams = [output, a, b, ...epilogue.operands.map((o) => o.stream)];
  const mayRepeat = !epilogue.mayReadOutput;

  const tile = (place: Place, rows: readonly Displacement[], columns: readonly Column[]): void => {
    const sums = sumTile(code, lanes, c, tiling, place, a, b, rows, columns);
    const end = new TileEnd(code, lanes, epilogue, c.n, output, render, place);
    rows.forEach((row, r) => {
      columns.forEach(({ at, count }, v) => {
        const sum = sums[r]?.[v];
        if (sum) end.store(new Map(row).set(c.n, at), sum, count);
      });
    });
  };

  /** Loops over the row axes from `depth` on; columns come in at the depth that the tiling chose. */
  const rowsFrom = (depth: number, place: Place, columns: readonly Column[], rows: readonly Displacement[]): void => {
    if (depth === tiling.columnDepth && columns.length === 0) {
      overColumns(place, (inside, found) => rowsFrom(depth, inside, found, rows));
      return;
    }
    const axis = c.m[depth];
    if (!axis) {
      tile(place, rows, columns);
      return;
    }
    loopTiles(code, extentOf(axis), tiling.rows[depth] ?? 1, mayRepeat, (at, size) => {
      const inner = rows.flatMap((row) => Array.from({ length: size }, (_, i) => new Map(row).set(axis, i)));
      rowsFrom(depth + 1, enter(code, place, axis, at), columns, inner);
    });
  };

  const overColumns = (place: Place, body: (place: Place, columns: readonly Column[]) => void): void => {
    const total = extentOf(c.n);
    const enough = c.b.kind === 'live' && mayRepeat;
    loopTiles(code, total, tiling.columns, enough, (at, size) => {
      body(enter(code, place, c.n, at), columnsOf(size, lanes.width, enough));
    });
  };

  const overBatch = (depth: number, place: Place): void => {
    const axis = c.batch[depth];
    if (!axis) {
      rowsFrom(0, place, [], [new Map()]);
      return;
    }
    loopOver(code, 0, extentOf(axis), 1, (at) => overBatch(depth + 1, enter(code, place, axis, at)));
  };
  overBatch(0, startPlace(code, streams));
}

/** Vectors that cover `size` columns; the last is partial, or moved back to end at `size`. */
function columnsOf(size: number, width: number, mayRepeat: boolean): readonly Column[] {
  const columns: Column[] = [];
  for (let at = 0; at < size; at += width) {
    const count = Math.min(width, size - at);
    if (count < width && size >= width && mayRepeat) columns.push({ at: size - width, count: width });
    else columns.push({ at, count });
  }
  return columns;
}

/** Panels as a stream: one step along n counts as an eighth of a panel, so it moves by whole panels only. */
function packedStream(c: Contraction): Stream {
  const perColumn = (pointsOf(c.k) + 1) * elementBytes;
  const batches = affineStream(2, c.b.offset);
  return { slot: 2, start: batches.start, stride: (axis) => (axis === c.n ? perColumn : batches.stride(axis)) };
}

function sumTile(
  code: Code,
  lanes: Lanes,
  c: Contraction,
  tiling: DenseTiling,
  place: Place,
  a: Stream,
  b: Stream,
  rows: readonly Displacement[],
  columns: readonly Column[],
): readonly (readonly Local[])[] {
  const isPacked = c.b.kind === 'packed';
  const rowBytes = panelWidth * elementBytes;
  const panelBytes = (pointsOf(c.k) + 1) * rowBytes;
  const columnStride = isPacked ? elementBytes : b.stride(c.n);
  const columnOffset = ({ at }: Column): number =>
    isPacked ? Math.floor(at / panelWidth) * panelBytes + (at % panelWidth) * elementBytes : at * columnStride;
  const loadB = (address: Address, column: Column) =>
    loadAlong(lanes, atOffset(address, columnOffset(column)), columnStride, isPacked ? lanes.width : column.count);

  const splits = Math.min(tiling.splits, Math.max(1, pointsOf(c.k)));
  const start = addressOf(place, b);
  const sums = rows.map(() => columns.map(() => Array.from({ length: splits }, () => code.local(lanes.type))));
  columns.forEach((column, v) => {
    const bias = isPacked ? code.keep(lanes.type, loadB(start, column)) : undefined;
    for (const row of sums) {
      row[v]?.forEach((sum, split) => {
        code.set(sum, bias && split === 0 ? code.get(bias) : lanes.zero());
      });
    }
  });

  const step = (aAt: Address, bAt: Address, split: number): void => {
    const vectors = columns.map((column) => code.keep(lanes.type, loadB(bAt, column)));
    rows.forEach((row, r) => {
      const x = code.keep(lanes.type, lanes.splat(atOffset(aAt, displaced(a, row))));
      vectors.forEach((vector, v) => {
        const sum = sums[r]?.[v]?.[split];
        if (sum) code.set(sum, lanes.multiplyAdd(code.get(x), code.get(vector), code.get(sum)));
      });
    });
  };
  sumOverK(
    code,
    {
      axes: c.k.map((axis) => ({
        count: extentOf(axis),
        a: a.stride(axis),
        b: isPacked ? packedStep(c.k, axis) * rowBytes : strideIn(c.b.offset, axis) * elementBytes,
      })),
      a: addressOf(place, a),
      b: isPacked ? atOffset(start, rowBytes) : start,
      madds: rows.length * columns.length,
      splits,
    },
    step,
  );
  return sums.map((row) => row.map((parts) => fold(code, lanes, parts)));
}

/** Points of k that one step along `axis` passes over. */
const packedStep = (k: readonly Axis[], axis: Axis): number => pointsOf(k.slice(k.indexOf(axis) + 1));

/** Adds the parts of a sum pairwise; the result is in the first. */
function fold(code: Code, lanes: Lanes, parts: readonly Local[]): Local {
  let left = parts;
  while (left.length > 1) {
    const half = Math.ceil(left.length / 2);
    left.slice(half).forEach((part, i) => {
      const into = left[i];
      if (into) code.set(into, lanes.add(code.get(into), code.get(part)));
    });
    left = left.slice(0, half);
  }
  return left[0] ?? code.keep(lanes.type, lanes.zero());
}
