import { hasRelaxedSimd } from '../../../runtime/wasm.ts';
import type { Graph } from '../../ir/graph.ts';
import type { TypedArray } from '../../tensor/dtype.ts';
import { sizesOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { codecOf } from '../codecs.ts';
import { loadModel } from '../load-model.ts';
import type { ModelCode, WasmFile } from '../model-code.ts';
import { logisticOutputs } from './logistic-outputs.ts';
import { runInChild } from './run-child.ts';

export type Results = Readonly<Record<string, TypedArray>>;

/** The engine is not there or cannot take this model; parity records why. */
export class NotAvailable extends Error {}

/** Something that runs the model. `run` rejects with NotAvailable, or with the engine's own error. */
export interface Engine {
  readonly name: string;
  /** outputs that it is known to compute less precisely, and how far they may be off */
  readonly known?: (graph: Graph) => ReadonlyMap<string, number>;
  run(feeds: ReadonlyMap<string, Tensor>): Promise<Results>;
}

/** Runs an ES module whose default export takes `argument`, in a page that is served `files` by their paths. */
export type RunInPage = (page: {
  readonly module: string;
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly argument: unknown;
}) => Promise<unknown>;

export interface OnnxModel {
  readonly bytes: Uint8Array;
  /** inputs that were bound when lcc read the model */
  readonly constants: Readonly<Record<string, Tensor>>;
}

/** The model file, or what lcc writes of the graph where none means the same. */
export type SecondOpinion = OnnxModel | undefined;

/** One module of the bundle: in this process where it can, relaxed SIMD behind V8's flag in another. */
export const wasmEngine = (code: ModelCode, module: WasmFile, index: string): Engine => ({
  name: `wasm ${module.features}`,
  async run(feeds) {
    if (module.features === 'relaxed' && !hasRelaxedSimd()) {
      const request = { index, weights: code.weights.bytes, wasm: module.bytes, feeds: publicFeeds(code, feeds) };
      return asResults(await runInChild(relaxedScript, request, relaxedFlags));
    }
    const model = await loadModel({ ...code, wasm: [module] }, { backend: 'wasm' });
    try {
      return await model.run(publicFeeds(code, feeds));
    } finally {
      model.dispose();
    }
  },
});

/** The baseline compiler of V8 11.3 (Node 20) adds a relaxed dot product to itself instead of to the sum. */
const relaxedFlags = ['--experimental-wasm-relaxed-simd', '--no-liftoff'];

const relaxedScript = `
const answer = async ({ index, weights, wasm, feeds }) => {
  const url = 'data:text/javascript;base64,' + Buffer.from(index).toString('base64');
  const { load } = await import(url);
  return (await load({ backend: 'wasm', weights, wasm })).run(feeds);
};`;

/** The emitted bundle in a browser. */
export const webGpuEngine = (
  code: ModelCode,
  files: ReadonlyMap<string, Uint8Array>,
  runInPage: RunInPage | undefined,
): Engine => ({
  name: 'webgpu',
  async run(feeds) {
    if (!runInPage) throw new NotAvailable('no browser');
    const served = Object.fromEntries([...files].map(([path, bytes]) => [`/bundle/${path}`, bytes]));
    const answer = await runInPage({
      module: pageModule,
      files: served,
      argument: Object.entries(publicFeeds(code, feeds)),
    });
    if (typeof answer === 'object' && answer !== null && 'unavailable' in answer) {
      throw new NotAvailable(String(answer.unavailable));
    }
    return asResults(Array.isArray(answer) ? Object.fromEntries(answer) : answer);
  },
});

/** Names may be those of Object's own fields: they cross as entries. */
const pageModule = `import { load } from '/bundle/index.js';
export default async (entries) => {
  const feeds = Object.fromEntries(entries);
  const model = await load({ backend: 'webgpu' }).catch((error) => {
    if (error.code !== 'unsupported') throw error;
    return { unavailable: error.message };
  });
  return 'unavailable' in model ? model : Object.entries(await model.run(feeds));
};`;

/** The model file in onnxruntime-web (an optional package), on wasm, in a process of its own. */
export const onnxRuntimeEngine = (onnx: SecondOpinion): Engine => ({
  name: 'onnxruntime-web',
  known: logisticOutputs,
  async run(feeds) {
    if (!onnx) throw new NotAvailable('no ONNX model stands for this one');
    const runtime = locateOnnxRuntime();
    const tensors = [...Object.entries(onnx.constants), ...feeds].map(([name, { dtype, shape, data }]) => ({
      name,
      type: dtype,
      dims: sizesOf(shape),
      data,
    }));
    const answer = await runInChild(onnxRuntimeScript, { runtime, model: onnx.bytes, tensors }).catch(
      (error: Error) => {
        throw new NotAvailable(error.message.split('\n', 1)[0] ?? '');
      },
    );
    return asResults(answer);
  },
});

function locateOnnxRuntime(): string {
  try {
    return import.meta.resolve('onnxruntime-web');
  } catch {
    throw new NotAvailable('onnxruntime-web is not installed');
  }
}

const onnxRuntimeScript = `
const answer = async ({ runtime, model, tensors }) => {
  const { InferenceSession, Tensor, env } = await import(runtime);
  env.wasm.numThreads = 1;
  env.logLevel = 'error';
  const session = await InferenceSession.create(model, { executionProviders: ['wasm'], logSeverityLevel: 3 });
  const given = tensors.filter(({ name }) => session.inputNames.includes(name));
  const feeds = Object.fromEntries(given.map(({ name, type, data, dims }) => [name, new Tensor(type, data, dims)]));
  const results = await session.run(feeds);
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data]));
};`;

/** Feeds as the bundle takes them: hosts without BigInt get 32 bits. */
const publicFeeds = (code: ModelCode, feeds: ReadonlyMap<string, Tensor>): Record<string, TypedArray> =>
  Object.fromEntries(
    code.program.inputs.flatMap((port) => {
      const data = feeds.get(port.name)?.data;
      if (!data) return [];
      const codec = codecOf(port, code.target);
      if (codec === 'int64AsInt32') return [[port.name, Int32Array.from(data, Number)]];
      if (codec === 'uint64AsUint32') return [[port.name, Uint32Array.from(data, Number)]];
      return [[port.name, data]];
    }),
  );

export function asResults(answer: unknown): Results {
  if (typeof answer !== 'object' || answer === null) throw new Error('internal: an engine gave no results');
  const arrays = Object.entries(answer).filter((entry): entry is [string, TypedArray] => ArrayBuffer.isView(entry[1]));
  return Object.fromEntries(arrays);
}
