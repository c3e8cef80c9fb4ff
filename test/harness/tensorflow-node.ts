import * as tf from '@tensorflow/tfjs';
import { makeRandom } from './random.ts';
import { type Attribute, executeGraph, graphArtifacts, ints, text, type } from './tensorflow-graph.ts';
import { expectAgreement, type Feeds, runCompiled, type WriteModel, writeModel } from './tensorflow-model.ts';

export type Attributes = Readonly<Record<string, Attribute>>;

/** A node, and the values that it reads. */
export interface NodeCase {
  readonly op: string;
  /** of the inputs that are fed; they come first, then the constants, unless `order` says otherwise */
  readonly feeds: readonly tf.Tensor[];
  readonly constants?: readonly tf.Tensor[];
  readonly attr?: Attributes;
  /** names of the inputs: x0, x1, ... fed, c0, c1, ... constants */
  readonly order?: readonly string[];
  readonly outputs?: number;
}

/** One node over placeholders and constants, run by tfjs and by lcc. */
export async function checkNode(write: WriteModel, name: string, given: NodeCase): Promise<void> {
  const { op, feeds, constants = [], attr = {}, order, outputs = 1 } = given;
  const fed: Feeds = Object.fromEntries(feeds.map((tensor, i) => [`x${i}`, tensor]));
  const stored = Object.fromEntries(constants.map((tensor, i) => [`c${i}`, tensor]));
  const input = order ?? [...Object.keys(fed), ...Object.keys(stored)];
  const names = Array.from({ length: outputs }, (_, i) => `y${i}`);
  const artifacts = await graphArtifacts({
    inputs: Object.fromEntries(Object.entries(fed).map(([key, { shape, dtype }]) => [key, { sizes: shape, dtype }])),
    constants: stored,
    nodes: [
      { name: 'node', op, input, attr: { T: type('DT_FLOAT'), ...attr } },
      ...names.map((y, i) => ({ name: y, op: 'Identity', input: [i === 0 ? 'node' : `node:${i}`] })),
    ],
  });
  const expected = await executeGraph(artifacts, fed, names);
  const actual = await runCompiled(write(name, writeModel(artifacts)), fed);
  expectAgreement(actual, expected);
}

const random = makeRandom(5);
const count = (sizes: readonly number[]): number => sizes.reduce((product, size) => product * size, 1);

export const floats = (sizes: readonly number[], low = -2, high = 2): tf.Tensor =>
  tf.tensor(random.reals(count(sizes), low, high), [...sizes]);

export const integers = (sizes: readonly number[], low: number, high: number): tf.Tensor =>
  tf.tensor(
    Int32Array.from({ length: count(sizes) }, () => random.int(low, high)),
    [...sizes],
    'int32',
  );

export const booleans = (sizes: readonly number[]): tf.Tensor => integers(sizes, 0, 1).cast('bool');
export const list = (...values: number[]): tf.Tensor => tf.tensor1d(values, 'int32');
export const scalar = (value: number): tf.Tensor => tf.scalar(value, 'int32');

/** Channels last. */
export const image = (): tf.Tensor => floats([2, 7, 6, 4]);

/** What every op with a window has, one stride for each spatial dimension. */
export const windows = (strides: readonly number[], padding: string, more: Attributes = {}): Attributes => ({
  strides: ints(1, ...strides, 1),
  dilations: ints(1, ...strides.map(() => 1), 1),
  padding: text(padding),
  ...more,
});
