import { describe, expect, test } from 'vitest';
import { identity, makeMatrix, transpose } from '../../compiler/linalg/matrix.ts';
import { multiply, transposedMultiply } from '../../compiler/linalg/multiply.ts';
import { qr } from '../../compiler/linalg/qr.ts';
import { distance, fromRows, randomMatrix } from './matrices.ts';

describe('qr', () => {
  test('a known one', () => {
    const { q, r } = qr(fromRows([3, 1], [4, 2]));
    expect(distance(q, fromRows([0.6, -0.8], [0.8, 0.6]))).toBeLessThan(1e-15);
    expect(distance(r, fromRows([5, 2.2], [0, 0.4]))).toBeLessThan(1e-15);
  });

  const doubled = transpose(
    makeMatrix(2, 90, Float64Array.from([...randomMatrix(1, 90).data, ...randomMatrix(1, 90).data])),
  );
  test.each([
    ['1x1', fromRows([-2])],
    ['empty', makeMatrix(3, 0)],
    ['tall', randomMatrix(150, 70)],
    ['wide', randomMatrix(70, 150)],
    ['square, panels and a rest', randomMatrix(131, 131)],
    ['zero', makeMatrix(80, 70)],
    ['rank 3', multiply(randomMatrix(100, 3), randomMatrix(3, 80, 2))],
    ['equal columns', doubled],
    [
      'huge',
      makeMatrix(
        9,
        9,
        randomMatrix(9, 9).data.map((value) => value * 1e307),
      ),
    ],
    [
      'tiny',
      makeMatrix(
        9,
        9,
        randomMatrix(9, 9).data.map((value) => value * 1e-300),
      ),
    ],
  ])('%s', (_name, a) => {
    const { q, r } = qr(a);
    const size = a.data.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-307);
    const unit = makeMatrix(
      a.rows,
      a.columns,
      a.data.map((value) => value / size),
    );
    const unitR = makeMatrix(
      r.rows,
      r.columns,
      r.data.map((value) => value / size),
    );
    expect(distance(multiply(q, unitR), unit)).toBeLessThan(1e-13);
    expect(distance(transposedMultiply(q, q), identity(q.columns))).toBeLessThan(1e-14);
    for (let i = 0; i < r.rows; i++) {
      expect(r.data[i * r.columns + i]).toBeGreaterThanOrEqual(0);
      for (let j = 0; j < Math.min(i, r.columns); j++) expect(r.data[i * r.columns + j]).toBe(0);
    }
  });

  test('takes numbers only', () => {
    expect(() => qr(fromRows([1, Infinity]))).toThrow(new RangeError('qr: Infinity at [0, 1]'));
  });
});
