import { expect, test } from 'vitest';
import { makeMatrix } from '../../compiler/linalg/matrix.ts';
import { energyOf, projectRank } from '../../compiler/linalg/project-rank.ts';
import { svd } from '../../compiler/linalg/svd.ts';
import { distance, randomMatrix, withSingularValues } from './matrices.ts';

test('energyOf sums squares', () => {
  expect(energyOf(Float64Array.of(3, -4))).toBe(25);
  expect(energyOf(new Float64Array())).toBe(0);
});

test('projectRank keeps the first singular values, grown to the energy of all', () => {
  const w = withSingularValues(9, 14, Float64Array.of(4, 3, 2, 1));
  const { singular } = svd(projectRank(w, 2));
  const growth = Math.sqrt(30 / 25);
  [4 * growth, 3 * growth, 0, 0].forEach((wanted, i) => {
    expect(singular[i]).toBeCloseTo(wanted, 12);
  });
});

test('projectRank leaves what has the rank, and zeros', () => {
  const low = withSingularValues(9, 14, Float64Array.of(4, 3));
  expect(distance(projectRank(low, 2), low)).toBeLessThan(1e-12);
  const w = randomMatrix(6, 8);
  expect(distance(projectRank(w, 6), w)).toBeLessThan(1e-12);
  expect(projectRank(makeMatrix(3, 5), 2)).toEqual(makeMatrix(3, 5));
});
