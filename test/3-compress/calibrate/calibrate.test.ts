import { describe, expect, it } from 'vitest';
import { sampleInputRows } from '../../../compiler/3-compress/calibrate/input-rows.ts';
import { observe } from '../../../compiler/3-compress/calibrate/observe.ts';
import { relativeError } from '../../../compiler/3-compress/calibrate/relative-error.ts';
import { measureSensitivities } from '../../../compiler/3-compress/calibrate/sensitivity.ts';
import { measureSpreads, totalVariance } from '../../../compiler/3-compress/calibrate/spread.ts';
import { outputNameOf, withOutputs } from '../../../compiler/3-compress/calibrate/with-outputs.ts';
import { findLayers } from '../../../compiler/rewrite/layers.ts';
import { makeRunner } from '../../../compiler/trial/make-runner.ts';
import { smallImages, smallNetwork } from '../../harness/small-network.ts';

const graph = smallNetwork();
const images = smallImages(100);
const layers = findLayers(graph);
const layerNamed = (name: string) => layers.find((layer) => layer.name === name)!;

/** A value of every sample, straight from a run. */
const valuesOf = (id: number) => {
  const runner = makeRunner(withOutputs(graph, [id]));
  return images.map((feeds) => runner.run(feeds)[outputNameOf(id)] as Float32Array);
};

describe('layers', () => {
  it('are the ones with weights of their own, with sizes and positions', () => {
    expect(layers.map(({ name, op, outputs, inputs, positions }) => [name, op, outputs, inputs, positions])).toEqual([
      ['conv', 'conv', 8, 36, 9],
      ['hidden', 'linear', 24, 72, 1],
      ['out', 'linear', 5, 24, 1],
    ]);
  });
});

describe('observe', () => {
  it('gives mean and covariance of features over samples and positions, several values side by side', () => {
    const [hidden, out] = [layerNamed('hidden'), layerNamed('out')];
    const values = [hidden, out].map(({ y, axis }) => ({ id: y, axis }));
    const moments = observe(graph, [{ key: 'both', values }], images, makeRunner).get('both')!;
    expect([moments.width, moments.count]).toEqual([29, images.length]);
    const rows = valuesOf(hidden.y).map((h, i) => [...h, ...valuesOf(out.y)[i]!]);
    const mean = (column: number) => rows.reduce((sum, row) => sum + row[column]!, 0) / rows.length;
    const covariance = moments.covariance();
    for (const [i, j] of [
      [0, 0],
      [3, 25],
      [28, 10],
    ] as const) {
      const expected = rows.reduce((sum, row) => sum + (row[i]! - mean(i)) * (row[j]! - mean(j)), 0) / rows.length;
      expect(moments.mean()[i]).toBeCloseTo(mean(i), 6);
      expect(covariance.data[i * 29 + j]).toBeCloseTo(expected, 5);
    }
  });

  it('takes channels of an image at every position', () => {
    const { y } = layerNamed('conv');
    const moments = observe(graph, [{ key: 'c', values: [{ id: y, axis: 1 }] }], images, makeRunner).get('c')!;
    expect([moments.width, moments.count]).toEqual([8, 9 * images.length]);
    const third = valuesOf(y).flatMap((image) => [...image.subarray(18, 27)]);
    expect(moments.mean()[2]).toBeCloseTo(third.reduce((a, b) => a + b) / third.length, 6);
  });
});

describe('input rows', () => {
  it.each(['conv', 'hidden', 'out'])('times the weights are the outputs of %s', (name) => {
    const layer = layerNamed(name);
    const rows = sampleInputRows(graph, [layer], images, makeRunner).get(layer.y)!;
    expect(rows.columns).toBe(layer.inputs);
    const outputs = new Set(valuesOf(layer.y).flatMap((value) => [...value].map((v) => v.toFixed(3))));
    for (let r = 0; r < rows.rows; r += 7) {
      let sum = layer.bias[1]!;
      for (let k = 0; k < rows.columns; k++)
        sum += rows.data[r * rows.columns + k]! * (layer.weights.data[layer.inputs + k] as number);
      expect([...outputs].some((text) => Math.abs(Number(text) - sum) < 2e-3)).toBe(true);
    }
  });
});

describe('spreads and sensitivities', () => {
  it('spread: mean, mean square and range of every feature', () => {
    const { y, axis } = layerNamed('hidden');
    const spread = measureSpreads(graph, [{ id: y, axis }], images, makeRunner).get(y)!;
    const column = valuesOf(y).map((row) => row[4]!);
    expect(spread.mean[4]).toBeCloseTo(column.reduce((a, b) => a + b) / column.length, 6);
    expect(spread.meanSquare[4]).toBeCloseTo(column.reduce((a, b) => a + b * b, 0) / column.length, 5);
    expect(spread.min[4]).toBeCloseTo(Math.min(...column), 5);
    expect(spread.max[4]).toBeCloseTo(Math.max(...column), 5);
    expect(totalVariance(spread)).toBeGreaterThan(0);
  });

  it('an output answers to its own relative error one to one', () => {
    const { y, axis } = layerNamed('out');
    const found = measureSensitivities(graph, [{ id: y, axis }], images, makeRunner).get(y)!;
    expect(found).toBeGreaterThan(0.85);
    expect(found).toBeLessThan(1.15);
  });
});

describe('relative error', () => {
  const of = (...values: number[]) => [{ y: Float32Array.from(values) }];
  it('is squared error over the variance between samples, of the worst output', () => {
    const original = [...of(10, 4), ...of(12, 4)];
    expect(relativeError(original, [...of(10.5, 4), ...of(12, 4)])).toBeCloseTo(0.25 / 2, 7);
    // An output that never changes is not free to change: its error is infinite beside no variance.
    expect(relativeError([...of(5), ...of(5)], [...of(5), ...of(5.1)])).toBe(Number.POSITIVE_INFINITY);
  });
  it('is squared error over squared value of a single sample', () => {
    expect(relativeError(of(3, 4), of(3, 4.5))).toBeCloseTo(0.25 / 25, 7);
    expect(relativeError([{ a: [1], b: [1] } as never], [{ a: [1], b: [1.5] } as never])).toBeCloseTo(0.25, 7);
  });
  it('leaves out what was not finite, and is infinite where only the other is not', () => {
    expect(relativeError(of(Number.NaN, 2), of(1, 2))).toBe(0);
    expect(relativeError(of(1, 2), of(1, Number.NaN))).toBe(Number.POSITIVE_INFINITY);
  });
});
