import type { BackendModel, FillConstants, OpenBackend, ReadOutput } from './backend.ts';
import type { Codec, DType, Elements, TypedArray } from './codec.ts';
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
  /**
   * One array per input, by name; the results are fresh, but for those that `results` gives arrays to fill: loops over
   * frames need no memory then. Calls may overlap.
   */
  run(
    feeds: Readonly<Record<string, TypedArray>>,
    results?: Readonly<Record<string, TypedArray>>,
  ): Promise<Record<string, TypedArray>>;
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

  const start = async (name: 'webgpu' | 'wasm') => {
    const openBackend = name === 'webgpu' ? webgpu : name === 'wasm' ? wasm : undefined;
    if (!openBackend) throw new LccRuntimeError('unsupported', `this bundle has no backend "${name}"`);
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
  const startWasm = (reason: string) => {
    options.onFallback?.(reason);
    return start('wasm');
  };

  const first = wanted !== 'auto' ? wanted : webgpu && (prefersWebGpu || !wasm) ? 'webgpu' : 'wasm';
  await start(first).catch((error: Error) => {
    if (!mayFallBack || first === 'wasm') throw error;
    return startWasm(error.message);
  });

  const runOnce = async (elements: readonly ArrayBufferView[], read: ReadOutput): Promise<void> => {
    if (lost !== undefined && mayFallBack && backend === 'webgpu') {
      replacing ??= startWasm(lost).finally(() => {
        replacing = undefined;
      });
      await replacing;
    }
    if (disposed || !current) throw new LccRuntimeError('disposed', 'this model was disposed');
    return current.run(elements, read);
  };

  const portOf = ({ name, codec, shape }: PortDescription): Port => ({ name, dtype: codec.dtype, shape });
  return {
    get backend() {
      return backend;
    },
    inputs: inputs.map(portOf),
    outputs: outputs.map(portOf),
    async run(feeds = {}, results = {}) {
      const elements = encodeFeeds(inputs, feeds, backend === 'webgpu');
      const given = findArrays('output', outputs, results);
      const found: Record<string, TypedArray> = {};
      const read: ReadOutput = (i, memory, offset, bytes) => {
        const { name, codec } = outputs[i] as PortDescription;
        found[name] = store(codec, new codec.elements(memory, offset, bytes / 4), given[i]);
      };
      await runOnce(elements, read).catch((error) => {
        if (lost === undefined || !mayFallBack || disposed) throw error;
        return runOnce(elements, read);
      });
      return found;
    },
    dispose() {
      disposed = true;
      current?.dispose();
      current = undefined;
    },
  };
}

/** The elements as a public array: in `target`, or in a fresh one. */
function store(codec: Codec, elements: Elements, target: TypedArray | undefined): TypedArray {
  const values = codec.decode(elements);
  if (!target) return values === elements ? elements.slice() : values;
  (target as Elements).set(values as Elements);
  return target;
}

/** Elements in port order. `copies`: the run reads them later, when the caller may have changed the feeds. */
function encodeFeeds(
  ports: readonly PortDescription[],
  feeds: Readonly<Record<string, TypedArray>>,
  copies: boolean,
): ArrayBufferView[] {
  const found = findArrays('input', ports, feeds);
  return ports.map(({ name, codec }, i) => {
    const feed = found[i];
    if (!feed) throw new LccRuntimeError('name', `input "${name}" is missing`);
    const elements = codec.encode(feed);
    return copies && elements === feed ? feed.slice() : elements;
  });
}

/** The array given for each port, of the right class and length; undefined where there is none. */
function findArrays(
  kind: 'input' | 'output',
  ports: readonly PortDescription[],
  arrays: Readonly<Record<string, TypedArray>>,
): (TypedArray | undefined)[] {
  const given = Object.keys(arrays);
  const unknown = given.find((name) => !ports.some((port) => port.name === name));
  if (unknown !== undefined) {
    const names = ports.map((port) => `"${port.name}"`).join(', ');
    throw new LccRuntimeError('name', `no ${kind} is named "${unknown}"; the ${kind}s are: ${names}`);
  }
  return ports.map(({ name, codec, shape }) => {
    const array = given.includes(name) ? arrays[name] : undefined;
    if (!array) return undefined;
    const size = shape.reduce((product, n) => product * n, 1);
    const found = Object.prototype.toString.call(array).slice(8, -1);
    if (found !== codec.array) {
      throw new LccRuntimeError('dtype', `${kind} "${name}" (${codec.dtype}) takes a ${codec.array}, not ${found}`);
    }
    if (array.length !== size) {
      throw new LccRuntimeError('length', `${kind} "${name}" [${shape}] takes ${size} elements, not ${array.length}`);
    }
    return array;
  });
}
