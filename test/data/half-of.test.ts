import { expect, test } from 'vitest';
import { halfOf } from '../../compiler/data/half-of.ts';

const indices = (count: number) => Array.from({ length: count }, (_, i) => i);

test('of each two neighbours one is in each half', () => {
  for (let i = 0; i < 1000; i += 2) expect(new Set([halfOf(i), halfOf(i + 1)]).size).toBe(2);
});

test.each([2, 3, 4, 7, 10, 16, 100])(
  'of samples that come in turns of %i classes both halves have all, about as often',
  (classes) => {
    for (let c = 0; c < classes; c++) {
      const own = indices(200 * classes).filter((i) => i % classes === c);
      const even = own.filter((i) => halfOf(i) === 'even').length;
      expect(Math.abs(even - own.length / 2)).toBeLessThan(0.15 * own.length);
    }
  },
);
