import { expect, it } from 'vitest';
import { lower } from '../compiler/4-lower/lower.ts';
import { estimateMilliseconds } from '../compiler/estimate-time.ts';
import { graphOf } from './3-compress/pass-case.ts';

/** [1, inputs, 32, 32] through a pointwise convolution to `outputs`. */
const pointwise = (inputs: number, outputs: number, attributes = {}) => {
  const graph = graphOf((g) => {
    const w = g.constant(
      [outputs, inputs, 1, 1],
      Array.from({ length: inputs * outputs }, (_, i) => (i % 7) - 3),
    );
    return g.add('conv', [g.input([1, inputs, 32, 32]), w], attributes);
  });
  return estimateMilliseconds(lower(graph));
};

it('time grows with the multiply-adds', () => {
  expect(pointwise(64, 128) / pointwise(64, 64)).toBeCloseTo(2, 1);
});

it('narrow and short layers cost more than their multiply-adds', () => {
  expect(pointwise(64, 1)).toBeCloseTo(pointwise(64, 4), 2);
  expect((64 * pointwise(1, 64)) / pointwise(64, 64)).toBeGreaterThan(2);
});

it('integers cost about half of long sums and more of short ones', () => {
  const ratio = (inputs: number) => pointwise(inputs, 64, { inputScale: 0.1, inputZero: 0 }) / pointwise(inputs, 64);
  expect(ratio(256)).toBeLessThan(0.55);
  expect(ratio(16)).toBeGreaterThan(0.6);
});

it('loops and epilogues count', () => {
  const tanh = graphOf((g) => g.add('tanh', [g.input([64, 64])]));
  const relu = graphOf((g) => g.add('relu', [g.input([64, 64])]));
  expect(estimateMilliseconds(lower(relu))).toBeGreaterThan(0);
  expect(estimateMilliseconds(lower(tanh))).toBeGreaterThan(estimateMilliseconds(lower(relu)));
});
