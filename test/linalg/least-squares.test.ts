import { describe, expect, test } from 'vitest';
import { jointMoments, leastSquares } from '../../compiler/linalg/least-squares.ts';
import { makeMatrix, sliceColumns, transpose } from '../../compiler/linalg/matrix.ts';
import { Moments } from '../../compiler/linalg/moments.ts';
import { multiply, multiplyTransposed } from '../../compiler/linalg/multiply.ts';
import { makeRandom } from '../harness/random.ts';
import { distance, fromRows, randomMatrix } from './matrices.ts';

const [inputs, outputs, count] = [9, 4, 400];
const weights = randomMatrix(outputs, inputs, 1);
const bias = Float64Array.of(5, -100, 0, 1e3);

/** Rows [x, W x + b + noise]. */
function samples(x = randomMatrix(count, inputs, 2), noise = 0) {
  const y = multiplyTransposed(x, weights);
  const random = makeRandom(3);
  const rows = makeMatrix(count, inputs + outputs);
  for (let i = 0; i < count; i++) {
    rows.data.set(x.data.subarray(i * inputs, (i + 1) * inputs), i * rows.columns);
    for (let j = 0; j < outputs; j++)
      rows.data[i * rows.columns + inputs + j] = y.data[i * outputs + j]! + bias[j]! + noise * (random.real() - 0.5);
  }
  return rows;
}

function momentsOf({ rows, columns, data }: ReturnType<typeof samples>) {
  const moments = new Moments(columns);
  moments.add(data, rows);
  return jointMoments(moments, inputs);
}

describe('least squares', () => {
  test('a line through three points', () => {
    const moments = new Moments(2);
    moments.add(Float32Array.of(0, 1, 1, 2, 2, 6), 3);
    const fit = leastSquares(jointMoments(moments, 1));
    expect(fit.weights.data[0]).toBeCloseTo(2.5, 14);
    expect(fit.bias[0]).toBeCloseTo(0.5, 14);
    expect(fit.ridge).toBe(0);
  });

  test('a linear map is found', () => {
    const fit = leastSquares(momentsOf(samples()));
    expect(distance(fit.weights, weights)).toBeLessThan(1e-11);
    for (let j = 0; j < outputs; j++) expect(fit.bias[j]).toBeCloseTo(bias[j]!, 9);
  });

  test('what is left over has no mean and nothing to do with x', () => {
    const rows = samples(undefined, 2);
    const fit = leastSquares(momentsOf(rows));
    const fitted = multiplyTransposed(sliceColumns(rows, 0, inputs), fit.weights);
    const rest = sliceColumns(rows, inputs);
    for (let at = 0; at < rest.data.length; at++) rest.data[at]! -= fitted.data[at]! + fit.bias[at % outputs]!;
    expect(Math.max(...rest.data)).toBeGreaterThan(0.5);
    const ones = makeMatrix(1, count, new Float64Array(count).fill(1));
    expect(distance(multiply(ones, rest), makeMatrix(1, outputs))).toBeLessThan(1e-9);
    expect(
      distance(multiply(transpose(sliceColumns(rows, 0, inputs)), rest), makeMatrix(inputs, outputs)),
    ).toBeLessThan(1e-9);
  });

  test('a ridge shrinks the weights and keeps the mean', () => {
    const moments = momentsOf(samples());
    const fit = leastSquares(moments, 1);
    const length = (data: Float64Array) => Math.hypot(...data);
    expect(fit.ridge).toBe(1);
    expect(length(fit.weights.data)).toBeLessThan(0.5 * length(weights.data));
    const atMean = multiply(fit.weights, transpose(fromRows([...moments.xMean])));
    for (let j = 0; j < outputs; j++) expect(atMean.data[j]! + fit.bias[j]!).toBeCloseTo(moments.yMean[j]!, 9);
  });

  test('dead and equal inputs: a ridge by itself, and the fit still fits', () => {
    const x = randomMatrix(count, inputs, 2);
    for (let i = 0; i < count; i++) {
      x.data[i * inputs] = 0.25;
      x.data[i * inputs + 1] = x.data[i * inputs + 2]!;
    }
    const rows = samples(x);
    const fit = leastSquares(momentsOf(rows));
    expect(fit.ridge).toBeGreaterThan(0);
    const fitted = multiplyTransposed(x, fit.weights);
    for (let at = 0; at < fitted.data.length; at++) fitted.data[at]! += fit.bias[at % outputs]!;
    expect(distance(fitted, sliceColumns(rows, inputs))).toBeLessThan(1e-9);
  });

  test('takes moments that fit', () => {
    const moments = new Moments(2);
    expect(() => jointMoments(moments, 2)).toThrow(new RangeError('jointMoments: 2 inputs in rows of 2'));
    const one = fromRows([1]);
    const mean = Float64Array.of(0);
    expect(() => leastSquares({ xx: one, xy: one, xMean: mean, yMean: new Float64Array(2) })).toThrow(
      new RangeError('leastSquares: means of 1 and 2 for 1x1'),
    );
    expect(() => leastSquares({ xx: one, xy: fromRows([Number.NaN]), xMean: mean, yMean: mean })).toThrow(
      new RangeError('solveSpd: NaN at [0, 0]'),
    );
  });
});
