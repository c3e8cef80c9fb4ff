import { describe, expect, test } from 'vitest';
import { addSlopes } from '../../../compiler/3-compress/calibrate/add-slopes.ts';
import { observe } from '../../../compiler/3-compress/calibrate/observe.ts';
import { outputMetrics } from '../../../compiler/3-compress/calibrate/output-metric.ts';
import { outputNameOf, withOutputs } from '../../../compiler/3-compress/calibrate/with-outputs.ts';
import type { Graph, ValueId } from '../../../compiler/ir/graph.ts';
import { verifyGraph } from '../../../compiler/ir/verify.ts';
import type { OpName } from '../../../compiler/ops/index.ts';
import { findLayers } from '../../../compiler/rewrite/layers.ts';
import { makeRunner } from '../../../compiler/trial/make-runner.ts';
import { makeRandom } from '../../harness/random.ts';
import { makeSamples } from '../actions/level-case.ts';
import { graphOf, type Sketch } from '../pass-case.ts';

const reals = (count: number, seed: number): number[] => [...makeRandom(seed).reals(count, -1, 1)];

describe('slopes', () => {
  const [values, at] = [[-30, -2, -0.4, 1e-6, 0.3, 1.1, 40], 1e-4];
  const derivatives: Readonly<Record<string, (x: number) => number>> = {
    relu: (x) => (x > 0 ? 1 : 0),
    leakyRelu: (x) => (x > 0 ? 1 : 0.2),
    sigmoid: (x) => Math.exp(-x) / (1 + Math.exp(-x)) ** 2,
    tanh: (x) => 1 - Math.tanh(x) ** 2,
    softplus: (x) => 1 / (1 + Math.exp(-x)),
    silu: (x) => {
      const s = 1 / (1 + Math.exp(-x));
      return s * (1 + x * (1 - s));
    },
  };

  test.each(Object.keys(derivatives))('of %s are its derivative', (op) => {
    const graph = graphOf((g) => g.add(op as OpName, [g.input([1, 7])], op === 'leakyRelu' ? { alpha: 0.2 } : {}));
    const { graph: probe, slopes } = addSlopes(graph, graph.nodes);
    const found = makeRunner(verifyGraph(withOutputs(probe, slopes))).run({ x0: Float32Array.from(values) });
    for (const [i, x] of values.entries())
      expect(Number(found[outputNameOf(slopes[0]!)]![i]), `${op} at ${x}`).toBeCloseTo(
        derivatives[op]!(x),
        -Math.log10(at),
      );
  });

  test('of small values are as exact, and 0 at 0', () => {
    const graph = graphOf((g) => g.add('prelu', [g.input([1, 3]), g.constant([3], [0.5, 0.25, 0.5])]));
    const { graph: probe, slopes } = addSlopes(graph, graph.nodes);
    const found = makeRunner(withOutputs(probe, slopes)).run({ x0: Float32Array.of(3e-20, -3e-20, 0) });
    expect([...found[outputNameOf(slopes[0]!)]!]).toEqual([1, 0.25, 0]);
  });
});

/** 6 -> 5 relu -> 4 relu -> 3 */
const chain = (draw: (g: Sketch, h: ValueId) => void = () => {}): Graph =>
  graphOf((g) => {
    const layer = (x: ValueId, outputs: number, inputs: number, seed: number): ValueId =>
      g.add('linear', [x, g.constant([outputs, inputs], reals(outputs * inputs, seed)), g.constant([outputs], 0.1)]);
    const h = g.add('relu', [layer(g.input([1, 6]), 5, 6, 1)]);
    draw(g, h);
    return layer(g.add('relu', [layer(h, 4, 5, 2)]), 3, 4, 3);
  });

function metricsOf(graph: Graph) {
  const samples = makeSamples(graph, 200, 1);
  const layers = findLayers(graph);
  const metrics = outputMetrics(graph, layers);
  const requests = layers.flatMap((layer) => metrics.requestsOf(layer));
  const statistics = observe(graph, requests, samples, makeRunner);
  return { layers, samples, metrics, matrices: layers.map((layer) => metrics.metricOf(layer, statistics)) };
}

describe('metrics', () => {
  test('are those of the network’s outputs: exactly behind one layer, in the mean behind two', () => {
    const graph = chain();
    const { layers, samples, matrices } = metricsOf(graph);
    expect(matrices[2]).toBeUndefined();
    const runner = makeRunner(
      withOutputs(
        graph,
        layers.map(({ y }) => y),
      ),
    );
    const wide = layers.map(({ weights }) => Array.from(weights.data, Number));
    const exact = [5, 4].map((n) => new Float64Array(n * n));
    for (const feeds of samples) {
      const found = runner.run(feeds);
      const [m1, m2] = [0, 1].map((l) =>
        Array.from(found[outputNameOf(layers[l]!.y)] as Float32Array, (v) => (v > 0 ? 1 : 0)),
      );
      const second = (o: number, j: number): number => wide[2]![o * 4 + j]! * m2![j]!;
      const first = (o: number, i: number): number =>
        [0, 1, 2, 3].reduce((sum, j) => sum + second(o, j) * wide[1]![j * 5 + i]!, 0) * m1![i]!;
      for (let o = 0; o < 3; o++) {
        for (let a = 0; a < 25; a++) exact[0]![a]! += (first(o, Math.floor(a / 5)) * first(o, a % 5)) / samples.length;
        for (let a = 0; a < 16; a++)
          exact[1]![a]! += (second(o, Math.floor(a / 4)) * second(o, a % 4)) / samples.length;
      }
    }
    for (const [a, value] of exact[1]!.entries()) expect(matrices[1]!.data[a]).toBeCloseTo(value, 9);
    const distance = Math.hypot(...exact[0]!.map((v, a) => v - matrices[0]!.data[a]!));
    expect(distance / Math.hypot(...exact[0]!)).toBeLessThan(0.4);
  });

  test('end where others read a value too, or a layer sees more than one position', () => {
    const shared = metricsOf(chain((g, h) => g.output(h)));
    expect(shared.matrices.map((metric) => metric !== undefined)).toEqual([false, true, false]);
    const taps = graphOf((g) => {
      const h = g.add('relu', [g.add('conv', [g.input([1, 2, 6]), g.constant([3, 2, 1], reals(6, 1))])]);
      return g.add('conv', [h, g.constant([2, 3, 3], reals(18, 2))]);
    });
    expect(metricsOf(taps).matrices).toEqual([undefined, undefined]);
  });

  test('of convolutions that a pointwise one reads', () => {
    const graph = graphOf((g) => {
      const h = g.add('silu', [g.add('conv', [g.input([1, 2, 6]), g.constant([3, 2, 3], reals(18, 1))])]);
      return g.add('conv', [h, g.constant([2, 3, 1], reals(6, 2))]);
    });
    expect(metricsOf(graph).matrices.map((metric) => metric?.rows)).toEqual([3, undefined]);
  });
});
