import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compile } from '../../../../compiler/compile.ts';
import type { CompressionOptions } from '../../../../compiler/ir/bundle.ts';
import { elementCount } from '../../../../compiler/tensor/shape.ts';
import type { BenchCase } from '../case.ts';
import { calibrationCount, calibrationDraws, target } from '../classifier-build.ts';
import { openTestImages, plainMnist, trainingImages } from '../image-sources.ts';
import { meanOf, measureAccuracy, percent, points, shippedBytes, spreadOf } from '../measure-bundle.ts';

const wantedShare = 0.75;
/** Every block collapsed, nothing else. */
const collapseOnly: CompressionOptions = { collapse: 'all', rank: 'off', width: 'off', blocks: 'off', quantize: 'off' };

/** papers.md 7.1: what least squares keeps of a four-block residual MLP, and what slope 1 loses. */
export const residualMlp: BenchCase = {
  name: 'residual-mlp',
  run: async ({ shared, trained }) => {
    const read = (name: string) => readFile(join(trained, `${name}.onnx`));
    const [model, blindModel] = await Promise.all([read('residual-mlp'), read('residual-mlp-slope-1')]);
    const build = async (name: string, bytes: Uint8Array, options: CompressionOptions) => {
      let parameters = 0;
      const bundle = await compile(bytes, {
        target,
        ...options,
        onStage: (event) => {
          if (event.stage !== 'compress') return;
          parameters = [...event.graph.constants.values()].reduce((sum, { shape }) => sum + elementCount(shape), 0);
        },
      });
      const { inputs, compression } = bundle.report;
      const test = await openTestImages(shared, plainMnist, inputs);
      const actions = compression?.actions.map(({ pass, place, level }) => `${pass} ${place}: ${level}`) ?? [];
      const shipped = await shippedBytes(bundle);
      return { name, parameters, shippedBytes: shipped, accuracy: await measureAccuracy(bundle, test), actions };
    };
    const dense = await build('dense', model, {});
    const blind = await build('slope 1 everywhere', blindModel, {});
    const fitted = [];
    for (const [i, offset] of calibrationDraws.entries()) {
      const calibration = trainingImages(shared, plainMnist, offset, calibrationCount);
      fitted.push(await build(`least squares, draw ${i + 1}`, model, { ...collapseOnly, calibration }));
    }
    const lost = dense.accuracy - blind.accuracy;
    const shares = fitted.map(({ accuracy }) => (accuracy - blind.accuracy) / lost);
    const [first] = fitted;
    return {
      data: 'MNIST: calibration 2,000 training images; accuracy on all 10,000 test images',
      table: [
        ['build', 'parameters', 'shipped bytes', 'accuracy', 'points lost'],
        ...[dense, blind, ...fitted].map((b) => [
          b.name,
          String(b.parameters),
          String(b.shippedBytes),
          percent(b.accuracy),
          points(dense.accuracy - b.accuracy),
        ]),
      ],
      goals: [
        {
          goal: 'least squares recovers at least three quarters of what slope 1 loses, untrained (three calibration draws)',
          measured: `slope 1 loses ${points(lost)} points, least squares recovers ${percent(meanOf(shares), 1)} (spread ${percent(spreadOf(shares), 1)}); ${dense.parameters} -> ${first?.parameters} parameters`,
          isMet: Math.min(...shares) >= wantedShare,
        },
      ],
      figures: { dense, blind, fitted, recovered: shares },
    };
  },
};
