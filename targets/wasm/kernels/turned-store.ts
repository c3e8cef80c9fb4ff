import { type Address, atOffset, type Code, type Local, type Ref } from './code.ts';
import { elementBytes } from './walk.ts';

/** Runs of rows that a turned store takes at once, longest first. */
export const turnedRuns = [4, 2] as const;

/**
 * Stores 4 or 2 vectors so that lane i of all of them lies together, `stride` bytes beyond lane i - 1; the first
 * `count` lanes only. Vector r is at element r of each such run.
 */
export function storeTurned(
  code: Code,
  address: Address,
  stride: number,
  vectors: readonly Local[],
  count: number,
): void {
  const { i8x16, v128 } = code.module;
  const [a, b, c, d] = vectors;
  if (!a || !b) throw new RangeError('internal: one vector is not turned');
  const pick = (x: Local, y: Local, lanes: readonly number[]): Local =>
    code.keep(x.type, i8x16.shuffle(code.get(x), code.get(y), lanes.flatMap(bytesOfLane)));
  const lane = (i: number) => code.operand(atOffset(address, i * stride));
  if (!c || !d) {
    for (let first = 0; first < count; first += 2) {
      const pair = pick(a, b, first === 0 ? [0, 4, 1, 5] : [2, 6, 3, 7]);
      for (let i = first; i < Math.min(count, first + 2); i++) {
        const { offset, pointer } = lane(i);
        code.emit(v128.store64_lane(offset, elementBytes, i - first, pointer, code.get(pair)));
      }
    }
    return;
  }
  for (let first = 0; first < count; first += 2) {
    const halves = first === 0 ? [0, 4, 1, 5] : [2, 6, 3, 7];
    const left = pick(a, b, halves);
    const right = pick(c, d, halves);
    for (let i = first; i < Math.min(count, first + 2); i++) {
      const { offset, pointer } = lane(i);
      const run: Ref = code.get(pick(left, right, i === first ? [0, 1, 4, 5] : [2, 3, 6, 7]));
      code.emit(v128.store(offset, elementBytes, pointer, run));
    }
  }
}

const bytesOfLane = (lane: number): number[] => Array.from({ length: elementBytes }, (_, i) => lane * elementBytes + i);
