import { sizesOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { asResults, type Engine, NotAvailable } from './engines.ts';
import { runInChild } from './run-child.ts';

/** A TensorFlow.js model's files, and inputs that were bound when lcc read it. */
export interface TensorflowFiles {
  /** model.json */
  readonly model: Uint8Array;
  /** weights, in the manifest's order */
  readonly shards: readonly Uint8Array[];
  readonly constants: Readonly<Record<string, Tensor>>;
}

/**
 * The model's own files in TensorFlow.js, on its wasm backend or, where that lacks a kernel, in JavaScript; in another process.
 * @param outputs lcc's names: of a graph those of its signature or nodes, of layers in the model's order
 */
export const tensorflowEngine = (
  { model, shards, constants }: TensorflowFiles,
  outputs: readonly string[],
): Engine => ({
  name: 'tfjs',
  async run(feeds) {
    const tensors = [...Object.entries(constants), ...feeds].map(([name, { dtype, shape, data }]) => {
      if (!typesOfTensorflow.has(dtype)) throw new NotAvailable(`tfjs has no ${dtype}, which input "${name}" is`);
      return { name, dtype, sizes: sizesOf(shape), data };
    });
    const packages = {
      tfjs: import.meta.resolve('@tensorflow/tfjs'),
      wasm: import.meta.resolve('@tensorflow/tfjs-backend-wasm'),
    };
    const json: unknown = JSON.parse(new TextDecoder().decode(model));
    const answer = await runInChild(script, { packages, json, shards, tensors, outputs }).catch((error: Error) => {
      throw new NotAvailable(error.message.split('\n', 1)[0] ?? '');
    });
    return asResults(answer);
  },
});

const typesOfTensorflow: ReadonlySet<string> = new Set(['float32', 'int32', 'bool']);

const script = `
const answer = async ({ packages, json, shards, tensors, outputs }) => {
  const tf = await import(packages.tfjs);
  const { setWasmPaths } = await import(packages.wasm);
  setWasmPaths(decodeURIComponent(new URL('.', packages.wasm).pathname));
  const weightData = new Blob(shards);
  const groups = json.weightsManifest ?? [];
  const artifacts = { ...json, weightSpecs: groups.flatMap(({ weights }) => weights), weightData: await weightData.arrayBuffer() };
  const failures = [];
  for (const backend of ['wasm', 'cpu']) {
    try {
      await tf.setBackend(backend);
      return await run(tf, artifacts, tensors, outputs);
    } catch (error) {
      failures.push(backend + ': ' + String(error?.message ?? error).split('\\n', 1)[0]);
    }
  }
  throw new Error('tfjs computes it neither on ' + failures.join(' nor on '));
};
const run = async (tf, artifacts, tensors, outputs) => {
  const made = Object.fromEntries(tensors.map(({ name, dtype, sizes, data }) => [name, tf.tensor(data, sizes, dtype)]));
  const results = [await predict(tf, artifacts, made, outputs)].flat();
  return Object.fromEntries(await Promise.all(outputs.map(async (name, i) => [name, await results[i].data()])));
};
const predict = async (tf, artifacts, made, outputs) => {
  const handler = { load: async () => artifacts };
  if (artifacts.modelTopology.node !== undefined) {
    const model = await tf.loadGraphModel(handler);
    return model.executeAsync(made, outputs);
  }
  const model = await tf.loadLayersModel(handler);
  // a sequential model has no names before
  if (model.getClassName() === 'Sequential') model.build();
  return model.predict(model.inputNames.map((name) => made[name]));
};`;
