import type { WasmFeatures } from '../../target.ts';

/** What one core does in a cycle; fitted to Chromium on x86-64, where other tiles fall to half the speed. */
export interface Machine {
  readonly maddsPerCycle: number;
  readonly loadsPerCycle: number;
  /** cycles until a sum can be added to again */
  readonly latency: number;
  /** vector registers beside one for the row's operand (and one for the product, where that is not fused) */
  readonly registers: number;
}

export const machines: Readonly<Record<WasmFeatures, Machine>> = {
  scalar: { maddsPerCycle: 2, loadsPerCycle: 2, latency: 3, registers: 13 },
  simd: { maddsPerCycle: 2, loadsPerCycle: 2, latency: 3, registers: 13 },
  relaxed: { maddsPerCycle: 2, loadsPerCycle: 2, latency: 4.4, registers: 14 },
};

/** Slowdown of a tile that does not fit the registers, and of one that V8 before version 12 spills. */
export const spill = { always: 2, sometimes: 1.1 };
export const cacheBytes = { first: 32 << 10, second: 768 << 10 };
/** cycles per byte from the second cache and from beyond it */
export const refill = { second: 1 / 40, beyond: 1 / 12 };
/** cycles per vector that is not stored whole: turned with its neighbours by four or by two, or lane by lane */
export const storeCycles = { turned: 2, pairs: 3, lanes: 4.5 };
