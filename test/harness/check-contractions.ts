import { expect } from 'vitest';
import type { Axis } from '../../compiler/kernel/index-expr.ts';
import { codeRows } from '../../compiler/kernel/whole-groups.ts';
import type { WasmFeatures } from '../../targets/target.ts';
import { type CaseSpec, instantiate, makeKernel, reference, scratchBytes, slotSizes } from './contraction-case.ts';

/** Deterministic values in [-1, 1], never zero. */
export function fill(into: Float32Array, seed: number): void {
  let state = (seed + 1) * 2654435761;
  for (let i = 0; i < into.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    into[i] = (state / 2 ** 31 - 1) * 0.99 + 0.001;
  }
}

/**
 * Codes so small that as many groups of them fit 16 bits, all that bytes hold where one group is summed; zero where they
 * fill up groups of four.
 */
function limitCodes(slot: Float32Array, groups: 1 | 2 | 4, k: readonly Axis[]): void {
  const bytes = new Int8Array(slot.buffer);
  const run = k.at(-1)!.extent.size;
  bytes.forEach((code, i) => {
    const row = 4 * Math.floor((i % (8 * codeRows(k))) / 32) + (i % 4);
    const isFilling = row % (4 * Math.ceil(run / 4)) >= run;
    bytes[i] = isFilling ? 0 : groups > 1 ? code % (128 / groups) : code;
  });
}

const guardElements = 16;

/** Sums of codes are exact; what an epilogue adds or multiplies is rounded. */
export function toleranceOf({ codes, epilogue }: CaseSpec, expected: Float64Array, elementsOfA: number): number {
  if (!codes) return 2e-5 * Math.max(1, elementsOfA / 2 ** 17);
  const isExact = epilogue !== 'scale' && epilogue !== 'residual';
  return isExact ? 0 : 1e-7 * expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
}

/**
 * Runs cases in one module. Each slot lies between NaN guards and the last ends with the memory, so a stray read spoils
 * a result or traps, and a stray write shows.
 */
export function checkContractions(specs: readonly CaseSpec[], features: WasmFeatures): void {
  const kernels = specs.map(makeKernel);
  const most = Math.max(...kernels.map((k) => slotSizes(k).reduce((sum, n) => sum + n + guardElements, guardElements)));
  const scratch = scratchBytes(kernels, features);
  const pages = Math.ceil((most * 4 + scratch) / 65536);
  const built = instantiate(kernels, features, pages);
  const whole = new Float32Array(built.memory.buffer);
  kernels.forEach((kernel, i) => {
    const sizes = slotSizes(kernel);
    const filled = sizes.map((size, s) => {
      const slot = new Float32Array(size);
      fill(slot, s + i * 7);
      if (s === 2 && kernel.b.kind === 'packed8') limitCodes(slot, kernel.b.groupsIn16Bits, kernel.k);
      return slot;
    });
    const expected = reference(kernel, filled);
    const tolerance = toleranceOf(specs[i]!, expected, filled[1]!.length);
    for (const last of sizes.keys()) {
      const what = `${JSON.stringify(specs[i])} slot ${last} last, tile ${built.tiles[i]}`;
      whole.fill(Number.NaN);
      let end = whole.length;
      const starts: number[] = [];
      for (const slot of [last, ...sizes.keys()].filter((s, at) => at === 0 || s !== last)) {
        starts[slot] = end - sizes[slot]!;
        end = starts[slot]! - guardElements;
      }
      const slots = sizes.map((size, s) => whole.subarray(starts[s]!, starts[s]! + size));
      slots.forEach((slot, s) => {
        slot.set(filled[s]!);
      });
      for (const run of [built.functions[i]!, ...built.sums[i]!]) {
        slots[0]!.set(filled[0]!);
        run(...starts.map((s) => s * 4));
        let worst = 0;
        expected.forEach((value, j) => {
          const error = Math.abs(value - slots[0]![j]!);
          worst = Math.max(worst, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
        });
        expect(worst, what).toBeLessThanOrEqual(tolerance);
      }
      const untouched = filled[0]!.every((v, j) => expected[j] !== v || slots[0]![j] === v);
      expect(untouched, `${what}: gaps of the output kept`).toBe(true);
      slots.slice(1).forEach((slot, s) => {
        expect(slot, `${what}: input ${s} kept`).toEqual(filled[s + 1]);
      });
      const owned = new Set<number>();
      slots.forEach((slot, s) => {
        for (let j = 0; j < slot.length; j++) owned.add(starts[s]! + j);
      });
      let strayWrites = 0;
      for (let j = scratch / 4; j < whole.length; j++) if (!owned.has(j) && !Number.isNaN(whole[j]!)) strayWrites++;
      expect(strayWrites, `${what}: stray writes`).toBe(0);
    }
  });
}
