import binaryen from 'binaryen';
import { type Address, atOffset, type Code, type Local } from './code.ts';
import { type Contraction, extentOf, pointsOf } from './contraction.ts';
import { sumDots } from './dot.ts';
import { type Epilogue, type RenderValue, TileEnd } from './epilogue.ts';
import type { Lanes } from './lanes.ts';
import { type Column, columnsOf, copiedB, liveB, type OperandB, packedB } from './operand-b.ts';
import { sumOverK } from './sum-over-k.ts';
import type { DenseTiling, TileLoops } from './tiling.ts';
import {
  addressOf,
  affineStream,
  type Displacement,
  displaced,
  enter,
  loopOver,
  loopTiles,
  type Place,
  type Stream,
  startPlace,
} from './walk.ts';

/** How the sums of a tile come about. */
export interface Products {
  /** the operands' buffers, whose addresses the loops keep */
  readonly streams: readonly Stream[];
  /** emitted once for every tile's columns, before its rows */
  prepare(place: Place, columns: readonly Column[]): void;
  /** Columns whose sums are made together, part by part. */
  parts(columns: readonly Column[]): readonly (readonly Column[])[];
  /** One vector of float32 for each row and column. */
  sums(place: Place, rows: readonly Displacement[], columns: readonly Column[]): readonly (readonly Local[])[];
}

/** Loops over the tiles of a dense contraction; a tile's sums are held in registers. */
export function writeDense(
  code: Code,
  lanes: Lanes,
  c: Contraction,
  tiling: TileLoops,
  epilogue: Epilogue,
  render: RenderValue,
  products: Products,
): void {
  const output = affineStream(0, c.store);
  const streams = [output, ...products.streams, ...epilogue.operands.map((o) => o.stream)];
  const mayRepeat = !epilogue.mayReadOutput;

  const tile = (place: Place, rows: readonly Displacement[], columns: readonly Column[]): void => {
    const end = new TileEnd(code, lanes, epilogue, c.n, output, render, place);
    for (const part of products.parts(columns)) {
      const sums = products.sums(place, rows, part);
      part.forEach(({ at, count }, v) => {
        end.store(rows, at, columnOf(sums, v), count);
      });
    }
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
      const inside = enter(code, place, c.n, at);
      const columns = columnsOf(size, lanes.width, enough);
      products.prepare(inside, columns);
      body(inside, columns);
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

const columnOf = (sums: readonly (readonly Local[])[], v: number): readonly Local[] =>
  sums.flatMap((row) => row.slice(v, v + 1));

/** Products in float32: every step of k loads B once per column and A once per row. */
export function floatProducts(
  code: Code,
  lanes: Lanes,
  c: Contraction,
  tiling: DenseTiling,
  scratch: number,
): Products {
  const a = affineStream(1, c.a);
  const b = operandB(code, lanes, c, tiling, scratch);
  return {
    streams: [a, b.stream],
    prepare: b.prepare,
    parts: (columns) => [columns],
    sums: (place, rows, columns) => {
      const [first] = columns;
      return tiling.form === 'dots' && first
        ? sumDots(code, lanes, c, place, a, b, rows, first)
        : sumTile(code, lanes, c, tiling, place, a, b, rows, columns);
    },
  };
}

function operandB(code: Code, lanes: Lanes, c: Contraction, tiling: DenseTiling, scratch: number): OperandB {
  if (c.b.kind === 'packed') return packedB(lanes, c);
  if (!tiling.copiesB) return liveB(lanes, c);
  return copiedB(code, lanes, c, { base: code.keep(binaryen.i32, code.i32(scratch)), offset: 0 });
}

function sumTile(
  code: Code,
  lanes: Lanes,
  c: Contraction,
  tiling: DenseTiling,
  place: Place,
  a: Stream,
  b: OperandB,
  rows: readonly Displacement[],
  columns: readonly Column[],
): readonly (readonly Local[])[] {
  const splits = Math.min(tiling.splits, Math.max(1, pointsOf(c.k)));
  const sums = rows.map(() => columns.map(() => Array.from({ length: splits }, () => code.local(lanes.type))));
  columns.forEach((column, v) => {
    const start = b.bias(place, column);
    const bias = start === undefined ? undefined : code.keep(lanes.type, start);
    for (const row of sums) {
      row[v]?.forEach((sum, split) => {
        code.set(sum, bias && split === 0 ? code.get(bias) : lanes.zero());
      });
    }
  });

  const step = (aAt: Address, bAt: Address, split: number): void => {
    const vectors = columns.map((column) => code.keep(lanes.type, b.load(bAt, column)));
    rows.forEach((row, r) => {
      const x = code.keep(lanes.type, lanes.splat(atOffset(aAt, displaced(a, row))));
      vectors.forEach((vector, v) => {
        const sum = sums[r]?.[v]?.[split];
        if (sum) code.set(sum, lanes.multiplyAdd(code.get(x), code.get(vector), code.get(sum)));
      });
    });
  };
  const axes = c.k.map((axis) => ({ count: extentOf(axis), a: a.stride(axis), b: b.stride(axis) }));
  const madds = rows.length * columns.length;
  sumOverK(code, { axes, a: addressOf(place, a), b: b.first(place), madds, splits }, step);
  return sums.map((row) => row.map((parts) => fold(code, lanes, parts)));
}

/** Adds the parts of a sum pairwise; the result is in the first. */
export function fold(code: Code, lanes: Pick<Lanes, 'type' | 'zero' | 'add'>, parts: readonly Local[]): Local {
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
