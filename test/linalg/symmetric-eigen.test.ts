import { EVD, Matrix as SecondOpinion } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { identity, type Matrix, makeMatrix, scaleColumns } from '../../compiler/linalg/matrix.ts';
import { multiply, multiplyTransposed, transposedMultiply } from '../../compiler/linalg/multiply.ts';
import { symmetricEigen } from '../../compiler/linalg/symmetric-eigen.ts';
import { distance, fromRows, largestOfColumns, randomMatrix, randomSymmetric } from './matrices.ts';

/** Second differences: eigenvalues 2 - 2 cos(pi k / (n + 1)). */
function secondDifferences(n: number): Matrix {
  const a = makeMatrix(n, n);
  for (let i = 0; i < n; i++) {
    a.data[i * n + i] = 2;
    if (i > 0) a.data[i * n + i - 1] = a.data[(i - 1) * n + i] = -1;
  }
  return a;
}

const diagonal = (...values: number[]) => scaleColumns(identity(values.length), Float64Array.from(values));
const thin = randomMatrix(4, 50);

describe('symmetric eigenproblem', () => {
  test('a known one, signs included', () => {
    const { values, vectors } = symmetricEigen(fromRows([2, 1], [1, 3]));
    const root = Math.sqrt(5);
    expect(values[0]).toBeCloseTo((5 + root) / 2, 14);
    expect(values[1]).toBeCloseTo((5 - root) / 2, 14);
    expect(vectors.data[2]! / vectors.data[0]!).toBeCloseTo((1 + root) / 2, 14);
    expect(largestOfColumns(vectors).every((value) => value > 0)).toBe(true);
  });

  test.each([1, 2, 40, 200])('second differences of size %d', (n) => {
    const { values } = symmetricEigen(secondDifferences(n));
    for (let k = 0; k < n; k++) expect(values[k]).toBeCloseTo(2 - 2 * Math.cos((Math.PI * (n - k)) / (n + 1)), 13);
  });

  test.each([
    ['empty', makeMatrix(0, 0)],
    ['1x1', fromRows([-3])],
    ['zero', makeMatrix(40, 40)],
    ['identity', identity(70)],
    ['diagonal, in disorder', diagonal(3, -1, 7, 0, 7)],
    ['two blocks', fromRows([1, 2, 0, 0], [2, 1, 0, 0], [0, 0, 5, 1], [0, 0, 1, 5])],
    ['2', randomSymmetric(2)],
    ['3', randomSymmetric(3)],
    ['33', randomSymmetric(33)],
    ['130', randomSymmetric(130)],
    ['260, more rotations than wait at a time', randomSymmetric(260)],
    ['rank 4', transposedMultiply(thin, thin)],
    [
      'graded',
      makeMatrix(
        60,
        60,
        randomSymmetric(60).data.map((v, at) => v * 10 ** (-(Math.floor(at / 60) + (at % 60)) / 4)),
      ),
    ],
  ])('%s', (_name, a) => {
    const n = a.rows;
    const { values, vectors } = symmetricEigen(a);
    const size = Math.max(Math.abs(values[0] ?? 0), Math.abs(values[n - 1] ?? 0));
    expect(distance(multiplyTransposed(scaleColumns(vectors, values), vectors), a)).toBeLessThanOrEqual(1e-14 * size);
    expect(distance(transposedMultiply(vectors, vectors), identity(n))).toBeLessThan(1e-13);
    expect([...values]).toEqual([...values].sort((x, y) => y - x));
    expect(largestOfColumns(vectors).every((value) => value > 0)).toBe(true);
    expect(symmetricEigen(a)).toEqual({ values, vectors });
  });

  test.each([5, 60])('ml-matrix gives the same at size %d', (n) => {
    const a = randomSymmetric(n, 9);
    const { values, vectors } = symmetricEigen(a);
    const other = new EVD(
      new SecondOpinion(Array.from({ length: n }, (_, i) => [...a.data.subarray(i * n, i * n + n)])),
    );
    for (let k = 0; k < n; k++) {
      expect(values[k]).toBeCloseTo(other.realEigenvalues[n - 1 - k]!, 12);
      const dot = Array.from(
        { length: n },
        (_, i) => other.eigenvectorMatrix.get(i, n - 1 - k) * vectors.data[i * n + k]!,
      );
      expect(Math.abs(dot.reduce((sum, value) => sum + value, 0))).toBeCloseTo(1, 10);
    }
  });

  test.each([1e300, 1e-290])('numbers about %d', (size) => {
    const a = randomSymmetric(20);
    const { values, vectors } = symmetricEigen(
      makeMatrix(
        20,
        20,
        a.data.map((value) => value * size),
      ),
    );
    const unit = values.map((value) => value / size);
    expect(distance(multiplyTransposed(scaleColumns(vectors, unit), vectors), a)).toBeLessThan(1e-13);
  });

  test('reads the lower triangle', () => {
    expect(symmetricEigen(fromRows([2, 99], [1, 3]))).toEqual(symmetricEigen(fromRows([2, 1], [1, 3])));
  });

  test('A v = lambda v in each column', () => {
    const a = randomSymmetric(64, 4);
    const { values, vectors } = symmetricEigen(a);
    expect(distance(multiply(a, vectors), scaleColumns(vectors, values))).toBeLessThan(1e-13);
  });

  test('takes square matrices of numbers', () => {
    expect(() => symmetricEigen(makeMatrix(2, 3))).toThrow(new RangeError('symmetricEigen: 2x3 is not square'));
    expect(() => symmetricEigen(fromRows([1, 0], [0, Number.NaN]))).toThrow(
      new RangeError('symmetricEigen: NaN at [1, 1]'),
    );
  });
});
