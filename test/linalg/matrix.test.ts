import { describe, expect, test } from 'vitest';
import {
  fromFloat32,
  identity,
  makeMatrix,
  pickColumns,
  requireFinite,
  requireSquare,
  scale,
  scaleColumns,
  sliceBlock,
  sliceColumns,
  sliceRows,
  transpose,
  unitScale,
  writeBlock,
} from '../../compiler/linalg/matrix.ts';
import { fromRows, randomMatrix } from './matrices.ts';

const a = fromRows([1, 2, 3], [4, 5, 6]);

describe('matrices', () => {
  test('are made of zeros or of what they are given', () => {
    expect(makeMatrix(2, 2)).toEqual(fromRows([0, 0], [0, 0]));
    expect(identity(2)).toEqual(fromRows([1, 0], [0, 1]));
    expect(fromFloat32(1, 2, Float32Array.of(0.1, 2))).toEqual(fromRows([Math.fround(0.1), 2]));
  });

  test.each([
    [2, 3, 5, 'makeMatrix: 5 elements for 2x3'],
    [-1, -5, 5, 'makeMatrix: 5 elements for -1x-5'],
    [2.5, 2, 5, 'makeMatrix: 5 elements for 2.5x2'],
  ])('%d x %d of %d elements is none', (rows, columns, length, message) => {
    expect(() => makeMatrix(rows, columns, new Float64Array(length))).toThrow(new RangeError(message));
  });

  test.each([
    [1, 1],
    [0, 4],
    [33, 65],
    [64, 31],
  ])('%d x %d turns over', (rows, columns) => {
    const from = randomMatrix(rows, columns);
    const to = transpose(from);
    expect([to.rows, to.columns]).toEqual([columns, rows]);
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) expect(to.data[j * rows + i]).toBe(from.data[i * columns + j]);
  });

  test('parts are copies', () => {
    expect(sliceRows(a, 1)).toEqual(fromRows([4, 5, 6]));
    expect(sliceColumns(a, 1, 2)).toEqual(fromRows([2], [5]));
    expect(sliceColumns(a, 3)).toEqual(makeMatrix(2, 0));
    expect(sliceBlock(a, 1, 1)).toEqual(fromRows([5, 6]));
    expect(pickColumns(a, [2, 0])).toEqual(fromRows([3, 1], [6, 4]));
    const whole = sliceRows(a, 0);
    writeBlock(whole, 0, 1, fromRows([7], [8]));
    expect(whole).toEqual(fromRows([1, 7, 3], [4, 8, 6]));
    expect(a.data[1]).toBe(2);
  });

  test('parts lie inside', () => {
    expect(() => sliceRows(a, 1, 3)).toThrow(new RangeError('sliceRows: 1 to 3 of 2'));
    expect(() => sliceColumns(a, 2, 1)).toThrow(new RangeError('sliceBlock: 2 to 1 of 3'));
    expect(() => sliceBlock(a, -1, 0)).toThrow(new RangeError('sliceBlock: -1 to 2 of 2'));
  });

  test('are scaled as a whole and by columns', () => {
    expect(scale(a, 2)).toEqual(fromRows([2, 4, 6], [8, 10, 12]));
    expect(scaleColumns(a, Float64Array.of(1, 0, -1))).toEqual(fromRows([1, 0, -3], [4, 0, -6]));
    expect(() => scaleColumns(a, Float64Array.of(1))).toThrow(new RangeError('scaleColumns: 1 factors for 2x3'));
  });

  test.each([0, 1, 3, 1e300, -1.7e308, 2 ** -1022, 5e-324])('%d comes near 1 by a power of two', (value) => {
    const unit = unitScale(fromRows([value, 0]));
    expect(Number.isInteger(Math.log2(unit))).toBe(true);
    expect(value * unit).toSatisfy((scaled: number) => value === 0 || Math.abs(scaled) < 4);
    expect((value * unit) / unit).toBe(value);
  });

  test('checks name the function and the place', () => {
    expect(() => requireFinite('svd', fromRows([1, 2], [Number.NaN, 4]))).toThrow(new RangeError('svd: NaN at [1, 0]'));
    expect(() => requireSquare('cholesky', a)).toThrow(new RangeError('cholesky: 2x3 is not square'));
  });
});
