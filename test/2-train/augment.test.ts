import { describe, expect, test } from 'vitest';
import { cutout, flip, shift } from '../../compiler/2-train/augment.ts';
import { makeRandom } from '../../compiler/2-train/random.ts';

const sizes = [2, 3, 4] as const;
const image = (): Float32Array => Float32Array.from({ length: 24 }, (_, i) => i + 1);
const seen = (change: ReturnType<typeof flip>): Set<string> => {
  const random = makeRandom(1);
  return new Set(
    Array.from({ length: 200 }, () => {
      const one = image();
      change(one, sizes, random);
      return Array.from(one).join();
    }),
  );
};

describe('augmentation', () => {
  test('a flip mirrors every row of half of the images', () => {
    const mirrored = Array.from({ length: 24 }, (_, i) => 4 * Math.floor(i / 4) + 4 - (i % 4)).join();
    expect(seen(flip())).toEqual(new Set([Array.from(image()).join(), mirrored]));
  });

  test('a shift moves all channels alike, up to its most each way', () => {
    const found = seen(shift({ most: 1 }));
    expect(found.size).toBe(9);
    const down = [0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 13, 14, 15, 16, 17, 18, 19, 20].join();
    const right = Array.from({ length: 24 }, (_, i) => (i % 4 === 0 ? 0 : i)).join();
    expect(found.has(down)).toBe(true);
    expect(found.has(right)).toBe(true);
    expect(found.has(Array.from(image()).join())).toBe(true);
  });

  test('a cutout fills one square of every channel', () => {
    for (const text of seen(cutout({ size: 2, fill: -1 }))) {
      const cut = text.split(',').map((v) => Number(v) === -1);
      expect(cut.filter(Boolean).length).toBeGreaterThan(1);
      expect(cut.filter(Boolean).length).toBeLessThanOrEqual(8);
      expect(cut.slice(0, 12)).toEqual(cut.slice(12));
    }
  });
});
