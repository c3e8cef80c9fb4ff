import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { compile } from '../../../compiler/compile.ts';
import {
  type Artifacts,
  artifactsOf,
  expectAgreement,
  modelFolder,
  predict,
  randomFeeds,
  runCompiled,
  scatterWeights,
  writeModel,
} from '../../harness/tensorflow-model.ts';

const write = modelFolder();
const { layers } = tf;

async function check(name: string, model: tf.LayersModel, change = (json: string): string => json): Promise<string> {
  scatterWeights(model);
  const feeds = randomFeeds(model, 2);
  const artifacts = await artifactsOf(model);
  const modelTopology = JSON.parse(change(JSON.stringify(artifacts.modelTopology)));
  const file = write(name, writeModel({ ...artifacts, modelTopology }, 3));
  expectAgreement(await runCompiled(file, feeds), predict(model, feeds));
  return file;
}

const apply = (layer: tf.layers.Layer, ...xs: tf.SymbolicTensor[]): tf.SymbolicTensor =>
  layer.apply(xs.length === 1 ? xs[0]! : xs) as tf.SymbolicTensor;

const conv = (filters: number, name: string): tf.layers.Layer =>
  layers.conv2d({ filters, kernelSize: 3, padding: 'same', activation: 'relu', name });

/** 6x5x3 to 6x5x4, with a block that the input passes by. */
function residual(name: string): tf.LayersModel {
  const input = tf.input({ shape: [6, 5, 3], name: `${name}_in` });
  const wide = apply(conv(4, `${name}_a`), input);
  const deep = apply(conv(4, `${name}_b`), wide);
  return tf.model({ inputs: input, outputs: apply(layers.add({ name: `${name}_sum` }), wide, deep), name });
}

describe('a model agrees with tfjs', () => {
  it('sequential, its input named as tfjs names it', async () => {
    const model = tf.sequential();
    model.add(layers.conv2d({ inputShape: [8, 8, 1], filters: 4, kernelSize: 3, name: 'c' }));
    model.add(layers.flatten());
    model.add(layers.dense({ units: 3, activation: 'softmax', name: 'answer' }));
    const { report } = await compile(await check('sequential', model), { target: 'node' });
    expect(report.inputs).toEqual([{ name: 'c_input', dtype: 'float32', shape: [1, 8, 8, 1] }]);
    expect(report.outputs).toEqual([{ name: 'answer', dtype: 'float32', shape: [1, 3] }]);
  });

  it('functional, with branches, two inputs and two outputs', async () => {
    const [a, b] = [tf.input({ shape: [6, 5, 3], name: 'left' }), tf.input({ shape: [4], name: 'right' })];
    const image = apply(layers.batchNormalization(), apply(conv(4, 'c'), a));
    const gate = apply(layers.dense({ units: 4, activation: 'sigmoid' }), b);
    const scaled = apply(layers.multiply(), image, apply(layers.reshape({ targetShape: [1, 1, 4] }), gate));
    const joined = apply(layers.concatenate(), image, scaled);
    const pooled = apply(layers.globalAveragePooling2d({ name: 'pooled' }), joined);
    const model = tf.model({ inputs: [a, b], outputs: [pooled, apply(layers.maxPooling2d({ name: 'map' }), joined)] });
    await check('branches', model);
  });

  it('a layer called twice, whose weights are stored once', async () => {
    const [a, b] = [tf.input({ shape: [6, 5, 3] }), tf.input({ shape: [6, 5, 3] })];
    const shared = conv(4, 'shared');
    const wide = layers.dense({ units: 64, name: 'wide' });
    const [left, right] = [a, b].map((x) => apply(wide, apply(layers.flatten(), apply(shared, x))));
    const file = await check(
      'shared',
      tf.model({ inputs: [a, b], outputs: apply(layers.dot({ axes: 1 }), left!, right!) }),
    );
    const { memory } = (await compile(file, { target: 'node' })).report;
    expect(memory.constants).toBeLessThan(4 * (1.2 * 64 * 120 + 500));
  });

  it('one layer as two outputs', async () => {
    const [a, b] = [tf.input({ shape: [3] }), tf.input({ shape: [3] })];
    const shared = layers.dense({ units: 2, name: 'twin' });
    await check('twins', tf.model({ inputs: [a, b], outputs: [apply(shared, a), apply(shared, b)] }));
  });

  it('models in models, called twice', async () => {
    const input = tf.input({ shape: [6, 5, 3] });
    const inner = residual('inner');
    const back = apply(conv(3, 'back'), inner.apply(input) as tf.SymbolicTensor);
    const twice = inner.apply(back) as tf.SymbolicTensor;
    const head = tf.sequential({ name: 'head' });
    head.add(layers.flatten({ inputShape: [6, 5, 4] }));
    head.add(layers.dense({ units: 3 }));
    await check('nested', tf.model({ inputs: input, outputs: head.apply(twice) as tf.SymbolicTensor }));
  });

  it('a sequential of a sequential', async () => {
    const inner = tf.sequential();
    inner.add(layers.dense({ units: 4, inputShape: [3] }));
    const model = tf.sequential();
    model.add(inner);
    model.add(layers.reLU());
    await check('nested sequential', model);
  });

  it('of thousands of layers', async () => {
    const model = tf.sequential();
    model.add(layers.dense({ units: 3, inputShape: [3] }));
    model.add(layers.elu({ name: 'last' }));
    await check('deep', model, (json) => {
      const topology = JSON.parse(json);
      const [first, last] = topology.config.layers;
      const between = Array.from({ length: 5000 }, (_, i) => ({
        class_name: 'Dropout',
        config: { name: `between${i}`, rate: 0.5 },
      }));
      topology.config.layers = [first, ...between, last];
      return JSON.stringify(topology);
    });
  });

  it('as Keras writes it: a model_config, a list of layers, an input layer in place of batch_input_shape', async () => {
    const model = tf.sequential();
    model.add(layers.inputLayer({ inputShape: [4], name: 'in' }));
    model.add(layers.dense({ units: 3, activation: 'tanh' }));
    await check('keras', model, (json) => {
      const { class_name, config } = JSON.parse(json);
      return JSON.stringify({ keras_version: '2.4.0', model_config: { class_name, config: config.layers } });
    });
  });
});

