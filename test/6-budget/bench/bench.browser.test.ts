import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportOnnx } from '../../../compiler/1-ingest/onnx/export.ts';
import { type Bench, type BenchResult, openBench } from '../../../compiler/6-budget/bench/bench.ts';
import { onnxRuntimeEngine } from '../../../compiler/6-budget/bench/engines/onnxruntime-web.ts';
import { tfjsEngine } from '../../../compiler/6-budget/bench/engines/tfjs.ts';
import { findBrowser } from '../../../compiler/6-budget/browser/index.ts';
import { compile } from '../../../compiler/compile.ts';
import { onnxModel } from '../../harness/onnx-model.ts';
import { graphArtifacts } from '../../harness/tensorflow-graph.ts';
import {
  type Artifacts,
  artifactsOf,
  modelFolder,
  scatterWeights,
  type WrittenModel,
  writeModel,
} from '../../harness/tensorflow-model.ts';

const hasBrowser = await findBrowser().then(
  () => true,
  () => false,
);

const shape = [1, 1000];
const onnx = onnxModel({
  inputs: [{ name: 'x', dtype: 'float32', shape }],
  outputs: [{ name: 'y', dtype: 'float32', shape }],
  nodes: [{ op: 'Abs', inputs: ['x'], outputs: ['y'] }],
});
/** A module with the interface of a bundle; `setUp` runs while it loads. */
const bundle = (formula: string, setUp = '') =>
  new Map([
    [
      'index.js',
      new TextEncoder().encode(`export const load = async ({ backend }) => {
        ${setUp}
        return { backend, run: async ({ x }) => ({ y: x.map((v) => ${formula}) }) };
      };`),
    ],
  ]);

const write = modelFolder();

const filesOf = ({ json, shards }: WrittenModel, { format }: Artifacts) => ({
  model: new TextEncoder().encode(JSON.stringify(json)),
  format: format === 'graph-model' ? ('graph' as const) : ('layers' as const),
  shards: new Map(Object.entries(shards)),
});

/** A small network of layers, with two outputs. */
async function layersModel(): Promise<Artifacts> {
  const image = tf.input({ shape: [8, 8, 2], name: 'image' });
  const hidden = tf.layers.conv2d({ filters: 5, kernelSize: 3, activation: 'relu', name: 'conv' }).apply(image);
  const flat = tf.layers.flatten({ name: 'flat' }).apply(hidden);
  const classes = tf.layers.dense({ units: 4, name: 'classes' }).apply(flat) as tf.SymbolicTensor;
  const score = tf.layers.dense({ units: 1, name: 'score' }).apply(flat) as tf.SymbolicTensor;
  const model = tf.model({ inputs: image, outputs: [classes, score] });
  scatterWeights(model);
  return artifactsOf(model);
}

async function sequentialModel(): Promise<Artifacts> {
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 3, inputShape: [7], name: 'only' })] });
  scatterWeights(model);
  return artifactsOf(model);
}

/** A graph whose public names are not those of its nodes, and whose outputs stand in another order. */
const graphModel = (): Promise<Artifacts> =>
  graphArtifacts({
    inputs: { Placeholder: [1, 6] },
    constants: { w: tf.tensor([0.5, -1, 2, 0.25, 1, -2], [6, 1]) },
    nodes: [
      { name: 'Product', op: 'MatMul', input: ['Placeholder', 'w'] },
      { name: 'Positive', op: 'Relu', input: ['Placeholder'] },
    ],
    signature: {
      inputs: { x: { name: 'Placeholder:0' } },
      outputs: { z: { name: 'Positive:0' }, y: { name: 'Product:0' } },
    },
  });

const isMissing = (name: string): boolean => {
  try {
    createRequire(import.meta.url).resolve(`${name}/package.json`);
    return false;
  } catch {
    return true;
  }
};

