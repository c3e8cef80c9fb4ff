import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, expect } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import type { CompileOptions } from '../../compiler/ir/bundle.ts';
import { makeRandom } from './random.ts';

export type Artifacts = tf.io.ModelArtifacts;

/** What a model.json and its shards are made of. */
export interface WrittenModel {
  readonly json: object;
  readonly shards: Readonly<Record<string, Uint8Array>>;
}

/** Writes a model into a folder of its own; returns the path of its model.json. */
export type WriteModel = (name: string, model: WrittenModel) => string;

/** A folder for the models of one test file, removed after its tests. */
export function modelFolder(): WriteModel {
  const root = mkdtempSync(join(tmpdir(), 'lcc-tfjs-'));
  afterAll(() => rmSync(root, { recursive: true }));
  return (name, { json, shards }) => {
    const folder = join(root, name.replaceAll(/\W/g, '_'));
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'model.json');
    writeFileSync(file, JSON.stringify(json));
    for (const [path, bytes] of Object.entries(shards)) writeFileSync(join(folder, path), bytes);
    return file;
  };
}

/** The artifacts that saving a layers model gives. */
export async function artifactsOf(model: tf.LayersModel): Promise<Artifacts> {
  let kept: Artifacts | undefined;
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      kept = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  return kept!;
}

const bytesOf = ({ weightData }: Artifacts): Uint8Array =>
  Buffer.concat([weightData ?? []].flat().map((buffer) => new Uint8Array(buffer)));

/** As tfjs writes them, in one group of as many shards. */
export function writeModel(artifacts: Artifacts, shardCount = 1): WrittenModel {
  const { modelTopology, format = 'layers-model', generatedBy, convertedBy, weightSpecs = [], signature } = artifacts;
  const bytes = bytesOf(artifacts);
  const size = Math.max(1, Math.ceil(bytes.length / shardCount));
  const shards = Array.from({ length: shardCount }, (_, i) => bytes.slice(i * size, (i + 1) * size));
  const paths = shards.map((_, i) => `group1-shard${i + 1}of${shardCount}.bin`);
  return {
    json: {
      format,
      generatedBy,
      convertedBy,
      modelTopology,
      ...(signature && { signature }),
      weightsManifest: [{ paths, weights: weightSpecs }],
    },
    shards: Object.fromEntries(paths.map((path, i) => [path, shards[i]!])),
  };
}

export type Feeds = Readonly<Record<string, tf.Tensor>>;
type Results = Readonly<Record<string, ArrayLike<number>>>;

/** Random inputs of a layers model for a batch; integers below `below` where that is given. */
export function randomFeeds(model: tf.LayersModel, batch = 1, below?: number): Feeds {
  const random = makeRandom(7);
  const make = (shape: readonly (number | null)[]): tf.Tensor => {
    const sizes = shape.map((size) => size ?? batch);
    const count = sizes.reduce((product, size) => product * size, 1);
    const values = random.reals(count, below === undefined ? -2 : 0, below ?? 2);
    return tf.tensor(below === undefined ? values : values.map(Math.floor), sizes);
  };
  return Object.fromEntries(model.inputs.map((input, i) => [model.inputNames[i]!, make(input.shape)]));
}

/** The weights of a model made random, so that none is all zeros or ones. */
export function scatterWeights(model: tf.LayersModel): void {
  const random = makeRandom(11);
  model.setWeights(
    model.weights.map(({ shape, name }) => {
      const sizes = shape.map((size) => size ?? 1);
      const count = sizes.reduce((product, size) => product * size, 1);
      const isVariance = name.includes('variance');
      return tf.tensor(random.reals(count, isVariance ? 0.5 : -0.6, isVariance ? 1.5 : 0.6), sizes);
    }),
  );
}

/** Outputs of a layers model by the names of its output layers. */
export function predict(model: tf.LayersModel, feeds: Feeds): Results {
  const outputs = [model.predict(model.inputNames.map((name) => feeds[name]!))].flat();
  const names: string[] = [];
  for (const name of model.outputNames) names.push(names.includes(name) ? `${name}_1` : name);
  return Object.fromEntries(names.map((name, i) => [name, outputs[i]!.dataSync()]));
}

/** Runs what lcc makes of a model file. */
export async function runCompiled(file: string, feeds: Feeds, options: Partial<CompileOptions> = {}): Promise<Results> {
  const shapes = Object.fromEntries(Object.entries(feeds).map(([name, { shape }]) => [name, shape]));
  const bundle = await compile(file, { target: 'node', shapes, ...options });
  const model = await bundle.load({ backend: 'wasm' });
  const data = Object.entries(feeds).map(([name, tensor]) => {
    const values = tensor.dataSync();
    return [name, values instanceof Uint8Array ? Uint8Array.from(values) : values] as const;
  });
  const results = await model.run(Object.fromEntries(data));
  model.dispose();
  return Object.fromEntries(Object.entries(results).map(([name, values]) => [name, Array.from(values, Number)]));
}

/** Every output within 2e-5 of the largest value that is expected of it. */
export function expectAgreement(actual: Results, expected: Results): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, wanted] of Object.entries(expected)) {
    const got = actual[name]!;
    expect(got.length, name).toBe(wanted.length);
    const scale = Math.max(1e-3, ...Array.from(wanted, Math.abs).filter(Number.isFinite));
    const differences = Array.from(wanted, (value, i) => (Object.is(value, got[i]) ? 0 : Math.abs(value - got[i]!)));
    const worst = differences.reduce((most, value) => (value <= most ? most : value), 0);
    expect(worst, `${name}: difference of ${worst} at values up to ${scale}`).toBeLessThanOrEqual(2e-5 * scale);
  }
}
