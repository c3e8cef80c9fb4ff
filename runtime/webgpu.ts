import type { BackendContext, BackendModel, OpenBackend, ReadOutput } from './backend.ts';
import { LccRuntimeError } from './error.ts';

/** [pipeline, workgroups x, y, z], or steps to be done `count` times. */
export type WebGpuStep =
  | readonly [pipeline: number, x: number, y: number, z: number]
  | { readonly count: number; readonly steps: readonly WebGpuStep[] };

/** A generated program. Its shaders see two buffers: 0 the constants, 1 the arena of inputs, outputs and scratch. */
export interface WebGpuDescription {
  /** WGSL, each with an entry point `main` */
  readonly shaders: readonly string[];
  /** `constants[i]` is the shader's override with id i */
  readonly pipelines: readonly { readonly shader: number; readonly constants: readonly number[] }[];
  readonly steps: readonly WebGpuStep[];
  /** multiples of 16 */
  readonly constantBytes: number;
  readonly arenaBytes: number;
  /** byte offsets in the arena */
  readonly inputs: readonly number[];
  readonly outputs: readonly (readonly [offset: number, bytes: number])[];
}

/** Everything is made once: a run writes inputs, submits one pass, and reads one buffer back. */
export const webGpuBackend =
  (description: WebGpuDescription): OpenBackend =>
  async (context: BackendContext): Promise<BackendModel> => {
    const device = await findDevice(context);
    const isShared = context.options.device !== undefined;
    try {
      return await open(device, isShared, description, context);
    } catch (error) {
      if (!isShared) device.destroy();
      throw error;
    }
  };

async function findDevice({ options, forced }: BackendContext): Promise<GPUDevice> {
  if (options.device) return options.device as GPUDevice;
  const gpu = (globalThis.navigator as Navigator | undefined)?.gpu;
  const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new LccRuntimeError('unsupported', 'no WebGPU adapter here');
  if (!forced && isSoftwareAdapter(adapter)) {
    const { architecture, description } = adapter.info;
    throw new LccRuntimeError('unsupported', `the WebGPU adapter is software: ${description || architecture}`);
  }
  try {
    return await adapter.requestDevice();
  } catch (cause) {
    throw new LccRuntimeError('unsupported', `no WebGPU device: ${cause}`, cause);
  }
}

/** Of a GPUAdapter what tells what computes; declared here, so that lcc's types need none of WebGPU. */
interface Adapter {
  readonly info: {
    readonly isFallbackAdapter: boolean;
    readonly architecture: string;
    readonly description: string;
  };
}

/** Whether an adapter computes on the processor. Runs in pages that measure too, as its own text. */
export const isSoftwareAdapter = ({ info: { isFallbackAdapter, architecture, description } }: Adapter): boolean =>
  isFallbackAdapter || /swiftshader|llvmpipe|basic render/i.test(`${architecture} ${description}`);

async function open(
  device: GPUDevice,
  isShared: boolean,
  description: WebGpuDescription,
  { constants, onLost }: BackendContext,
): Promise<BackendModel> {
  const { constantBytes, arenaBytes, inputs, outputs } = description;
  device.pushErrorScope('validation');
  device.pushErrorScope('out-of-memory');
  const layout = device.createBindGroupLayout({
    entries: [
      { binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'read-only-storage' } },
      { binding: 1, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'storage' } },
    ],
  });
  const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const weights = device.createBuffer({ size: constantBytes, usage: STORAGE, mappedAtCreation: true });
  const arena = device.createBuffer({ size: arenaBytes, usage: STORAGE | COPY_SRC | COPY_DST });
  const readBytes = outputs.reduce((sum, [, bytes]) => sum + bytes, 0);
  const reading = device.createBuffer({ size: Math.max(4, readBytes), usage: MAP_READ | COPY_DST });
  const bindGroup = device.createBindGroup({
    layout,
    entries: [weights, arena].map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const problems = [device.popErrorScope(), device.popErrorScope()];
  const free = (): void => {
    if (!isShared) device.destroy();
    for (const buffer of [weights, arena, reading]) buffer.destroy();
  };
  let pipelines: readonly GPUComputePipeline[];
  try {
    const [made, fill, ...found] = await Promise.all([
      makePipelines(device, layout, description),
      constants,
      ...problems,
    ]);
    const problem = found.find((error) => error !== null);
    if (problem) throw problem.message;
    pipelines = made;
    fill(new Uint8Array(weights.getMappedRange()));
    weights.unmap();
  } catch (cause) {
    free();
    if (cause instanceof LccRuntimeError) throw cause;
    throw new LccRuntimeError('unsupported', `WebGPU does not start here: ${cause}`, cause);
  }

  let gone: LccRuntimeError | undefined;
  const lose = (reason: string): LccRuntimeError => {
    if (!gone) {
      gone = new LccRuntimeError('device-lost', `the GPU device is lost: ${reason}`);
      onLost(reason);
    }
    return gone;
  };
  void device.lost.then(({ message, reason }) => lose(message || reason));

  const encode = (pass: GPUComputePassEncoder, steps: readonly WebGpuStep[]): void => {
    for (const step of steps) {
      if ('count' in step) {
        for (let i = 0; i < step.count; i++) encode(pass, step.steps);
      } else {
        const [pipeline, x, y, z] = step;
        pass.setPipeline(pipelines[pipeline] as GPUComputePipeline);
        pass.dispatchWorkgroups(x, y, z);
      }
    }
  };
  const runAlone = async (feeds: readonly ArrayBufferView[], read: ReadOutput): Promise<void> => {
    if (gone) throw gone;
    feeds.forEach((feed, i) => {
      device.queue.writeBuffer(arena, inputs[i] as number, feed.buffer, feed.byteOffset, feed.byteLength);
    });
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setBindGroup(0, bindGroup);
    encode(pass, description.steps);
    pass.end();
    let end = 0;
    for (const [offset, bytes] of outputs) {
      encoder.copyBufferToBuffer(arena, offset, reading, end, bytes);
      end += bytes;
    }
    device.queue.submit([encoder.finish()]);
    try {
      await reading.mapAsync(GPUMapMode.READ);
    } catch (error) {
      throw gone ?? lose(String(error));
    }
    const mapped = reading.getMappedRange();
    end = 0;
    outputs.forEach(([, bytes], i) => {
      read(i, mapped, end, bytes);
      end += bytes;
    });
    reading.unmap();
  };

  /** Runs share the arena and the buffer read back: each waits for the one before. */
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(feeds, read) {
      const result = last.then(() => runAlone(feeds, read));
      last = result.catch(() => {});
      return result;
    },
    dispose() {
      gone ??= new LccRuntimeError('disposed', 'this model was disposed');
      free();
    },
  };
}

function makePipelines(
  device: GPUDevice,
  bindings: GPUBindGroupLayout,
  { shaders, pipelines }: WebGpuDescription,
): Promise<GPUComputePipeline[]> {
  const layout = device.createPipelineLayout({ bindGroupLayouts: [bindings] });
  const modules = shaders.map((code) => device.createShaderModule({ code }));
  return Promise.all(
    pipelines.map(({ shader, constants }) =>
      device.createComputePipelineAsync({
        layout,
        compute: { module: modules[shader] as GPUShaderModule, constants: Object.fromEntries(constants.entries()) },
      }),
    ),
  );
}
