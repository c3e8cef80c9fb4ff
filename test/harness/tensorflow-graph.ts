import * as tf from '@tensorflow/tfjs';
import type { Artifacts, Feeds } from './tensorflow-model.ts';

/** A value of an attribute, in the form that protobuf's JSON gives it. */
export type Attribute = object;

export const int = (value: number): Attribute => ({ i: String(value) });
export const float = (value: number): Attribute => ({ f: value });
export const flag = (value: boolean): Attribute => ({ b: value });
export const text = (value: string): Attribute => ({ s: btoa(value) });
export const type = (name: string): Attribute => ({ type: name });
export const ints = (...values: number[]): Attribute => ({ list: values.length > 0 ? { i: values.map(String) } : {} });
export const texts = (...values: string[]): Attribute => ({ list: { s: values.map(btoa) } });
export const shape = (sizes: readonly number[]): Attribute => ({
  shape: { dim: sizes.map((size) => ({ size: String(size) })) },
});

export interface WrittenNode {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr?: Readonly<Record<string, Attribute>>;
}

export interface WrittenGraph {
  /** sizes of each placeholder, -1 where open; float32 unless a type is given */
  readonly inputs: Readonly<Record<string, readonly number[] | { readonly sizes: readonly number[]; dtype: string }>>;
  /** values of each Const node */
  readonly constants?: Readonly<Record<string, tf.Tensor>>;
  readonly nodes: readonly WrittenNode[];
  readonly signature?: object;
}

const typeNames: Readonly<Record<string, string>> = { float32: 'DT_FLOAT', int32: 'DT_INT32', bool: 'DT_BOOL' };

/** A graph model as the converter of TensorFlow.js writes it. */
export async function graphArtifacts({ inputs, constants = {}, nodes, signature }: WrittenGraph): Promise<Artifacts> {
  const placeholders = Object.entries(inputs).map(([name, input]): WrittenNode => {
    const { sizes, dtype } = 'sizes' in input ? input : { sizes: input, dtype: 'float32' };
    return { name, op: 'Placeholder', attr: { dtype: type(typeNames[dtype]!), shape: shape(sizes) } };
  });
  const stored = Object.entries(constants).map(
    ([name, tensor]): WrittenNode => ({
      name,
      op: 'Const',
      attr: { dtype: type(typeNames[tensor.dtype]!), value: { tensor: {} } },
    }),
  );
  const { data, specs } = await tf.io.encodeWeights({ ...constants });
  return {
    format: 'graph-model',
    generatedBy: '2.11.0',
    convertedBy: 'TensorFlow.js Converter v4.22.0',
    modelTopology: { node: [...placeholders, ...stored, ...nodes], versions: { producer: 1395 } },
    weightData: data,
    weightSpecs: specs,
    ...(signature && { signature }),
  };
}

/** What tfjs computes for nodes by name, the second opinion. */
export async function executeGraph(
  artifacts: Artifacts,
  feeds: Feeds,
  outputs: readonly string[],
): Promise<Record<string, ArrayLike<number>>> {
  const model = await tf.loadGraphModel(tf.io.fromMemory(artifacts));
  const results = [model.execute({ ...feeds }, [...outputs])].flat();
  return Object.fromEntries(outputs.map((name, i) => [name, results[i]!.dataSync()]));
}
