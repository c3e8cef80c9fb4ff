import { describe, expect, it } from 'vitest';
import { lower } from '../../compiler/4-lower/lower.ts';
import { estimateMilliseconds } from '../../compiler/trial/estimate-time.ts';
import { targets } from '../../targets/index.ts';
import { profiles } from '../../targets/profiles/index.ts';
import type { Target } from '../../targets/target.ts';
import { graphOf } from '../3-compress/pass-case.ts';

/** [1, inputs, 32, 32] through a pointwise convolution to `outputs`. */
const pointwise = (inputs: number, outputs: number, attributes = {}, target: Target = targets['mobile-wasm']) => {
  const graph = graphOf((g) => {
    const w = g.constant(
      [outputs, inputs, 1, 1],
      Array.from({ length: inputs * outputs }, (_, i) => (i % 7) - 3),
    );
    return g.add('conv', [g.input([1, inputs, 32, 32]), w], attributes);
  });
  return estimateMilliseconds(lower(graph), target);
};

it('time grows with the multiply-adds', () => {
  expect(pointwise(64, 128) / pointwise(64, 64)).toBeCloseTo(2, 1);
});

it('narrow and short layers cost more than their multiply-adds', () => {
  expect(pointwise(64, 1)).toBeCloseTo(pointwise(64, 4), 2);
  expect((64 * pointwise(1, 64)) / pointwise(64, 64)).toBeGreaterThan(2);
});

it('integers cost about half of long sums and more of short ones, where relaxed SIMD does them on x86', () => {
  const ratio = (inputs: number) => {
    const onServer = (attributes: object) => pointwise(inputs, 64, attributes, targets.node);
    return onServer({ inputScale: 0.1, inputZero: 0 }) / onServer({});
  };
  expect(ratio(256)).toBeLessThan(0.55);
  expect(ratio(16)).toBeGreaterThan(0.6);
});

it('loops and epilogues count', () => {
  const tanh = lower(graphOf((g) => g.add('tanh', [g.input([64, 64])])));
  const relu = lower(graphOf((g) => g.add('relu', [g.input([64, 64])])));
  const target = targets['mobile-wasm'];
  expect(estimateMilliseconds(relu, target)).toBeGreaterThan(0);
  expect(estimateMilliseconds(tanh, target)).toBeGreaterThan(estimateMilliseconds(relu, target));
});

describe('the target', () => {
  it('decides by its profile and by what its modules use', () => {
    const phone = pointwise(64, 64);
    expect(phone / pointwise(64, 64, {}, { ...targets['mobile-wasm'], profile: profiles['phone-low'] })).toBeCloseTo(
      profiles['phone-low'].wasm.float / profiles['phone-mid'].wasm.float,
    );
    expect(pointwise(64, 64, {}, { ...targets['mobile-wasm'], wasm: targets['embedded-wasm'].wasm })).toBeGreaterThan(
      2 * phone,
    );
  });

  it.each(Object.values(targets))('$name has a profile with rates of its backends', (target) => {
    for (const backend of target.backends)
      expect(pointwise(64, 64, {}, { ...target, backends: [backend] })).toBeGreaterThan(0);
  });
});
