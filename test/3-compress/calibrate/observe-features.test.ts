import { describe, expect, test } from 'vitest';
import { featureKey, observe, type RowRequest } from '../../../compiler/3-compress/calibrate/observe.ts';
import { halfOf } from '../../../compiler/data/half-of.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { makeRunner } from '../../../compiler/trial/make-runner.ts';
import { makeSamples } from '../actions/level-case.ts';
import { graphOf } from '../pass-case.ts';

/** y = 3 x and z = x^2, of three channels at four positions. */
const graph: Graph = graphOf((g) => {
  const x = g.input([1, 3, 4]);
  g.output(g.add('mul', [x, x]));
  return g.add('mul', [x, g.constant([], 3)]);
});
const [square, triple] = graph.nodes.map(({ outputs }) => ({ id: outputs[0]!, axis: 1 }));
const samples = makeSamples(graph, 150, 4);
const rowsOf = (of: (sample: number) => boolean) =>
  samples.flatMap(({ x0 }, sample) =>
    of(sample) ? [0, 1, 2, 3].map((p) => [0, 1, 2].map((c) => (x0 as Float32Array)[c * 4 + p]!)) : [],
  );
const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const observed = (request: Omit<RowRequest, 'key' | 'values'>) =>
  observe(graph, [{ key: 'k', values: [triple!, square!], ...request }], samples, makeRunner);

describe('features each', () => {
  test('mean and covariance of one feature of both values', () => {
    const found = observed({ features: 'each' });
    expect([...found.keys()]).toEqual([0, 1, 2].map((c) => featureKey('k', c)));
    for (const c of [0, 1, 2]) {
      const x = rowsOf(() => true).map((row) => row[c]!);
      const moments = found.get(featureKey('k', c))!;
      expect([moments.width, moments.count]).toEqual([2, 600]);
      const [y, z] = [x.map((v) => 3 * v), x.map((v) => v * v)];
      expect(moments.mean()[0]).toBeCloseTo(meanOf(y), 5);
      expect(moments.mean()[1]).toBeCloseTo(meanOf(z), 5);
      const covariance = meanOf(y.map((v, i) => (v - meanOf(y)) * (z[i]! - meanOf(z))));
      expect(moments.covariance().data[1]).toBeCloseTo(covariance, 5);
    }
  });

  test('they are the diagonal blocks of features together', () => {
    const together = observed({}).get('k')!.covariance();
    const found = observed({ features: 'each' });
    for (const c of [0, 1, 2]) {
      const { data } = found.get(featureKey('k', c))!.covariance();
      expect(data[0]).toBeCloseTo(together.data[c * 6 + c]!, 9);
      expect(data[1]).toBeCloseTo(together.data[c * 6 + 3 + c]!, 9);
    }
  });
});

test.each(['even', 'odd'] as const)('the %s half of the samples', (half) => {
  const moments = observed({ half }).get('k')!;
  const rows = rowsOf((sample) => halfOf(sample) === half);
  expect(moments.count).toBe(300);
  expect(moments.mean()[1]).toBeCloseTo(3 * meanOf(rows.map((row) => row[1]!)), 5);
});

test('rows with a feature that overflowed or has no value are left out', () => {
  const [first, second, ...others] = samples as { x0: Float32Array }[];
  const infinite = { x0: first!.x0.with(0, Number.POSITIVE_INFINITY) };
  const nothing = { x0: second!.x0.with(5, Number.NaN) };
  const of = (features: RowRequest['features']) =>
    observe(graph, [{ key: 'k', values: [triple!], features }], [infinite, nothing, ...others], makeRunner);
  expect(of('together').get('k')!.count).toBe(598);
  expect(of('each').get(featureKey('k', 2))!.count).toBe(598);
  const always = samples.map(({ x0 }) => ({ x0: (x0 as Float32Array).slice().fill(Number.NaN, 0, 4) }));
  expect(observe(graph, [{ key: 'k', values: [triple!] }], always, makeRunner).has('k')).toBe(false);
});

test.each([28, 56, 112])('of an image %i wide all columns are seen as often', (width) => {
  const image = graphOf((g) => g.add('neg', [g.input([1, 1, width, width])]));
  const columns = { x0: Float32Array.from({ length: width * width }, (_, i) => i % width) };
  const request: RowRequest = { key: 'k', values: [{ id: image.outputs[0]!.value, axis: 1 }] };
  const moments = observe(image, [request], new Array<typeof columns>(64).fill(columns), makeRunner).get('k')!;
  expect(moments.count).toBeLessThan(64 * width * width);
  expect(Math.abs(moments.mean()[0]! / ((1 - width) / 2) - 1)).toBeLessThan(0.02);
});

test('a key that is asked for twice counts once', () => {
  const request: RowRequest = { key: 'k', values: [triple!] };
  expect(observe(graph, [request, request], samples, makeRunner).get('k')!.count).toBe(600);
});