describe.skipIf(!hasBrowser)('bench', () => {
  let opened: Awaited<ReturnType<typeof openBench>> | undefined;
  beforeAll(async () => {
    opened = await openBench();
  });
  afterAll(() => opened?.close());

  const run: Bench = (task) => {
    if (opened === undefined) throw new Error('the browser is there only inside a test');
    return opened.bench({ rounds: 6, coldPages: 1, ...task });
  };
  const bench = (files: ReadonlyMap<string, Uint8Array>, isAgainst: boolean): Promise<BenchResult> =>
    run({
      bundle: files,
      rivals: isAgainst ? [onnxRuntimeEngine(onnx)] : [],
      inputs: [{ name: 'x', dtype: 'float32', shape }],
      outputs: [{ name: 'y' }],
      backend: 'wasm',
    });

  /** A TensorFlow.js model as lcc compiles it, beside both engines. */
  async function benchTensorflow(name: string, artifacts: Artifacts, backend: 'wasm' | 'webgpu'): Promise<BenchResult> {
    const written = writeModel(artifacts, 2);
    const graphs: Uint8Array[] = [];
    const compiled = await compile(write(name, written), {
      target: 'mobile-webgpu',
      backends: [backend],
      onStage: (event) => {
        if (event.stage === 'ingest') graphs.push(exportOnnx(event.graph));
      },
    });
    const { inputs, outputs } = compiled.report;
    return run({
      bundle: await compiled.files(),
      rivals: [onnxRuntimeEngine(graphs[0]!), tfjsEngine(filesOf(written, artifacts))],
      inputs,
      outputs,
      backend,
    });
  }

  function expectAgreement({ engines, worst }: BenchResult, backend: string): void {
    expect(engines.map((one) => [one.engine, one.backend])).toEqual([
      ['lcc', backend],
      ['onnxruntime-web', backend],
      ['tfjs', backend],
    ]);
    expect(engines[0]?.worst).toBe(0);
    expect(worst).toBe(Math.max(...engines.map((one) => one.worst)));
    expect(worst).toBeLessThan(1e-5);
    for (const { first, median, p90 } of engines) {
      expect(first).toBeGreaterThan(0);
      expect(median).toBeGreaterThan(0);
      expect(p90).toBeGreaterThanOrEqual(median);
    }
  }

  test('measures two engines in one page and compares what they compute', async () => {
    const { engines, worst } = await bench(bundle('Math.abs(v)'), true);
    expect(worst).toBe(0);
    expect(engines.map(({ engine, backend }) => [engine, backend])).toEqual([
      ['lcc', 'wasm'],
      ['onnxruntime-web', 'wasm'],
    ]);
  });

  test('says by how much the engines differ', async () => {
    const { engines, worst } = await bench(bundle('Math.abs(v) * 1.5'), true);
    expect(worst).toBeCloseTo(1 / 3, 5);
    expect(engines.map((one) => one.worst)).toEqual([0, worst]);
  });

  test('measures the bundle alone', async () => {
    const { engines } = await bench(bundle('v'), false);
    expect(engines.map(({ engine, worst }) => [engine, worst])).toEqual([['lcc', 0]]);
  });

  test('counts wasm memories that script makes and those that modules export', async () => {
    expect((await bench(bundle('v'), false)).engines[0]?.memory).toBe(0);
    // A module of one memory of 2 pages, exported as "m".
    const exporting = '[0, 97, 115, 109, 1, 0, 0, 0, 5, 3, 1, 0, 2, 7, 5, 1, 1, 109, 2, 0]';
    const setUp = `const bytes = Uint8Array.from(${exporting});
      globalThis.kept = [
        await WebAssembly.instantiate(bytes),
        new WebAssembly.Instance(await WebAssembly.compile(bytes)),
        new WebAssembly.Memory({ initial: 3 }),
      ];`;
    expect((await bench(bundle('v', setUp), false)).engines[0]?.memory).toBe((2 + 2 + 3) * 65536);
  });

  test('measures layers beside onnxruntime-web and tfjs', async () => {
    const result = await benchTensorflow('layers', await layersModel(), 'wasm');
    expectAgreement(result, 'wasm');
    for (const { memory } of result.engines) expect(memory % 65536).toBe(0);
    const [ours = 0, ...theirs] = result.engines.map(({ memory }) => memory);
    expect(ours).toBeGreaterThan(0);
    for (const memory of theirs) expect(memory).toBeGreaterThan(ours);
  });

  test('measures a sequential model', async () => {
    expectAgreement(await benchTensorflow('sequential', await sequentialModel(), 'wasm'), 'wasm');
  });

  test('measures a graph model by the names of its signature', async () => {
    expectAgreement(await benchTensorflow('graph', await graphModel(), 'wasm'), 'wasm');
  });

  const webgpu = '@tensorflow/tfjs-backend-webgpu';
  test.skipIf(isMissing(webgpu))('measures tfjs on WebGPU', async () => {
    expectAgreement(await benchTensorflow('webgpu', await layersModel(), 'webgpu'), 'webgpu');
  });

  test.skipIf(!isMissing(webgpu))('asks for the WebGPU backend of tfjs where it is not installed', async () => {
    await expect(benchTensorflow('missing', await sequentialModel(), 'webgpu')).rejects.toThrow(
      `LCC0007: The package ${webgpu} is not installed.`,
    );
  });
});
