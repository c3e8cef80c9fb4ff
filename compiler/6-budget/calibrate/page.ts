import type { isSoftwareAdapter } from '../../../runtime/webgpu.ts';
import type { clockStep } from '../clock-step.ts';
import type { fillOperands } from './fill-operands.ts';
import type { multiplyAdds, places } from './kernels.ts';
import type { gpuSizes, shaders, workgroups } from './shaders.ts';

export interface CalibrationTask {
  readonly kernels: Uint8Array<ArrayBuffer>;
  readonly multiplyAdds: typeof multiplyAdds;
  readonly places: typeof places;
  readonly readableBytes: number;
  /** its last `saltBytes` may be overwritten */
  readonly compileLoad: Uint8Array<ArrayBuffer>;
  readonly saltBytes: number;
  readonly gpu: {
    readonly shaders: typeof shaders;
    readonly sizes: typeof gpuSizes;
    readonly workgroups: typeof workgroups;
    readonly productMultiplyAdds: number;
    /** measures a software adapter too: right counts, meaningless rates */
    readonly acceptsSoftware: boolean;
  };
  readonly rounds: number;
  /** times that the module is compiled, at least, and as many more as fit into `compileTime` milliseconds */
  readonly compiles: number;
  readonly compileTime: number;
  /** how long one sample of a kernel takes, milliseconds; longer where the clock is coarse */
  readonly sampleTime: number;
}

/** One figure per round, each in the unit of DeviceProfile. */
export interface CalibrationFigures {
  readonly userAgent: string;
  readonly cores: number;
  readonly wasm: Readonly<Record<'float' | 'integer' | 'bandwidth' | 'compile', readonly number[]>>;
  readonly webgpu:
    | {
        readonly kind: 'measured';
        readonly adapter: string;
        readonly figures: Readonly<
          Record<'float' | 'bandwidth' | 'dispatch' | 'roundTrip' | 'pipeline', readonly number[]>
        >;
      }
    | { readonly kind: 'absent'; readonly reason: string };
}

/** What runs in the page beside it, each as its own text. */
export interface PageParts {
  readonly clockStep: typeof clockStep;
  readonly fillOperands: typeof fillOperands;
  readonly isSoftwareAdapter: typeof isSoftwareAdapter;
}

/**
 * Runs in the page, as its own text: it may refer to nothing outside itself. Kernels are warmed up, then take turns, a
 * sample of each per round. @throws Error where the browser has no 128-bit SIMD
 */
