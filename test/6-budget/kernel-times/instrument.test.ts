import { describe, expect, it } from 'vitest';
import {
  clockImport,
  idleExport,
  idleSite,
  instrument,
  startSite,
} from '../../../compiler/6-budget/kernel-times/instrument.ts';
import { arenaAddress, emitWasm } from '../../../targets/wasm/emit.ts';
import { repeatProgram, repeatSize } from '../../harness/repeat-program.ts';

const program = repeatProgram();
const calls = 3;

/** Runs it on x = 0..9; what it ticked, and y. */
function run(bytes: BufferSource) {
  const ticks: number[] = [];
  const tick = (site: number) => ticks.push(site);
  const imports = { [clockImport.module]: { [clockImport.name]: tick } };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
  const floats = new Float32Array((exports.memory as WebAssembly.Memory).buffer, arenaAddress(program));
  for (let i = 0; i < repeatSize; i++) floats[i] = i;
  (exports.run as () => void)();
  return { ticks, y: [...floats.subarray(16, 16 + repeatSize)], exports };
}

describe('a module with a clock', () => {
  it.each(['scalar', 'simd', 'relaxed'] as const)('ticks after every call and computes the same: %s', (features) => {
    const { bytes } = emitWasm(program, features);
    const { ticks, y, exports } = run(instrument(bytes, calls));
    expect(ticks).toEqual([startSite(calls), 0, ...Array.from({ length: 5 }, () => [1, 2, 2]).flat()]);
    expect(y).toEqual(run(bytes).y);
    expect(y[3]).toBe(3 + 1 + 5 * 21);
    expect(Object.keys(exports).sort()).toEqual(['hash', 'hashHigh', idleExport, 'memory', 'run']);
    ticks.length = 0;
    (exports[idleExport] as (times: number) => void)(4);
    expect(ticks).toEqual(Array.from({ length: 4 }, () => idleSite(calls)));
  });

  it('is a bug where the manifest lists other calls', () => {
    const { bytes } = emitWasm(program, 'simd');
    expect(() => instrument(bytes, 2)).toThrow("the module's run makes 3 calls, the manifest lists 2");
  });

  it('may have nothing to call', () => {
    const { bytes } = emitWasm({ ...program, steps: [] }, 'simd');
    expect(run(instrument(bytes, 0)).ticks).toEqual([startSite(0)]);
  });
});
