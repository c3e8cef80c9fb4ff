import type { Axis } from '../../../compiler/kernel/index-expr.ts';
import { type Contraction, extentOf, pointsOf } from './contraction.ts';

/** Tiles over the last two row axes with at most `most` rows. */
export function rowTiles(m: readonly Axis[], most: number): readonly (readonly number[])[] {
  const sizes = m.slice(-2).map(extentOf);
  const outer = m.slice(0, -2).map(() => 1);
  const last = sizes.at(-1);
  if (last === undefined) return [[]];
  const first = sizes.length === 2 ? (sizes[0] ?? 1) : undefined;
  const tiles: number[][] = [];
  for (let tall = 1; tall <= Math.min(most, first ?? 1); tall++) {
    for (let wide = 1; wide <= Math.min(Math.floor(most / tall), last); wide++) {
      tiles.push(first === undefined ? [wide] : [...outer, tall, wide]);
    }
  }
  return tiles;
}

export interface Piece {
  readonly size: number;
  readonly times: number;
}

export function piecesOf(extent: number, size: number, mayRepeat: boolean): readonly Piece[] {
  const rest = extent % size;
  const full = Math.floor(extent / size);
  if (rest === 0) return [{ size, times: full }];
  if (mayRepeat && full > 0) return [{ size, times: full + 1 }];
  // A second body costs code: it has to earn it.
  return [
    { size, times: full },
    { size: rest, times: 1.1 },
  ];
}

export interface RowPiece extends Piece {
  /** rows along the last axis */
  readonly run: number;
}

/** Tiles by their number of rows. */
export function rowPieces(c: Contraction, rows: readonly number[], mayRepeat: boolean): readonly RowPiece[] {
  let all: RowPiece[] = [{ size: 1, times: pointsOf(c.batch), run: 1 }];
  c.m.forEach((axis, i) => {
    const pieces = piecesOf(extentOf(axis), rows[i] ?? 1, mayRepeat);
    all = all.flatMap((p) => pieces.map((q) => ({ size: p.size * q.size, times: p.times * q.times, run: q.size })));
  });
  return all;
}
