import { estimateFromWork } from '../../targets/profiles/index.ts';
import type { Target } from '../../targets/target.ts';
import { countWork } from '../ir/count-work.ts';
import type { Program } from '../ir/program.ts';

/** Estimated milliseconds of a run on the device that the target is for: on wasm where the target has it, else on WebGPU. */
export function estimateMilliseconds(program: Program, { profile, backends, wasm }: Target): number {
  const backend = backends.includes('wasm') ? 'wasm' : 'webgpu';
  const milliseconds = estimateFromWork(countWork(program), profile, backend, wasm.modules.at(-1));
  if (milliseconds === undefined) throw new RangeError(`internal: profile ${profile.name} has no rates of ${backend}`);
  return milliseconds;
}
