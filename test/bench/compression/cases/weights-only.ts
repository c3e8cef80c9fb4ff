import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchCase } from '../case.ts';
import {
  buildClassifier,
  type Classifier,
  type ClassifierBuild,
  classifierData,
  openClassifier,
} from '../classifier-build.ts';
import { fashionMnist, mnist } from '../image-sources.ts';
import { percent, points, times } from '../measure-bundle.ts';

const wanted = { int8: 0.003, int4: 0.005 } as const;
const kinds = ['int8', 'int4'] as const;

/** Every weight of two classifiers in 8 and in 4 bits and nothing else, with calibration data and without. */
export const weightsOnly: BenchCase = {
  name: 'weights-only',
  run: async ({ shared, trained }) => {
    const classifiers: readonly (readonly [string, Classifier])[] = [
      ['burn-mnist', await openClassifier(await readFile(join(shared, 'models', 'burn-mnist.onnx')), shared, mnist)],
      ['fashion-mlp', await openClassifier(await readFile(join(trained, 'fashion-mlp.onnx')), shared, fashionMnist)],
    ];
    const builds: (ClassifierBuild & { name: string; kind: string; calibrates: boolean; exactAccuracy: number })[] = [];
    for (const [name, classifier] of classifiers) {
      for (const kind of kinds) {
        for (const calibrates of [true, false]) {
          const built = await buildClassifier(classifier, calibrates ? 0 : undefined, { quantize: kind });
          builds.push({ name, kind, calibrates, exactAccuracy: classifier.accuracy, ...built });
        }
      }
    }
    return {
      data: `MNIST, Fashion-MNIST: ${classifierData}`,
      table: [
        ['network', 'weights', 'data', 'smaller than ONNX', 'accuracy', 'points lost'],
        ...builds.map((b) => [
          b.name,
          b.kind,
          b.calibrates ? '2,000 images' : 'none',
          times(b.timesSmaller),
          percent(b.accuracy),
          points(b.drop),
        ]),
      ],
      goals: kinds.flatMap((kind) =>
        classifiers.map(([name]) => {
          const own = builds.filter((b) => b.kind === kind && b.name === name);
          return {
            goal: `${name}: ${kind} within ${points(wanted[kind])} points`,
            measured: own
              .map((b) => `${points(b.drop)} ${b.calibrates ? 'with' : 'without'} calibration data`)
              .join(', '),
            isMet: own.every(({ drop, calibrates }) => !calibrates || drop <= wanted[kind]),
          };
        }),
      ),
      figures: builds,
    };
  },
};
