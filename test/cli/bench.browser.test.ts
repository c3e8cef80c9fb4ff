import { dirname } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import type { BenchResult } from '../../compiler/6-budget/bench/bench.ts';
import { describeInBrowser } from '../harness/browser.ts';
import { runCli } from '../harness/run-cli.ts';
import { artifactsOf, modelFolder, scatterWeights, writeModel } from '../harness/tensorflow-model.ts';

const write = modelFolder();

describeInBrowser('lcc bench', () => {
  let folder = '';
  const lcc = (command: string) => runCli(command.split(' '), folder);
  beforeAll(async () => {
    const model = tf.sequential();
    model.add(tf.layers.conv2d({ inputShape: [6, 6, 2], filters: 3, kernelSize: 3, activation: 'relu' }));
    model.add(tf.layers.flatten());
    model.add(tf.layers.dense({ units: 4 }));
    scatterWeights(model);
    folder = dirname(write('bench', writeModel(await artifactsOf(model), 2)));
    await lcc('build model.json --target mobile-wasm');
  });

  test('has a row for each engine, and how many times as fast lcc is as each', async () => {
    const { code, stdout, stderr } = await lcc('bench dist/model --against onnxruntime-web,tfjs --rounds 5');
    expect([code, stderr]).toEqual([0, '']);
    const [head, ...lines] = stdout.split('\n');
    expect(head).toMatch(/^engine +backend +first output +one run +90 % +wasm memory$/);
    const row = (engine: string) =>
      new RegExp(`^${engine} +wasm +[\\d.]+ [mµ]s +[\\d.]+ [mµ]s +[\\d.]+ [mµ]s +[\\d.]+ .?B$`);
    const ratios = (engine: string) =>
      new RegExp(
        `^lcc is [\\d.]+ times as fast as ${engine} to its first output, [\\d.]+ times per run; ` +
          'outputs differ by [\\d.]+e(-\\d|\\+0) of the largest value$',
      );
    const expected = [row('lcc'), row('onnxruntime-web'), row('tfjs'), ratios('onnxruntime-web'), ratios('tfjs'), /^$/];
    expect(lines).toEqual(expected.map((line) => expect.stringMatching(line)));
  });

  test('gives the same as JSON; an engine named twice runs once', async () => {
    const { code, stdout } = await lcc('bench dist/model --against tfjs,tfjs --rounds 5 --json');
    expect(code).toBe(0);
    const { engines, worst }: BenchResult = JSON.parse(stdout);
    expect(engines.map(({ engine }) => engine)).toEqual(['lcc', 'tfjs']);
    expect(worst).toBe(engines[1]?.worst);
    expect(worst).toBeLessThan(1e-5);
    for (const { first, median, p90, memory } of engines) {
      for (const figure of [first, median, p90, memory]) expect(figure).toBeGreaterThan(0);
    }
  });

  test.each([
    ['webgpu', 'LCC6301: The bundle is to be timed on WebGPU, which it was not built for.'],
    ['wasm,webgpu', 'LCC0003: There is no backend "wasm,webgpu".'],
  ])('refuses --backend %s', async (backend, message) => {
    const { code, stderr } = await lcc(`bench dist/model --backend ${backend}`);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});
