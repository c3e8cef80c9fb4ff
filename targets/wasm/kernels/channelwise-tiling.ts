import type { Axis } from '../../../compiler/kernel/index-expr.ts';
import type { WasmFeatures } from '../../target.ts';
import { type Contraction, extentOf, pointsOf, strideIn } from './contraction.ts';
import { machines, spill } from './machine.ts';
import { rowPieces, rowTiles } from './row-tiles.ts';
import { elementBytes } from './walk.ts';

/** Rows per tile along each row axis for a channelwise contraction. */
export function chooseChannelwise(c: Contraction, features: WasmFeatures, mayRepeat: boolean): readonly number[] {
  const machine = machines[features];
  const window = c.k.slice(-1);
  const taps = pointsOf(window);
  const steps = pointsOf(c.k.slice(0, -1));
  let best: readonly number[] = c.m.map(() => 1);
  let least = Number.POSITIVE_INFINITY;
  for (const rows of rowTiles(c.m, features === 'scalar' ? 2 : 8)) {
    const inputs = offsetsOf(c, rows, window).size;
    const whole = rows.reduce((x, y) => x * y, 1);
    let cycles = 0;
    for (const { size, times } of rowPieces(c, rows, mayRepeat)) {
      const loads = taps + (inputs * size) / whole;
      const step = Math.max(
        (size * taps) / machine.maddsPerCycle,
        taps * machine.latency,
        loads / machine.loadsPerCycle,
      );
      const isSpilt = size + taps > machine.registers;
      cycles += times * (steps * step * (isSpilt ? spill.sometimes : 1) + 10 + 3 * size);
    }
    cycles *= 1 + 0.1 * evictedLines(c, rows);
    if (cycles >= least * 0.999) continue;
    least = cycles;
    best = rows;
  }
  return best;
}

/** Element offsets of A that a tile of `rows` reads while `k` moves. */
function offsetsOf(c: Contraction, rows: readonly number[], k: readonly Axis[]): ReadonlySet<number> {
  let offsets = new Set([0]);
  const spread = (count: number, stride: number): void => {
    offsets = new Set([...offsets].flatMap((at) => Array.from({ length: count }, (_, i) => at + i * stride)));
  };
  for (const axis of k) spread(extentOf(axis), strideIn(c.a, axis));
  rows.forEach((count, i) => {
    const axis = c.m[i];
    if (axis) spread(count, strideIn(c.a, axis));
  });
  return offsets;
}

/** A line is used for the next channels too, if it is still in cache: as many sets, and ways left for A in each. */
const firstCache = { lineBytes: 64, sets: 64, ways: 10 };

/** Lines that a tile's inputs push out of the first cache themselves, as pixels far apart by a power of two do. */
function evictedLines(c: Contraction, rows: readonly number[]): number {
  const { lineBytes, sets, ways } = firstCache;
  const held = new Map<number, number>();
  for (const offset of offsetsOf(c, rows, c.k)) {
    const set = Math.floor((offset * elementBytes) / lineBytes) % sets;
    held.set(set, (held.get(set) ?? 0) + 1);
  }
  return [...held.values()].reduce((evicted, lines) => evicted + Math.max(0, lines - ways), 0);
}
