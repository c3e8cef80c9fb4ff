import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../harness/run-cli.ts';
import {
  artifactsOf,
  expectAgreement,
  modelFolder,
  predict,
  randomFeeds,
  scatterWeights,
  writeModel,
} from '../harness/tensorflow-model.ts';

const write = modelFolder();
const { layers } = tf;
const model = tf.sequential();
model.add(layers.conv2d({ inputShape: [6, 6, 2], filters: 3, kernelSize: 3, activation: 'relu', name: 'conv' }));
model.add(layers.flatten());
model.add(layers.dense({ units: 4, activation: 'softmax', name: 'classes' }));
scatterWeights(model);

let folder = '';
beforeAll(async () => {
  folder = dirname(write('cli', writeModel(await artifactsOf(model), 2)));
});

const lcc = (command: string) => runCli(command.split(' '), folder);
const readJson = (path: string) => JSON.parse(readFileSync(join(folder, path), 'utf8'));

describe('a TensorFlow.js model', () => {
  test('lcc build proves and writes a bundle that computes what tfjs does', async () => {
    const { code, stdout, stderr } = await lcc('build model.json --target mobile-wasm --budget 100KB');
    expect(stderr).toContain('batch dimension "batch" of input "conv_input" is 1');
    expect(code).toBe(0);
    expect(stdout.split('\n')[0]).toBe(join('dist', 'model'));
    const { load } = await import(join(folder, 'dist/model/index.js'));
    const bundle = await load({ backend: 'wasm' });
    const feeds = randomFeeds(model);
    const { classes } = await bundle.run({ conv_input: feeds.conv_input!.dataSync() });
    expectAgreement({ classes }, predict(model, feeds));
  });

  test('the bundle says what it was built from; onnxruntime and tfjs compute the same', async () => {
    await lcc('build model.json --target mobile-wasm -o out');
    expect(readJson('out/lcc.json').source).toMatchObject({
      file: 'model.json',
      weights: [{ file: 'group1-shard1of2.bin' }, { file: 'group1-shard2of2.bin' }],
    });
    const { proofs } = readJson('out/lcc.measured.json');
    const agreed = proofs.filter((proof: { result: { kind: string } }) => proof.result.kind === 'agrees');
    expect(agreed.map((proof: { engine: string }) => proof.engine)).toEqual(
      expect.arrayContaining(['wasm simd', 'onnxruntime-web', 'tfjs']),
    );
  });

  test('lcc inspect shows it', async () => {
    const { code, stdout } = await lcc('inspect model.json --after ingest --target mobile-wasm --dim batch=2');
    expect(code).toBe(0);
    expect(stdout).toContain('conv');
    expect(stdout).toContain('[2,6,6,2]');
  });

  test('lcc bench does not hand it to onnxruntime', async () => {
    await lcc('build model.json --target mobile-wasm -o bench');
    const { code, stderr } = await lcc('bench bench --against onnxruntime-web');
    expect(code).toBe(2);
    expect(stderr.trim()).toBe(
      [
        'LCC0010: onnxruntime-web reads ONNX; this bundle was built from a TensorFlow.js model.',
        '  built from: model.json',
        '  Next: Measure the bundle alone, or name the same model as ONNX with --model model.onnx.',
      ].join('\n'),
    );
  });

  test('lossy compression takes it as it takes ONNX', async () => {
    const { code, stderr } = await lcc('build model.json --target mobile-wasm --quantize int8 -o small');
    expect([code, stderr.includes('quantize-weights')]).toEqual([0, true]);
    const { proofs } = readJson('small/lcc.measured.json');
    const opinion = proofs.find((proof: { engine: string }) => proof.engine === 'onnxruntime-web');
    expect(opinion.result.kind).toBe('agrees');
  });

  test('a shard that is not there stops it with exit code 2', async () => {
    const source = readJson('model.json');
    writeFileSync(join(folder, 'torn.json'), JSON.stringify(source).replaceAll('group1-', 'gone-'));
    const { code, stderr } = await lcc('build torn.json --target mobile-wasm');
    expect(code).toBe(2);
    expect(stderr).toContain('LCC1103: The weights file "gone-shard1of2.bin" cannot be used: there is no such file.');
    rmSync(join(folder, 'torn.json'));
  });
});