/** The weights in fewer bits, by the format's own formula. */
function quantise(artifacts: Artifacts, dtype: 'uint8' | 'uint16' | 'float16'): Artifacts {
  const tensors = tf.io.decodeWeights(artifacts.weightData!, artifacts.weightSpecs!);
  const parts: Uint8Array[] = [];
  const weightSpecs = artifacts.weightSpecs!.map((spec) => {
    const values = Array.from(tensors[spec.name]!.dataSync());
    if (dtype === 'float16') {
      parts.push(new Uint8Array(Uint16Array.from(values, halfOf).buffer));
      return { ...spec, quantization: { dtype, original_dtype: 'float32' as const } };
    }
    const [min, max] = [Math.min(...values), Math.max(...values)];
    const scale = (max - min) / (dtype === 'uint8' ? 255 : 65535) || 1;
    const codes = values.map((value) => Math.round((value - min) / scale));
    parts.push(dtype === 'uint8' ? Uint8Array.from(codes) : new Uint8Array(Uint16Array.from(codes).buffer));
    return { ...spec, quantization: { dtype, scale, min, original_dtype: 'float32' as const } };
  });
  return { ...artifacts, weightSpecs, weightData: Uint8Array.from(Buffer.concat(parts)).buffer };
}

/** Bits of a normal float16, cut. */
function halfOf(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0]!;
  const exponent = ((bits >> 23) & 255) - 112;
  return exponent <= 0 ? 0 : ((bits >>> 16) & 0x8000) | (exponent << 10) | ((bits >> 13) & 1023);
}

it.each(['uint8', 'uint16', 'float16'] as const)('weights in %s are what tfjs decodes them to', async (dtype) => {
  const source = residual(`q_${dtype}`);
  scatterWeights(source);
  const artifacts = quantise(await artifactsOf(source), dtype);
  const model = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
  const feeds = randomFeeds(model);
  expectAgreement(await runCompiled(write(`q ${dtype}`, writeModel(artifacts, 2)), feeds), predict(model, feeds));
  expect(Object.values(predict(model, feeds))[0]).not.toEqual(Object.values(predict(source, feeds))[0]);
});

