import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { ingestTensorflow } from '../../../compiler/1-ingest/tensorflow/ingest.ts';
import { LccError } from '../../../compiler/diagnostics/index.ts';
import { makeRandom } from '../../harness/random.ts';
import { artifactsOf, modelFolder, writeModel } from '../../harness/tensorflow-model.ts';
import { bytesOf, lines, refusal, together, writeAgain } from '../../harness/tensorflow-refusal.ts';

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

const file = (name: string, text: string): string => {
  const path = join(dirname(write(name, { json: {}, shards: {} })), 'model.json');
  writeFileSync(path, text);
  return path;
};

describe('files', () => {
  it('no JSON', () =>
    expect(refusal(file('no json', '{"format": '))).toBe(
      lines(
        'LCC1101: The file is not a TensorFlow.js model: it is no JSON (Unexpected end of JSON input).',
        '  at model.json',
        writeAgain,
      ),
    ));

  it('other JSON', () => {
    expect(refusal(file('other', '{"name": "lcc"}'))).toBe(
      lines('LCC1101: The file is not a TensorFlow.js model: modelTopology is missing.', '  at model.json', writeAgain),
    );
    expect(refusal(file('list', '[]'))).toContain('LCC1101: The file is not a TensorFlow.js model: it is no object.');
    expect(refusal(file('format', '{"format": "tflite", "modelTopology": {}}'))).toContain(
      'its format is "tflite", not layers-model or graph-model',
    );
  });

  it('a shard that is not there', async () =>
    expect(refusal(await written('lost', (json) => json.replaceAll('group1-shard2', 'gone'), 2))).toBe(
      lines(
        'LCC1103: The weights file "goneof2.bin" cannot be used: there is no such file.',
        '  at model.json',
        together,
      ),
    ));

  it('a shard outside the folder', async () =>
    expect(refusal(await written('outside', (json) => json.replaceAll('group1-', '../group1-')))).toContain(
      'LCC1103: The weights file "../group1-shard1of1.bin" cannot be used: it is outside the folder of the model.',
    ));

  it('a model given as bytes', async () => {
    const bytes = bytesOf(await written('bytes', (json) => json));
    expect(() => ingestTensorflow({ bytes })).toThrow(
      lines(
        'LCC1103: The weights file "group1-shard1of1.bin" cannot be used: the model was given as bytes, so there is no folder to look in.',
        together,
      ),
    );
  });

  it('shards of another size', async () => {
    const path = await written('size', (json) => json);
    writeFileSync(join(dirname(path), 'group1-shard1of1.bin'), new Uint8Array(100));
    expect(refusal(path)).toBe(
      lines(
        'LCC1103: The weights file "group1-shard1of1.bin" cannot be used: it has 100 bytes, its weights take 104.',
        '  at model.json',
        together,
      ),
    );
    const several = await written('sizes', (json) => json, 2);
    writeFileSync(join(dirname(several), 'group1-shard2of2.bin'), new Uint8Array(60));
    expect(refusal(several)).toContain('cannot be used: with 1 more it has 112 bytes, its weights take 104.');
  });

  it('a weight of a type that there is not', async () =>
    expect(refusal(await written('type', (json) => json.replace('"dtype":"float32"}]', '"dtype":"complex64"}]')))).toBe(
      lines(
        'LCC1101: The file is not a TensorFlow.js model: weightsManifest[0].weights[3].dtype is "complex64", which lcc has no numbers for.',
        '  at model.json',
        writeAgain,
      ),
    ));

  it('cut or changed anywhere: an LccError or a model, never a crash', async () => {
    const path = await written('fuzz', (json) => json);
    const whole = readFileSync(path, 'utf8');
    const random = makeRandom(4);
    for (let round = 0; round < 400; round++) {
      const at = random.int(0, whole.length - 1);
      const text = random.chance(0.1)
        ? whole.slice(0, at)
        : whole.slice(0, at) + random.pick(['0', '"', 'x', '{', '[', 'null', '-']) + whole.slice(at + 1);
      try {
        ingestTensorflow({ bytes: new TextEncoder().encode(text), file: path });
      } catch (error) {
        expect(error).toBeInstanceOf(LccError);
        expect([(error as LccError).exitCode, text]).toEqual([2, text]);
      }
    }
  });
});