export async function calibrateInPage(task: CalibrationTask, parts: PageParts): Promise<CalibrationFigures> {
  interface Kernels {
    readonly memory: WebAssembly.Memory;
    readonly float: (iterations: number) => void;
    readonly integer: (iterations: number) => void;
    readonly read: (bytes: number, passes: number) => number;
  }
  const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const timeOf = (work: () => void): number => {
    const start = performance.now();
    work();
    return performance.now() - start;
  };
  const medianOf = (samples: readonly number[]): number =>
    [...samples].sort((a, b) => a - b)[samples.length >> 1] ?? Number.NaN;

  const sampleTime = Math.max(task.sampleTime, 20 * parts.clockStep());

  const openKernels = async (): Promise<Kernels> => {
    if (!WebAssembly.validate(task.kernels)) throw new Error('this browser has no 128-bit wasm SIMD');
    const { instance } = await WebAssembly.instantiate(task.kernels);
    const kernels = instance.exports as WebAssembly.Exports & Kernels;
    const { buffer } = kernels.memory;
    parts.fillOperands(buffer, task.places);
    // A page that was never written may be one page of zeros for all.
    new Uint32Array(buffer, task.places.read).fill(0x9e3779b9);
    return kernels;
  };

  /** Engines replace code between calls only, and some time after they decide to. */
  const warm = async (call: () => void): Promise<void> => {
    for (let burst = 0; burst < 3; burst++) {
      const start = performance.now();
      while (performance.now() - start < 15 * sampleTime) call();
      await rest(50);
    }
  };

  /** How often a call of `unit` repeats fills a sample. */
  const repeatsOf = (call: (count: number) => void): number => {
    for (let count = 1; ; count *= 2) {
      const ms = timeOf(() => call(count));
      if (ms > sampleTime / 4) return Math.max(1, Math.round((count * sampleTime) / ms));
    }
  };

  const compile = async (): Promise<number> => {
    const { compileLoad, saltBytes } = task;
    // Engines know modules that they have compiled by their bytes.
    const bytes = compileLoad.slice();
    crypto.getRandomValues(bytes.subarray(bytes.length - saltBytes));
    const start = performance.now();
    const { instance } = await WebAssembly.instantiate(bytes);
    (instance.exports as { readonly all: () => void }).all();
    return bytes.length / ((performance.now() - start) / 1000);
  };

  const measureWasm = async (): Promise<CalibrationFigures['wasm']> => {
    const { float, integer, read } = await openKernels();
    await warm(() => float(16));
    await warm(() => integer(16));
    await warm(() => read(task.readableBytes / 64, 1));
    const kernels = [
      { name: 'float', work: task.multiplyAdds.float, call: float },
      { name: 'integer', work: task.multiplyAdds.integer, call: integer },
      { name: 'bandwidth', work: task.readableBytes, call: (passes: number) => read(task.readableBytes, passes) },
    ] as const;
    const repeats = kernels.map(({ call }) => repeatsOf(call));
    const figures = {
      float: [] as number[],
      integer: [] as number[],
      bandwidth: [] as number[],
      compile: [] as number[],
    };
    // Before the reads, which leave nothing of it in the caches.
    const start = performance.now();
    while (figures.compile.length < task.compiles || performance.now() - start < task.compileTime) {
      figures.compile.push(await compile());
    }
    for (let round = 0; round < task.rounds; round++) {
      for (const [i, { name, work, call }] of kernels.entries()) {
        const count = repeats[i] ?? 1;
        figures[name].push((work * count) / (timeOf(() => call(count)) / 1000));
      }
      await rest(0);
    }
    return figures;
  };

  const describeAdapter = ({ info }: GPUAdapter): string =>
    [info?.vendor, info?.architecture, info?.description].filter((part) => part).join(' ') || 'of unknown kind';

  const measureWebGpu = async (
    device: GPUDevice,
  ): Promise<Record<'float' | 'bandwidth' | 'dispatch' | 'roundTrip' | 'pipeline', number[]>> => {
    const { shaders, sizes, workgroups, productMultiplyAdds } = task.gpu;
    const storage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
    const buffer = (size: number, usage = storage) => device.createBuffer({ size, usage });
    const a = buffer(sizes.readBytes);
    const b = buffer(4 * sizes.k * sizes.n);
    const c = buffer(4 * sizes.m * sizes.n);
    const back = buffer(4, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
    // Some drivers compress what was never written.
    const noise = Float32Array.from({ length: sizes.m * sizes.k }, (_, i) => ((i * 7919) % 1009) / 1009);
    for (let at = 0; at < sizes.readBytes; at += noise.byteLength) device.queue.writeBuffer(a, at, noise);
    device.queue.writeBuffer(b, 0, noise, 0, sizes.k * sizes.n);

    const pipelineOf = (code: string) =>
      device.createComputePipelineAsync({ layout: 'auto', compute: { module: device.createShaderModule({ code }) } });
    const open = async (code: string, buffers: readonly GPUBuffer[], [x, y]: readonly [number, number]) => {
      const pipeline = await pipelineOf(code);
      const entries = buffers.map((bound, binding) => ({ binding, resource: { buffer: bound } }));
      const bindings = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
      return (pass: GPUComputePassEncoder, count: number) => {
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, bindings);
        for (let i = 0; i < count; i++) pass.dispatchWorkgroups(x, y);
      };
    };
    /** Milliseconds from encoding to four bytes read back. */
    const run = async (encode?: (pass: GPUComputePassEncoder) => void): Promise<number> => {
      const start = performance.now();
      const encoder = device.createCommandEncoder();
      if (encode) {
        const pass = encoder.beginComputePass();
        encode(pass);
        pass.end();
      }
      encoder.copyBufferToBuffer(c, 0, back, 0, 4);
      device.queue.submit([encoder.finish()]);
      await back.mapAsync(GPUMapMode.READ);
      back.unmap();
      return performance.now() - start;
    };

    const works = [
      { name: 'float', encode: await open(shaders.product, [a, b, c], workgroups.product) },
      { name: 'bandwidth', encode: await open(shaders.read, [a, c], workgroups.read) },
      { name: 'dispatch', encode: await open(shaders.step, [c], workgroups.step) },
    ] as const;
    const trips: number[] = [];
    for (let i = 0; i < 20; i++) trips.push(await run());
    const empty = medianOf(trips.slice(5));
    const counts: number[] = [];
    for (const { encode } of works) {
      let count = 1;
      await run((pass) => encode(pass, 1));
      while (count < 8192 && (await run((pass) => encode(pass, count))) - empty < 10 * sampleTime + empty) count *= 2;
      counts.push(count);
    }
    const unitOf = {
      float: (ms: number) => productMultiplyAdds / (ms / 1000),
      bandwidth: (ms: number) => sizes.readBytes / (ms / 1000),
      dispatch: (ms: number) => ms,
    };
    const figures = {
      float: [] as number[],
      bandwidth: [] as number[],
      dispatch: [] as number[],
      roundTrip: [] as number[],
      pipeline: [] as number[],
    };
    for (let round = 0; round < task.rounds; round++) {
      const trip = await run();
      figures.roundTrip.push(trip);
      for (const [i, { name, encode }] of works.entries()) {
        const count = counts[i] ?? 1;
        const ms = (await run((pass) => encode(pass, count))) - empty;
        figures[name].push(unitOf[name](Math.max(ms, 1e-6) / count));
      }
      const salt = crypto.getRandomValues(new Uint32Array(1))[0] ?? round;
      const start = performance.now();
      await pipelineOf(shaders.small.replace('SALT', `${salt / 2 ** 16}f`));
      figures.pipeline.push(performance.now() - start);
    }
    for (const one of [a, b, c, back]) one.destroy();
    return figures;
  };

  const tryWebGpu = async (): Promise<CalibrationFigures['webgpu']> => {
    if (navigator.gpu === undefined) {
      return {
        kind: 'absent',
        reason: isSecureContext ? 'the browser has no WebGPU' : 'browsers hide WebGPU on plain http',
      };
    }
    const adapter = await navigator.gpu.requestAdapter();
    if (!adapter) return { kind: 'absent', reason: 'there is no adapter' };
    if (parts.isSoftwareAdapter(adapter) && !task.gpu.acceptsSoftware) {
      return { kind: 'absent', reason: `the adapter (${describeAdapter(adapter)}) is software` };
    }
    try {
      const device = await adapter.requestDevice();
      const figures = await measureWebGpu(device);
      device.destroy();
      return { kind: 'measured', adapter: describeAdapter(adapter), figures };
    } catch (error) {
      return { kind: 'absent', reason: `the GPU failed: ${error instanceof Error ? error.message : String(error)}` };
    }
  };

  const wasm = await measureWasm();
  const webgpu = await tryWebGpu();
  return { userAgent: navigator.userAgent, cores: navigator.hardwareConcurrency, wasm, webgpu };
}
