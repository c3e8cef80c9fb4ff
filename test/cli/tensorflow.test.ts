import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../harness/run-cli.ts';
import { graphArtifacts } from '../harness/tensorflow-graph.ts';
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

  test('lcc bench asks for the model where a shard is no longer the same, or gone', async () => {
    await lcc('build model.json --target mobile-wasm -o bench');
    const shard = join(folder, 'group1-shard2of2.bin');
    const bytes = readFileSync(shard);
    const refusal = [
      'LCC0006: Measuring against onnxruntime-web, tfjs needs the model file, which a bundle does not hold.',
      '  not found, or no longer the same: model.json, group1-shard1of2.bin, group1-shard2of2.bin',
      '  Next: Name it: lcc bench <bundle> --against onnxruntime-web,tfjs --model model.json.\n',
    ].join('\n');
    try {
      writeFileSync(shard, new Uint8Array(bytes.length));
      expect(await lcc('bench bench --against onnxruntime-web,tfjs')).toEqual({ code: 2, stdout: '', stderr: refusal });
      rmSync(shard);
      expect((await lcc('bench bench --against onnxruntime-web,tfjs')).stderr).toBe(refusal);
      expect((await lcc('bench bench --against tfjs --model model.json')).stderr).toContain(
        'LCC1103: The weights file "group1-shard2of2.bin" cannot be used: there is no such file.',
      );
    } finally {
      writeFileSync(shard, bytes);
    }
  });

  test('lcc bench runs no ONNX file in tfjs, whatever its name, and no JSON that is no model', async () => {
    await lcc('build model.json --target mobile-wasm -o bench');
    writeFileSync(join(folder, 'other.onnx'), 'onnx');
    writeFileSync(join(folder, 'other.bin'), 'onnx');
    writeFileSync(join(folder, 'other.json'), '{ "weightsManifest": [] }');
    const named = async (file: string) => (await lcc(`bench bench --against tfjs --model ${file}`)).stderr;
    expect(await named('other.onnx')).toContain('LCC0008: tfjs reads no ONNX; it runs TensorFlow.js models.');
    expect(await named('other.bin')).toContain('LCC0008: tfjs reads no ONNX; it runs TensorFlow.js models.');
    expect(await named('other.json')).toContain(
      'LCC1101: The file is not a TensorFlow.js model: modelTopology is missing.',
    );
    expect(await named('gone.json')).toContain('LCC1001');
  });

  test('lcc bench tells where ONNX has no words for the model', async () => {
    const clash = await graphArtifacts({
      inputs: { Placeholder: [1, 2] },
      nodes: [{ name: 'Positive', op: 'Relu', input: ['Placeholder'] }],
      signature: { inputs: { x: { name: 'Placeholder:0' } }, outputs: { x: { name: 'Positive:0' } } },
    });
    const file = write('clash', writeModel(clash));
    await lcc(`build ${file} --target mobile-wasm -o clash`);
    expect(await lcc(`bench clash --against onnxruntime-web --model ${file}`)).toEqual({
      code: 2,
      stdout: '',
      stderr: [
        'LCC0010: onnxruntime-web reads ONNX, which has no words for this TensorFlow.js model.',
        `  at ${file}`,
        '  Next: Measure against tfjs, or name the same model as ONNX with --model model.onnx.\n',
      ].join('\n'),
    });
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
