import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchCase } from '../case.ts';
import { buildClassifier, buildDraws, classifierData, openClassifier } from '../classifier-build.ts';
import { buildRow, drawRows, referenceFigures, referenceRows, sizeGoal } from '../classifier-table.ts';
import { mnist } from '../image-sources.ts';

const wanted = { timesSmaller: 30, drop: 0.003 };

/** At least 30x smaller than the brotli ONNX file within 0.3 points; three calibration draws. */
export const burnMnist: BenchCase = {
  name: 'burn-mnist',
  run: async ({ shared }) => {
    const model = await readFile(join(shared, 'models', 'burn-mnist.onnx'));
    const classifier = await openClassifier(model, shared, mnist);
    const budget = Math.floor(classifier.onnxBrotli / wanted.timesSmaller);
    const bySize = await buildDraws(classifier, { maxSize: budget });
    const byDrop = await buildClassifier(classifier, 0, { maxDrop: wanted.drop });
    return {
      data: `MNIST: ${classifierData}`,
      table: [
        ...referenceRows(classifier),
        ...drawRows(budget, bySize),
        buildRow(`max drop ${wanted.drop}, draw 1`, byDrop),
      ],
      goals: [sizeGoal(wanted, bySize)],
      figures: { ...referenceFigures(classifier), budget, bySize, byDrop },
    };
  },
};
