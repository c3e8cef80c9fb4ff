import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchCase } from '../case.ts';
import { buildClassifier, type ClassifierBuild, classifierData, openClassifier } from '../classifier-build.ts';
import { mnist } from '../image-sources.ts';
import { meanOf, percent, points, spreadOf, times } from '../measure-bundle.ts';

const wanted = { timesSmaller: 30, drop: 0.003 };

/** At least 30x smaller than the brotli ONNX file within 0.3 points; three calibration draws. */
export const burnMnist: BenchCase = {
  name: 'burn-mnist',
  run: async ({ shared }) => {
    const model = await readFile(join(shared, 'models', 'burn-mnist.onnx'));
    const classifier = await openClassifier(model, shared, mnist);
    const budget = Math.floor(classifier.onnxBrotli / wanted.timesSmaller);
    const bySize: ClassifierBuild[] = [];
    for (const offset of [0, 2000, 4000]) bySize.push(await buildClassifier(classifier, offset, { maxSize: budget }));
    const byDrop = await buildClassifier(classifier, 0, { maxDrop: wanted.drop });
    const drops = bySize.map(({ drop }) => drop);
    const ratios = bySize.map(({ timesSmaller }) => timesSmaller);
    const row = (name: string, b: ClassifierBuild) => [
      name,
      String(b.shippedBytes),
      times(b.timesSmaller),
      percent(b.accuracy),
      points(b.drop),
      `${b.seconds.toFixed(0)} s`,
    ];
    return {
      data: `MNIST: ${classifierData}`,
      table: [
        ['build', 'shipped bytes', 'smaller', 'accuracy', 'points lost', 'compile'],
        ['ONNX, brotli 11', String(classifier.onnxBrotli), '1.00x', '', '', ''],
        [
          'exact',
          String(classifier.exactBytes),
          times(classifier.onnxBrotli / classifier.exactBytes),
          percent(classifier.accuracy),
          '0.00',
          '',
        ],
        ...bySize.map((b, i) => row(`max size ${budget}, draw ${i + 1}`, b)),
        row('max drop 0.003, draw 1', byDrop),
      ],
      goals: [
        {
          goal: 'at least 30x smaller, within 0.3 points (three calibration draws)',
          measured: `${times(Math.min(...ratios))} to ${times(Math.max(...ratios))}, ${points(meanOf(drops))} points lost (spread ${points(spreadOf(drops))})`,
          isMet: Math.min(...ratios) >= wanted.timesSmaller && Math.max(...drops) <= wanted.drop,
        },
      ],
      figures: {
        onnxBrotli: classifier.onnxBrotli,
        exact: { shippedBytes: classifier.exactBytes, accuracy: classifier.accuracy },
        budget,
        bySize,
        byDrop,
      },
    };
  },
};
