import { describe, expect, test } from 'vitest';
import { makeMatrix, transpose } from '../../compiler/linalg/matrix.ts';
import { Moments } from '../../compiler/linalg/moments.ts';
import { makeRandom } from '../harness/random.ts';
import { distance, fromRows, randomMatrix } from './matrices.ts';

const width = 6;
const rows = randomMatrix(5000, width, 1).data;

/** In two passes, as the definitions say. */
function plainly(data: Float64Array) {
  const count = data.length / width;
  const mean = Float64Array.from({ length: width }, (_, j) => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += data[i * width + j]! - data[j]!;
    return data[j]! + sum / count;
  });
  const covariance = makeMatrix(width, width);
  for (let i = 0; i < count; i++)
    for (let j = 0; j < width; j++)
      for (let k = 0; k < width; k++)
        covariance.data[j * width + k]! +=
          ((data[i * width + j]! - mean[j]!) * (data[i * width + k]! - mean[k]!)) / count;
  return { mean, covariance };
}

function inBatches(data: Float64Array, sizes: readonly number[]): Moments {
  const moments = new Moments(width);
  let at = 0;
  for (const size of sizes) {
    moments.add(data.slice(at * width, (at + size) * width), size);
    at += size;
  }
  expect(moments.count).toBe(data.length / width);
  return moments;
}

const batches = [[5000], [1, 4999], [2500, 0, 2500], Array(50).fill(100), [7, 13, 2049, 2931]];

describe('moments', () => {
  test('of two rows', () => {
    const moments = new Moments(2);
    moments.add(Float32Array.of(1, 2, 3, 6), 2);
    expect([...moments.mean()]).toEqual([2, 4]);
    expect(moments.covariance()).toEqual(fromRows([1, 2], [2, 4]));
    expect(moments.secondMoment()).toEqual(fromRows([5, 10], [10, 20]));
  });

  test.each(batches)('batches of %d, %d, ...', (...sizes) => {
    const expected = plainly(rows);
    const moments = inBatches(rows, sizes);
    for (const [j, value] of moments.mean().entries()) expect(value).toBeCloseTo(expected.mean[j]!, 15);
    expect(distance(moments.covariance(), expected.covariance)).toBeLessThan(1e-14);
    expect(moments.covariance()).toEqual(transpose(moments.covariance()));
  });

  test.each(batches)('a mean of a million costs no digits, batches of %d, %d, ...', (...sizes) => {
    const shifted = rows.map((value) => value + 1e6);
    const expected = plainly(shifted);
    const moments = inBatches(shifted, sizes);
    for (const [j, value] of moments.mean().entries()) expect(value).toBeCloseTo(expected.mean[j]!, 9);
    expect(distance(moments.covariance(), expected.covariance)).toBeLessThan(1e-11);
  });

  test('batches in another order', () => {
    const parts = Array.from({ length: 50 }, (_, i) => rows.slice(i * 100 * width, (i + 1) * 100 * width));
    const [one, other] = [parts, makeRandom(2).shuffle(parts)].map((order) => {
      const moments = new Moments(width);
      for (const part of order) moments.add(part, 100);
      return moments;
    });
    expect(distance(one!.covariance(), other!.covariance())).toBeLessThan(1e-14);
  });

  test('two halves merge into the whole, and with nothing into themselves', () => {
    const [first, second] = [new Moments(width), new Moments(width)];
    first.add(rows.slice(0, 1200 * width), 1200);
    second.add(rows.slice(1200 * width), 3800);
    first.merge(second);
    first.merge(new Moments(width));
    expect(first.count).toBe(5000);
    expect(distance(first.covariance(), plainly(rows).covariance)).toBeLessThan(1e-14);
    const empty = new Moments(width);
    empty.merge(first);
    expect(empty.covariance()).toEqual(first.covariance());
  });

  test('equal rows have no spread at all', () => {
    const moments = new Moments(2);
    for (let i = 0; i < 3; i++) moments.add(Float32Array.of(0.1, 1e7, 0.1, 1e7, 0.1, 1e7), 3);
    expect(moments.covariance()).toEqual(makeMatrix(2, 2));
    expect([...moments.mean()]).toEqual([Math.fround(0.1), 1e7]);
  });

  test('a wide layer: its products run in wasm', () => {
    const wide = randomMatrix(64, 48, 5);
    const moments = new Moments(48);
    moments.add(wide.data, 64);
    const second = moments.secondMoment();
    for (const [i, j] of [
      [0, 0],
      [47, 3],
      [20, 31],
    ] as const) {
      let sum = 0;
      for (let k = 0; k < 64; k++) sum += wide.data[k * 48 + i]! * wide.data[k * 48 + j]!;
      expect(second.data[i * 48 + j]).toBeCloseTo(sum / 64, 14);
    }
  });

  test('rows are left as they were', () => {
    const batch = rows.slice(0, 10 * width);
    new Moments(width).add(batch, 10);
    expect(batch).toEqual(rows.slice(0, 10 * width));
  });

  test('takes whole rows of numbers, and all of a batch or nothing', () => {
    const moments = new Moments(2);
    expect(() => moments.mean()).toThrow(new RangeError('Moments.mean: no rows yet'));
    expect(() => moments.covariance()).toThrow(new RangeError('Moments.covariance: no rows yet'));
    expect(() => moments.secondMoment()).toThrow(new RangeError('Moments.secondMoment: no rows yet'));
    expect(() => moments.add(Float32Array.of(1, 2, 3), 2)).toThrow(
      new RangeError('Moments.add: 3 elements for 2 rows of 2'),
    );
    expect(() => moments.add(Float32Array.of(1, 2, 3, Number.NaN), 2)).toThrow(
      new RangeError('Moments.add: NaN at [1, 1]'),
    );
    expect(moments.count).toBe(0);
    expect(() => moments.merge(new Moments(3))).toThrow(new RangeError('Moments.merge: width 3 into 2'));
    expect(() => new Moments(0)).toThrow(new RangeError('Moments: width 0'));
  });
});
