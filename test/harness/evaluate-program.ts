import type { Location, Program, Step } from '../../compiler/ir/program.ts';
import { compileKernel, type EvaluationArray } from '../../compiler/kernel/evaluate.ts';
import type { Slot } from '../../compiler/kernel/nest.ts';
import { elementCount, shapeOf } from '../../compiler/tensor/shape.ts';

/** Public tensors by name, as the 4-byte elements of the arena. */
export type ArenaFeeds = Readonly<Record<string, Float32Array | Int32Array | Uint32Array>>;

/**
 * Runs a lowered program with every kernel printed as JavaScript over one float32 arena: what all targets must agree
 * with. The arena starts as NaN, so that a read of memory nothing wrote shows.
 */
export function evaluateProgram(
  program: Program,
  feeds: ArenaFeeds,
): Map<string, Float32Array | Int32Array | Uint32Array> {
  const constants = new ArrayBuffer(program.constants.size);
  for (const entry of program.constants.entries) new Uint8Array(constants).set(entry.bytes, entry.offset);
  const arena = new ArrayBuffer(program.arenaBytes);
  new Float32Array(arena).fill(Number.NaN);
  const view = (dtype: string, { space, offset, bytes }: Location): EvaluationArray => {
    const buffer = space === 'constants' ? constants : arena;
    if (dtype.startsWith('float')) return new Float32Array(buffer, offset, bytes / 4);
    return dtype.startsWith('u')
      ? new Uint32Array(buffer, offset, bytes / 4)
      : new Int32Array(buffer, offset, bytes / 4);
  };
  for (const port of program.inputs) {
    const feed = feeds[port.name];
    if (!feed || feed.length !== elementCount(shapeOf(port.shape))) throw new Error(`feed ${port.name}`);
    (view(port.dtype, port.location) as Float32Array).set(feed as Float32Array);
  }
  const compiled = program.kernels.map(compileKernel);
  const run = (steps: readonly Step[]): void => {
    for (const step of steps) {
      if (step.kind === 'repeat') for (let i = 0; i < step.count; i++) run(step.steps);
      else {
        const slots = program.kernels[step.kernel]!.slots as readonly Slot[];
        compiled[step.kernel]!(slots.map((slot, i) => view(slot.dtype, step.arguments[i]!)));
      }
    }
  };
  run(program.steps);
  return new Map(program.outputs.map((port) => [port.name, (view(port.dtype, port.location) as Float32Array).slice()]));
}
