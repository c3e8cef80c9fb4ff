import type { BackendModel, FillConstants, OpenBackend } from './backend.ts';
import type { Codec, DType, TypedArray } from './codec.ts';
import { LccRuntimeError } from './error.ts';
import type { LoadOptions } from './options.ts';
import { readWeights, type WeightsDescription } from './weights.ts';

export interface PortDescription {
  readonly name: string;
  readonly codec: Codec;
  readonly shape: readonly number[];
}

/** Everything the generated entry module says about its model. */
export interface ModelDescription {
  readonly inputs: readonly PortDescription[];
  readonly outputs: readonly PortDescription[];
  readonly weights: WeightsDescription;
  /** whether 'auto' should try WebGPU first */
  readonly prefersWebGpu: boolean;
  readonly webgpu?: OpenBackend;
  readonly wasm?: OpenBackend;
}

export interface Port {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

export interface Model {
  /** which backend runs now */
  readonly backend: 'webgpu' | 'wasm';
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** One array per input, by name; the results are fresh. Calls may overlap. */
  run(feeds: Readonly<Record<string, TypedArray>>): Promise<Record<string, TypedArray>>;
  dispose(): void;
}

export type Load = (options?: LoadOptions) => Promise<Model>;

export const makeLoad =
  (description: ModelDescription): Load =>
  async (options = {}) => {
    const { signal } = options;
    try {
      const model = signal?.aborted ? undefined : await open(description, options);
      if (model && !signal?.aborted) return model;
      model?.dispose();
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
    throw new LccRuntimeError('aborted', 'load was aborted', signal?.reason);
  };

async function open(description: ModelDescription, options: LoadOptions): Promise<Model> {
  const { inputs, outputs, webgpu, wasm, prefersWebGpu } = description;
  const wanted = options.backend ?? 'auto';
  const mayFallBack = wanted === 'auto' && wasm !== undefined;
  let backend: 'webgpu' | 'wasm' = 'wasm';
  let current: BackendModel | undefined;
  /** Held only while opening, so that the file's bytes can go. */
  let constants: Promise<FillConstants> | undefined;
  let lost: string | undefined;
  let replacing: Promise<void> | undefined;
  let disposed = false;

  const start = async (name: 'webgpu' | 'wasm', openBackend: OpenBackend | undefined) => {
    if (!openBackend) throw new LccRuntimeError('unsupported', `this bundle was built without ${name}`);
    constants ??= readWeights(description.weights, options);
    constants.catch(() => {});
    const onLost = (reason: string) => {
      lost = reason;
    };
    const opened = await openBackend({ options, forced: !mayFallBack, constants, onLost });
    constants = undefined;
    current?.dispose();
    current = opened;
    backend = name;
  };
  const startWasm = (reason: unknown) => {
    options.onFallback?.(String(reason));
    return start('wasm', wasm);
  };

  if (wanted === 'webgpu' || (wanted === 'auto' && webgpu && (prefersWebGpu || !wasm))) {
    await start('webgpu', webgpu).catch((error) => {
      if (!mayFallBack) throw error;
      return startWasm(error);
    });
  } else {
    await start('wasm', wasm);
  }

  const runOnce = async (elements: readonly ArrayBufferView[]): Promise<readonly ArrayBuffer[]> => {
    if (lost !== undefined && mayFallBack && backend === 'webgpu') {
      replacing ??= startWasm(lost).finally(() => {
        replacing = undefined;
      });
      await replacing;
    }
    if (disposed || !current) throw new LccRuntimeError('disposed', 'this model was disposed');
    return current.run(elements);
  };

  const portOf = ({ name, codec, shape }: PortDescription): Port => ({ name, dtype: codec.dtype, shape });
  return {
    get backend() {
      return backend;
    },
    inputs: inputs.map(portOf),
    outputs: outputs.map(portOf),
    async run(feeds = {}) {
      const elements = encodeFeeds(inputs, feeds, backend === 'webgpu');
      const buffers = await runOnce(elements).catch((error) => {
        if (lost === undefined || !mayFallBack || disposed) throw error;
        return runOnce(elements);
      });
      const results: Record<string, TypedArray> = {};
      outputs.forEach(({ name, codec }, i) => {
        results[name] = codec.decode(buffers[i] as ArrayBuffer);
      });
      return results;
    },
    dispose() {
      disposed = true;
      current?.dispose();
      current = undefined;
    },
  };
}

/** Elements in port order. `copies`: the run reads them later, when the caller may have changed the feeds. */
function encodeFeeds(
  ports: readonly PortDescription[],
  feeds: Readonly<Record<string, TypedArray>>,
  copies: boolean,
): ArrayBufferView[] {
  const given = Object.keys(feeds);
  const unknown = given.find((name) => !ports.some((port) => port.name === name));
  if (unknown !== undefined) {
    const names = ports.map((port) => `"${port.name}"`).join(', ');
    throw new LccRuntimeError('name', `no input is named "${unknown}"; the inputs are: ${names}`);
  }
  return ports.map(({ name, codec, shape }) => {
    const feed = given.includes(name) && feeds[name];
    if (!feed) throw new LccRuntimeError('name', `input "${name}" is missing`);
    const size = shape.reduce((product, n) => product * n, 1);
    const found = Object.prototype.toString.call(feed).slice(8, -1);
    if (found !== codec.array) {
      throw new LccRuntimeError('dtype', `input "${name}" (${codec.dtype}) takes a ${codec.array}, not ${found}`);
    }
    if (feed.length !== size) {
      throw new LccRuntimeError('length', `input "${name}" [${shape}] takes ${size} elements, not ${feed.length}`);
    }
    const elements = codec.encode(feed);
    return copies && elements === feed ? feed.slice() : elements;
  });
}
