import { expect, test } from 'vitest';
import { type Lifetime, planArena } from '../../compiler/4-lower/memory.ts';
import { makeRandom } from '../harness/random.ts';

const overlap = (a0: number, a1: number, b0: number, b1: number): boolean => a0 < b1 && b0 < a1;

test.each(Array.from({ length: 50 }, (_, i) => i))('no two live buffers share bytes: plan %i', (seed) => {
  const random = makeRandom(seed);
  const lifetimes = Array.from({ length: random.int(1, 40) }, (_, id): Lifetime => {
    const first = random.int(-1, 20);
    return { id, bytes: 4 * random.int(0, 300), first, last: first + random.int(0, 8) };
  });
  const { offsets, bytes } = planArena(lifetimes);
  for (const a of lifetimes) {
    const start = offsets.get(a.id)!;
    expect(start % 64).toBe(0);
    expect(start + a.bytes).toBeLessThanOrEqual(bytes);
    for (const b of lifetimes) {
      if (a === b || a.last < b.first || b.last < a.first) continue;
      const other = offsets.get(b.id)!;
      expect(overlap(start, start + a.bytes, other, other + b.bytes)).toBe(false);
    }
  }
});

test('memory is used again', () => {
  const { offsets, bytes } = planArena([
    { id: 1, bytes: 640, first: -1, last: 0 },
    { id: 2, bytes: 1280, first: 0, last: 1 },
    { id: 3, bytes: 640, first: 1, last: 2 },
  ]);
  expect(bytes).toBe(1920);
  expect(offsets.get(3)).toBe(offsets.get(1));
});
