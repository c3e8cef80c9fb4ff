import type { WasmFeatures } from '../../target.ts';
import { type Address, atOffset, type Code, type Local, type Ref } from './code.ts';
import { type Contraction, extentOf, pointsOf, strideIn } from './contraction.ts';
import { loadAlong } from './epilogue.ts';
import type { Lanes } from './lanes.ts';
import { machines } from './machine.ts';
import type { Column, OperandB } from './operand-b.ts';
import { rowPieces, rowTiles } from './row-tiles.ts';
import { sumOverK } from './sum-over-k.ts';
import type { DenseTiling } from './tiling.ts';
import { addressOf, type Displacement, displaced, elementBytes, type Place, type Stream } from './walk.ts';

const width = 4;

/**
 * Dot products suit a contraction with one or two columns, or a live B with few rows whose columns lie apart: lanes
 * then run along k instead of n. A must be contiguous along the last k axis.
 */
export function wantsDots(c: Contraction, features: WasmFeatures): boolean {
  const inner = c.k.at(-1);
  if (features === 'scalar' || !inner || extentOf(inner) < 8 || strideIn(c.a, inner) !== 1) return false;
  const isContiguousB = c.b.kind === 'live' && strideIn(c.b.offset, inner) === 1;
  return extentOf(c.n) <= 2 || (isContiguousB && strideIn(c.b.offset, c.n) !== 1 && pointsOf(c.m) < 8);
}

export function chooseDots(c: Contraction, features: WasmFeatures, mayRepeat: boolean): DenseTiling {
  const columns = Math.min(width, extentOf(c.n));
  const machine = machines[features];
  const inner = c.k.at(-1);
  const isGathered = c.b.kind === 'packed' || (inner && strideIn(c.b.offset, inner) !== 1);
  let best: readonly number[] = c.m.map(() => 1);
  let least = Number.POSITIVE_INFINITY;
  for (const rows of rowTiles(c.m, Math.floor(8 / columns))) {
    let cycles = 0;
    for (const { size, times } of rowPieces(c, rows, mayRepeat)) {
      const loads = size + columns * (isGathered ? 2 * width : 1);
      const step = Math.max((size * columns) / machine.maddsPerCycle, loads / machine.loadsPerCycle, machine.latency);
      cycles += times * ((pointsOf(c.k) / width) * step + size * (columns + width));
    }
    if (cycles >= least * 0.999) continue;
    least = cycles;
    best = rows;
  }
  return { form: 'dots', rows: best, columns: width, columnDepth: 0, splits: 1, copiesB: false };
}

/** The sums of a tile with one vector of columns: one vector per row. */
export function sumDots(
  code: Code,
  lanes: Lanes,
  c: Contraction,
  place: Place,
  a: Stream,
  b: OperandB,
  rows: readonly Displacement[],
  column: Column,
): readonly (readonly Local[])[] {
  const inner = c.k.at(-1);
  if (!inner) throw new RangeError('internal: dot products over nothing');
  const columns = Array.from({ length: column.count }, (_, i) => column.at + i);
  const sums = rows.map(() => columns.map(() => code.keep(lanes.type, lanes.zero())));

  const step =
    (count: number) =>
    (aAt: Address, bAt: Address): void => {
      const loadB = (at: number): Ref => loadAlong(lanes, atOffset(bAt, b.columnBytes(at)), b.stride(inner), count);
      const vectors = columns.map((at) => code.keep(lanes.type, loadB(at)));
      rows.forEach((row, r) => {
        const x = code.keep(lanes.type, lanes.load(atOffset(aAt, displaced(a, row)), count));
        vectors.forEach((vector, v) => {
          const sum = sums[r]?.[v];
          if (sum) code.set(sum, lanes.multiplyAdd(code.get(x), code.get(vector), code.get(sum)));
        });
      });
    };
  const outer = c.k.slice(0, -1).map((axis) => ({ count: extentOf(axis), a: a.stride(axis), b: b.stride(axis) }));
  const whole = Math.floor(extentOf(inner) / width);
  const rest = extentOf(inner) % width;
  const blocks = { count: whole, a: width * elementBytes, b: width * b.stride(inner) };
  const start = { a: addressOf(place, a), b: b.first(place), madds: rows.length * columns.length, splits: 1 };
  sumOverK(code, { ...start, axes: [...outer, blocks] }, step(width));
  const end = { a: atOffset(start.a, whole * blocks.a), b: atOffset(start.b, whole * blocks.b) };
  if (rest > 0) sumOverK(code, { ...start, ...end, axes: outer }, step(rest));

  const startsFrom = b.bias(place, column);
  const bias = startsFrom === undefined ? undefined : code.keep(lanes.type, startsFrom);
  return sums.map((row) => {
    const total = addAcross(code, lanes, row);
    return [code.keep(lanes.type, bias ? lanes.add(code.get(total), code.get(bias)) : code.get(total))];
  });
}

/** Lane i of the result is the sum over the lanes of the i-th of at most four vectors. */
function addAcross(code: Code, lanes: Lanes, vectors: readonly Local[]): Local {
  const [first, second = first, third = first, fourth = second] = vectors;
  if (!first || !second || !third || !fourth) throw new RangeError('internal: no vectors to add');
  const pick = (x: Local, y: Local, from: readonly number[]): Ref => {
    const bytes = from.flatMap((lane) => Array.from({ length: elementBytes }, (_, i) => lane * elementBytes + i));
    return code.module.i8x16.shuffle(code.get(x), code.get(y), bytes);
  };
  /** [x0 + x2, y0 + y2, x1 + x3, y1 + y3] */
  const halve = (x: Local, y: Local): Local =>
    code.keep(lanes.type, lanes.add(pick(x, y, [0, 4, 1, 5]), pick(x, y, [2, 6, 3, 7])));
  const left = halve(first, second);
  const right = vectors.length > 2 ? halve(third, fourth) : left;
  return code.keep(lanes.type, lanes.add(pick(left, right, [0, 1, 4, 5]), pick(left, right, [2, 3, 6, 7])));
}
