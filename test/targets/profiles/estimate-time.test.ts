import { describe, expect, test } from 'vitest';
import type { Work } from '../../../compiler/ir/count-work.ts';
import { estimateFromWork } from '../../../targets/profiles/index.ts';
import type { DeviceProfile } from '../../../targets/profiles/profile.ts';

const profile: DeviceProfile = {
  name: 'round',
  description: 'round numbers',
  origin: { kind: 'estimated', reason: 'made up' },
  wasm: { float: 1e9, integer: 2e9, bandwidth: 1e9, compile: 1e6 },
  webgpu: { float: 1e11, bandwidth: 1e10, dispatch: 0.1, roundTrip: 2, pipeline: 5 },
};
const nothing: Work = { float: 0, integer: 0, other: 0, bytes: 0, dispatches: 0 };
const onWasm = (work: Partial<Work>, features: 'scalar' | 'simd' | 'relaxed' = 'relaxed') =>
  estimateFromWork({ ...nothing, ...work }, profile, 'wasm', features);

describe('on wasm', () => {
  test('floats and all else take the float rate, integers their own', () => {
    expect(onWasm({ float: 6e6, other: 4e6 })).toBeCloseTo(10);
    expect(onWasm({ integer: 2.6e6 })).toBeCloseTo(1);
    expect(onWasm({ float: 1e6, integer: 2.6e6 })).toBeCloseTo(2);
  });

  test('modules without relaxed SIMD are slower, without SIMD much slower', () => {
    for (const work of [{ float: 1e6 }, { integer: 1e6 }] as const) {
      expect(onWasm(work, 'simd')).toBeGreaterThan(onWasm(work) ?? Number.NaN);
      expect(onWasm(work, 'scalar')).toBeGreaterThan(2 * (onWasm(work, 'simd') ?? Number.NaN));
    }
  });

  test('memory traffic that is longer than the arithmetic decides, but for what the caches keep', () => {
    expect(onWasm({ float: 1e6, bytes: 100_000 })).toBeCloseTo(1);
    expect(onWasm({ float: 1e6, bytes: (1 << 20) + 3e6 })).toBeCloseTo(3);
  });
});

describe('on WebGPU', () => {
  const onGpu = (work: Partial<Work>) => estimateFromWork({ ...nothing, ...work }, profile, 'webgpu');

  test('there is a round trip, then dispatches, then arithmetic or traffic', () => {
    expect(onGpu({})).toBe(2);
    expect(onGpu({ dispatches: 10 })).toBeCloseTo(3);
    expect(onGpu({ float: 1e8, integer: 1e8, other: 1e8, bytes: 1e7 })).toBeCloseTo(5);
    expect(onGpu({ float: 1e8, bytes: 4e7 })).toBeCloseTo(6);
  });

  test('a device without WebGPU has no time', () => {
    const { webgpu: _, ...without } = profile;
    expect(estimateFromWork(nothing, without, 'webgpu')).toBeUndefined();
  });
});
