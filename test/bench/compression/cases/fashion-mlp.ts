import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ingestOnnx } from '../../../../compiler/1-ingest/onnx/ingest.ts';
import type { Weighting } from '../../../../compiler/3-compress/actions/truncate-rank.ts';
import { optimise } from '../../../../compiler/3-compress/pipeline.ts';
import { openData } from '../../../../compiler/data/open.ts';
import { makeRunner } from '../../../../compiler/trial/make-runner.ts';
import type { BenchCase, Goal } from '../case.ts';
import { buildDraws, type Classifier, classifierData, openClassifier } from '../classifier-build.ts';
import { type ClassifierRow, drawRows, referenceFigures, referenceRows, sizeGoal } from '../classifier-table.ts';
import { fashionMnist } from '../image-sources.ts';
import { accuracyOf, percent, points } from '../measure-bundle.ts';
import { truncateTo } from '../rank-arms.ts';

const wanted = { gain: 0.2, share: 0.1, timesSmaller: 25, drop: 0.01 };
const weightings: readonly Weighting[] = ['none', 'diagonal', 'full'];

/** The network truncated by one kind of singular vectors. */
interface Arm {
  readonly weighting: Weighting;
  /** of the weights */
  readonly share: number;
  readonly ranks: readonly string[];
  readonly seconds: number;
  readonly accuracy: number;
}

/** 784-1024-1024-10 on Fashion-MNIST: three kinds of truncation at a tenth of the weights, and all of lcc at 25x. */
export const fashionMlp: BenchCase = {
  name: 'fashion-mlp',
  run: async ({ shared, trained }) => {
    const model = await readFile(join(trained, 'fashion-mlp.onnx'));
    const classifier = await openClassifier(model, shared, fashionMnist);
    const arms = await measureArms(classifier);
    const budget = Math.floor(classifier.onnxBrotli / wanted.timesSmaller);
    const builds = await buildDraws(classifier, { maxSize: budget });
    return {
      data: `Fashion-MNIST: ${classifierData}`,
      table: [...referenceRows(classifier), ...arms.map((arm) => armRow(classifier, arm)), ...drawRows(budget, builds)],
      goals: [gainGoal(arms), sizeGoal(wanted, builds)],
      figures: { ...referenceFigures(classifier), arms, budget, builds },
    };
  },
};

async function measureArms({ model, ports, test, calibration }: Classifier): Promise<readonly Arm[]> {
  const { graph } = optimise(ingestOnnx({ bytes: model }).graph);
  const data = await openData(calibration(0), ports);
  const samples = Array.from({ length: data.size }, (_, i) => data.feedsOf(i));
  const arms: Arm[] = [];
  for (const weighting of weightings) {
    const start = performance.now();
    const { graph: truncated, share, ranks } = truncateTo(graph, weighting, samples, wanted.share);
    const seconds = (performance.now() - start) / 1000;
    const runner = makeRunner(truncated);
    const accuracy = await accuracyOf(async (feeds) => runner.run(feeds), test);
    arms.push({ weighting, share, ranks, seconds, accuracy });
  }
  return arms;
}

const armRow = (classifier: Classifier, { weighting, share, accuracy, seconds }: Arm): ClassifierRow => [
  `rank, ${weighting}, ${percent(share)} of the weights`,
  '',
  '',
  percent(accuracy),
  points(classifier.accuracy - accuracy),
  seconds.toFixed(0),
];

function gainGoal(arms: readonly Arm[]): Goal {
  const accuracyBy = (of: Weighting): number => arms.find(({ weighting }) => weighting === of)?.accuracy ?? Number.NaN;
  return {
    goal: 'at 10 % of the weights whitened truncation at least 20 points above plain SVD',
    measured: arms.map(({ weighting, accuracy }) => `${weighting} ${percent(accuracy)}`).join(', '),
    isMet: accuracyBy('full') - accuracyBy('none') >= wanted.gain,
  };
}
