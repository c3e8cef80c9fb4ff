import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { artifactsOf, modelFolder, writeModel } from '../../harness/tensorflow-model.ts';
import { lines, loadIt, refusal, saveAgain, writeAgain } from '../../harness/tensorflow-refusal.ts';

const { layers } = tf;

const write = modelFolder();

function small(): tf.LayersModel {
  const model = tf.sequential({ name: 'small' });
  model.add(layers.dense({ units: 4, inputShape: [3], name: 'first' }));
  model.add(layers.dense({ units: 2, name: 'second' }));
  return model;
}

/** A model file whose JSON a change has gone over. */
async function written(name: string, change: (json: string) => string, shards = 1): Promise<string> {
  const model = writeModel(await artifactsOf(small()), shards);
  return write(name, { ...model, json: JSON.parse(change(JSON.stringify(model.json))) });
}

describe('layers', () => {
  it('that lcc does not compile, all at once', async () => {
    const model = tf.sequential();
    model.add(layers.lstm({ units: 4, inputShape: [5, 3], returnSequences: true, name: 'memory' }));
    model.add(layers.dense({ units: 2, name: 'between' }));
    model.add(layers.gru({ units: 2, name: 'gate' }));
    const artifacts = await artifactsOf(model);
    const topology = JSON.stringify(artifacts.modelTopology).replace('"Dense"', '"Fancy"');
    const path = write('unsupported', writeModel({ ...artifacts, modelTopology: JSON.parse(topology) }));
    expect(refusal(path)).toBe(
      lines(
        'LCC1105: 3 layers are of a kind that lcc does not compile.',
        '  at model.json',
        '  - layer "memory" (LSTM): lcc has no recurrent layers',
        '  - layer "between" (Fancy)',
        '  - layer "gate" (GRU): lcc has no recurrent layers',
        '  Next: Build the model without these layers, or cut it before them.',
      ),
    );
  });

  it('of other activations', async () =>
    expect(refusal(await written('activation', (json) => json.replace('"linear"', '"swoosh"')))).toContain(
      '  - layer "first" (Dense): its activation is "swoosh"',
    ));

  it('dilated depthwise convolutions, which tfjs computes otherwise than Keras', async () => {
    const model = tf.sequential();
    model.add(layers.depthwiseConv2d({ kernelSize: 2, dilationRate: 2, inputShape: [6, 6, 2], name: 'd' }));
    expect(refusal(write('dilated', writeModel(await artifactsOf(model))))).toContain(
      '  - layer "d" (DepthwiseConv2D): dilation_rate is [2,2], which Keras heeds and TensorFlow.js does not',
    );
  });

  it('without weights', async () => {
    const input = tf.input({ shape: [3], name: 'in' });
    const outputs = ['left', 'right'].map((name) => layers.dense({ units: 2, name }).apply(input) as tf.SymbolicTensor);
    const model = writeModel(await artifactsOf(tf.model({ inputs: input, outputs })));
    const json = JSON.parse(JSON.stringify(model.json).replaceAll('/kernel', '/seed'));
    expect(refusal(write('weights', { ...model, json }))).toBe(
      lines(
        'LCC1104: The manifest of the model lacks 2 weights.',
        '  at model.json',
        '  - layer "left" (Dense): kernel',
        '  - layer "right" (Dense): kernel',
        saveAgain,
      ),
    );
  });

  it('whose weights have another shape', async () =>
    expect(refusal(await written('shape', (json) => json.replace('"shape":[3,4]', '"shape":[4,3]')))).toBe(
      lines(
        'LCC1012: The node does not fit its inputs: linear: w must have the shape [3,3], not float32[3,4].',
        '  at model.json, node "first" (Dense)',
        '  - input "first_input" is float32[1,3]',
        '  Next: Check the sizes given by --dim and --shape, and the model before this node.',
      ),
    ));

  it('of Keras 3', async () => {
    const text = lines(
      'LCC1102: The model is in the format of Keras 3, which lcc does not read.',
      '  at model.json',
      '  Next: Save the model with Keras 2 (tf_keras) and convert it again, or convert it to a graph model or to ONNX.',
    );
    const version = await written('keras 3', (json) =>
      json.replace(/"keras_version":"[^"]*"/, '"keras_version":"3.0.1"'),
    );
    expect(refusal(version)).toBe(text);
    const modules = (json: string) =>
      json.replace('{"class_name":"Dense"', '{"module":"keras.layers","class_name":"Dense"');
    expect(refusal(await written('keras modules', modules))).toBe(text);
  });

  it('that depend on themselves, or on what there is not', async () => {
    const input = tf.input({ shape: [3], name: 'in' });
    const a = layers.dense({ units: 3, name: 'a' }).apply(input) as tf.SymbolicTensor;
    const model = tf.model({
      inputs: input,
      outputs: layers.dense({ units: 3, name: 'b' }).apply(a) as tf.SymbolicTensor,
    });
    const artifacts = await artifactsOf(model);
    const changed = (name: string, from: string, to: string): string => {
      const topology = JSON.stringify(artifacts.modelTopology).replace(from, to);
      return write(name, writeModel({ ...artifacts, modelTopology: JSON.parse(topology) }));
    };
    expect(refusal(changed('cycle', '[["in",0,0,{}]]', '[["b",0,0,{}]]'))).toBe(
      lines(
        'LCC1101: The file is not a TensorFlow.js model: layer "a" depends on itself.',
        '  at model.json',
        writeAgain,
      ),
    );
    expect(refusal(changed('stranger', '[["in",0,0,{}]]', '[["c",0,0,{}]]'))).toContain(
      'call 0 of layer "c" is read, which the model does not have',
    );
  });

  it('with a configuration of another type', async () =>
    expect(refusal(await written('config', (json) => json.replace('"use_bias":true', '"use_bias":"yes"')))).toBe(
      lines(
        'LCC1106: The topology of the model is not valid: modelTopology.config.layers[0].config.use_bias is neither true nor false.',
        '  at model.json, node "first" (Dense)',
        loadIt,
      ),
    ));
});

describe('sizes', () => {
  const open = async (): Promise<string> => {
    const model = tf.sequential();
    model.add(layers.conv1d({ filters: 2, kernelSize: 2, batchInputShape: [null, null, 3], name: 'c' }));
    return write('open', writeModel(await artifactsOf(model)));
  };

  it('that stay open', async () =>
    expect(refusal(await open())).toBe(
      lines(
        'LCC1004: Some input dimensions have no size.',
        '  at model.json',
        '  - input "c_input" [batch, ?, 3]: dimension 1, which has no name',
        '  Next: Bind each with --dim name=size, or whole inputs with --shape input=1,3,224,224.',
      ),
    ));

  it('that do not fit', async () => {
    expect(refusal(await open(), { shapes: { c_input: [1, 5, 4] } })).toBe(
      lines(
        'LCC1015: --shape does not fit "c_input".',
        '  at model.json',
        '  given: [1,5,4]',
        '  declared: float32[batch,?,3]',
        '  Next: Give sizes that agree with the model, and with each other.',
      ),
    );
    expect(refusal(await open(), { dims: { seq: 3 } })).toContain('LCC1014: --dim names "seq", which the model does');
  });
});
