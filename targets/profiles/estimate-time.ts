import type { Work } from '../../compiler/ir/count-work.ts';
import type { Backend, WasmFeatures } from '../target.ts';
import type { DeviceProfile, WasmRates, WebGpuRates } from './profile.ts';

/**
 * Rates of lcc's wasm kernels over those of the calibration kernels, by what a module uses; measured in Chromium on x86-64.
 */
const efficiencies: Readonly<Record<WasmFeatures, { readonly float: number; readonly integer: number }>> = {
  scalar: { float: 0.15, integer: 0.08 },
  simd: { float: 0.85, integer: 0.75 },
  relaxed: { float: 1, integer: 1.3 },
};

/** Bytes that stay in a core's caches from one run to the next. */
const cachedBytes = 1 << 20;

/**
 * Estimated milliseconds of a run once warm; undefined where the device has no WebGPU. A run takes as long as its
 * arithmetic or as its memory traffic, whichever is longer.
 * @param features what the wasm module uses that runs there
 */
export function estimateFromWork(
  work: Work,
  profile: DeviceProfile,
  backend: Backend,
  features: WasmFeatures = 'relaxed',
): number | undefined {
  if (backend === 'webgpu') return profile.webgpu && estimateWebGpu(work, profile.webgpu);
  return estimateWasm(work, profile.wasm, features);
}

export function estimateWasm(work: Work, rates: WasmRates, features: WasmFeatures): number {
  const efficiency = efficiencies[features];
  const arithmetic =
    (work.float + work.other) / (efficiency.float * rates.float) + work.integer / (efficiency.integer * rates.integer);
  const traffic = Math.max(0, work.bytes - cachedBytes) / rates.bandwidth;
  return 1000 * Math.max(arithmetic, traffic);
}

function estimateWebGpu(work: Work, rates: WebGpuRates): number {
  const arithmetic = (work.float + work.integer + work.other) / rates.float;
  return rates.roundTrip + rates.dispatch * work.dispatches + 1000 * Math.max(arithmetic, work.bytes / rates.bandwidth);
}