describe('an open batch', () => {
  const model = tf.sequential();
  model.add(layers.dense({ units: 2, inputShape: [3], name: 'd' }));

  it('is 1, with a note; --dim binds it', async () => {
    const file = write('batch', writeModel(await artifactsOf(model)));
    const { report } = await compile(file, { target: 'node' });
    expect(report.inputs[0]?.shape).toEqual([1, 3]);
    expect(report.notes).toContain('batch dimension "batch" of input "d_input" is 1; --dim or --shape changes it');
    const bound = await compile(file, { target: 'node', dims: { batch: 5 } });
    expect(bound.report.inputs[0]?.shape).toEqual([5, 3]);
    expect(bound.report.notes).toEqual([]);
  });

  it('an input bound to numbers is none any more', async () => {
    const file = write('bound', writeModel(await artifactsOf(model)));
    const bundle = await compile(file, { target: 'node', constants: { d_input: [1, 2, 3] } });
    expect(bundle.report.inputs).toEqual([]);
    const compiled = await bundle.load({ backend: 'wasm' });
    const y = model.predict(tf.tensor([[1, 2, 3]])) as tf.Tensor;
    expectAgreement({ d: Array.from((await compiled.run({})).d!, Number) }, { d: y.dataSync() });
  });
});

it('the report names the file and its shards', async () => {
  const model = tf.sequential();
  model.add(layers.dense({ units: 2, inputShape: [3] }));
  const { source } = (await compile(write('report', writeModel(await artifactsOf(model), 2)), { target: 'node' }))
    .report;
  expect(source.file).toBe('model.json');
  expect(source.weights?.map(({ file, bytes }) => [file, bytes])).toEqual([
    ['group1-shard1of2.bin', 16],
    ['group1-shard2of2.bin', 16],
  ]);
  expect(source.weights?.every(({ sha256 }) => /^[0-9a-f]{64}$/.test(sha256))).toBe(true);
});

/** Blocks of a depthwise and a pointwise convolution, each with batch norm and relu6, as MobileNet has them. */
function mobileNet(): tf.LayersModel {
  const input = tf.input({ shape: [32, 32, 3], name: 'image' });
  const normalised = (x: tf.SymbolicTensor, layer: tf.layers.Layer): tf.SymbolicTensor =>
    apply(layers.reLU({ maxValue: 6 }), apply(layers.batchNormalization(), apply(layer, x)));
  const pad = layers.zeroPadding2d({
    padding: [
      [0, 1],
      [0, 1],
    ],
  });
  let x = normalised(apply(pad, input), layers.conv2d({ filters: 8, kernelSize: 3, strides: 2, useBias: false }));
  for (const [filters, strides] of [
    [16, 1],
    [24, 2],
    [24, 1],
    [32, 2],
  ] as const) {
    const before = x;
    x = normalised(x, layers.depthwiseConv2d({ kernelSize: 3, strides, padding: 'same', useBias: false }));
    x = normalised(x, layers.conv2d({ filters, kernelSize: 1, useBias: false }));
    if (before.shape.join() === x.shape.join()) x = apply(layers.add(), before, x);
  }
  const pooled = apply(layers.globalAveragePooling2d({}), x);
  return tf.model({ inputs: input, outputs: apply(layers.dense({ units: 10, name: 'classes' }), pooled) });
}

it('of a MobileNet one permutation is left, that of the input', async () => {
  const graphs: string[][] = [];
  const file = await check('mobilenet', mobileNet());
  const bundle = await compile(file, {
    target: 'node',
    onStage: (event) => {
      if (event.stage === 'compress') graphs.push(event.graph.nodes.map((node) => node.op));
    },
  });
  const ops = graphs[0]!;
  expect(ops.filter((op) => op === 'transpose')).toEqual(['transpose']);
  expect(ops.filter((op) => op === 'batchNorm')).toEqual([]);
  expect(
    bundle.report.kernels.map(({ name }) => name.split(' ')[0]).filter((name) => name?.includes('transpose')),
  ).toEqual(['transpose+pad+conv+clip']);
});
