import { describe, expect, it } from 'vitest';
import { makeMatrix } from '../../compiler/linalg/matrix.ts';
import { singularValues } from '../../compiler/linalg/singular-values.ts';
import { svd } from '../../compiler/linalg/svd.ts';
import { makeNormal } from '../harness/small-network.ts';

const random = (rows: number, columns: number, scale = 1) => {
  const normal = makeNormal(rows + columns);
  return makeMatrix(
    rows,
    columns,
    Float64Array.from({ length: rows * columns }, () => scale * normal()),
  );
};

describe('singular values', () => {
  it.each([
    [1, 1],
    [5, 3],
    [3, 5],
    [40, 90],
    [64, 64],
  ])('of %d by %d are those of the decomposition', (rows, columns) => {
    for (const scale of [1, 1e-150, 1e150]) {
      const a = random(rows, columns, scale);
      const { singular } = svd(a);
      const found = singularValues(a);
      expect(found).toHaveLength(Math.min(rows, columns));
      for (const [i, value] of found.entries())
        expect(Math.abs(value - singular[i]!) / singular[0]!).toBeLessThan(1e-7);
    }
  });

  it('descend to zero where the rank is not full, and refuse what is not finite', () => {
    const a = makeMatrix(
      3,
      3,
      Float64Array.from({ length: 9 }, (_, i) => (1 + Math.floor(i / 3)) * (1 + (i % 3))),
    );
    const [first, second, third] = singularValues(a);
    expect(first).toBeCloseTo(14, 10);
    expect(second).toBeLessThan(1e-6);
    expect(third).toBeLessThanOrEqual(second!);
    expect(singularValues(makeMatrix(0, 4))).toHaveLength(0);
    expect(() => singularValues(makeMatrix(1, 2, Float64Array.of(1, Number.NaN)))).toThrow('singularValues: NaN');
  });
});
