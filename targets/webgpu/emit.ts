import { webGpuTooLarge } from '../../compiler/diagnostics/build.ts';
import type { Program, Step } from '../../compiler/ir/program.ts';
import type { Kernel } from '../../compiler/kernel/nest.ts';
import type { SlotPlace } from './buffers.ts';
import { contractionShader } from './kernels/index.ts';
import { nestShader } from './nest.ts';
import type { Shader } from './shader.ts';

/** [pipeline, workgroups x, y, z], or steps to be done `count` times. */
export type WebGpuStep =
  | readonly [pipeline: number, x: number, y: number, z: number]
  | { readonly count: number; readonly steps: readonly WebGpuStep[] };

/** A shader with the addresses of its slots: `constants[i]` is the override with id i. */
export interface WebGpuPipeline {
  readonly shader: number;
  readonly constants: readonly number[];
}

/** What `lcc inspect` says about one kernel of a program. */
export interface WebGpuKernelFacts {
  readonly name: string;
  readonly kind: Kernel['kind'];
  /** tile and workgroup */
  readonly tile: string;
  /** characters of its WGSL */
  readonly bytes: number;
}

/** A program as plain data for runtime/webgpu.ts. The entry point of every shader is `main`. */
export interface WebGpuCode {
  readonly shaders: readonly string[];
  readonly pipelines: readonly WebGpuPipeline[];
  readonly steps: readonly WebGpuStep[];
  /** bytes of the two storage buffers, multiples of 16 */
  readonly constantBytes: number;
  readonly arenaBytes: number;
  /** byte offsets in the arena */
  readonly inputs: readonly number[];
  readonly outputs: readonly (readonly [offset: number, bytes: number])[];
  /** one per kernel of the program, in order */
  readonly kernels: readonly WebGpuKernelFacts[];
  /** dispatches of one run */
  readonly dispatches: number;
  /** bytes that cross between processor and GPU in one run: inputs and outputs */
  readonly transferBytes: number;
}

/** Default limit of WebGPU for one storage binding. */
const maxBindingBytes = 2 ** 27;

const padded = (bytes: number): number => Math.max(16, Math.ceil(bytes / 16) * 16);

/** @throws LccError LCC5010 when constants or arena do not fit a storage binding */
export function emitWebGpu(program: Program): WebGpuCode {
  const sizes = { constants: padded(program.constants.size), arena: padded(program.arenaBytes) };
  for (const [part, bytes] of Object.entries(sizes)) {
    if (bytes > maxBindingBytes) throw webGpuTooLarge(program.name, part, bytes, maxBindingBytes);
  }
  const emitter = new Emitter(program.kernels);
  const steps = emitter.steps(program.steps);
  const ports = [...program.inputs, ...program.outputs];
  return {
    shaders: emitter.shaders,
    pipelines: emitter.pipelines,
    steps,
    constantBytes: sizes.constants,
    arenaBytes: sizes.arena,
    inputs: program.inputs.map((port) => port.location.offset),
    outputs: program.outputs.map((port) => [port.location.offset, port.location.bytes]),
    kernels: program.kernels.map((kernel, i) => emitter.facts(kernel, i)),
    dispatches: countDispatches(steps),
    transferBytes: ports.reduce((bytes, port) => bytes + port.location.bytes, 0),
  };
}

const countDispatches = (steps: readonly WebGpuStep[]): number =>
  steps.reduce((n, s) => n + ('count' in s ? s.count * countDispatches(s.steps) : 1), 0);

interface Variant {
  readonly shader: Shader;
  readonly index: number;
}

/** Collects shaders and pipelines, each once. */
class Emitter {
  readonly shaders: string[] = [];
  readonly pipelines: WebGpuPipeline[] = [];
  readonly #kernels: readonly Kernel[];
  readonly #variants = new Map<string, Variant>();
  readonly #texts = new Map<string, number>();
  readonly #pipelineKeys = new Map<string, number>();
  readonly #facts = new Map<number, { readonly tile: string; readonly bytes: number }>();

  constructor(kernels: readonly Kernel[]) {
    this.#kernels = kernels;
  }

  steps(steps: readonly Step[]): WebGpuStep[] {
    return steps.flatMap((step): WebGpuStep[] => {
      if (step.kind === 'repeat') {
        const inner = this.steps(step.steps);
        return step.count === 0 || inner.length === 0 ? [] : [{ count: step.count, steps: inner }];
      }
      const places = step.arguments.map(({ space, offset }): SlotPlace => ({ space, isAligned: offset % 16 === 0 }));
      const { shader, index } = this.#variant(step.kernel, places);
      const [x, y, z] = shader.workgroups;
      if (x * y * z === 0) return [];
      return [
        [
          this.#pipeline(
            index,
            step.arguments.map((a) => a.offset / 4),
          ),
          x,
          y,
          z,
        ],
      ];
    });
  }

  facts(kernel: Kernel, index: number): WebGpuKernelFacts {
    const found = this.#facts.get(index) ?? { tile: 'not called', bytes: 0 };
    return { name: kernel.name, kind: kernel.kind, ...found };
  }

  #variant(kernel: number, places: readonly SlotPlace[]): Variant {
    const key = `${kernel} ${places.map((p) => `${p.space}${p.isAligned}`).join()}`;
    const known = this.#variants.get(key);
    if (known) return known;
    const found = this.#kernels[kernel];
    if (!found) throw new RangeError(`internal: step calls kernel ${kernel} of ${this.#kernels.length}`);
    const shader = found.kind === 'nest' ? nestShader(found, places) : contractionShader(found, places);
    const [x, y, z] = shader.workgroups;
    const isEmpty = x * y * z === 0;
    const index = isEmpty
      ? -1
      : (this.#texts.get(shader.text) ?? this.shaders.push(`// ${shader.comment}\n${shader.text}\n`) - 1);
    if (!isEmpty) this.#texts.set(shader.text, index);
    const variant = { shader, index };
    this.#variants.set(key, variant);
    const earlier = this.#facts.get(kernel)?.bytes ?? 0;
    this.#facts.set(kernel, { tile: shader.tile, bytes: isEmpty ? 0 : earlier + shader.text.length });
    return variant;
  }

  #pipeline(shader: number, constants: readonly number[]): number {
    const key = `${shader} ${constants.join()}`;
    const known = this.#pipelineKeys.get(key);
    if (known !== undefined) return known;
    const index = this.pipelines.push({ shader, constants }) - 1;
    this.#pipelineKeys.set(key, index);
    return index;
  }
}
