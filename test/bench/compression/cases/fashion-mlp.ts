import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ingestOnnx } from '../../../../compiler/1-ingest/onnx/ingest.ts';
import type { Weighting } from '../../../../compiler/3-compress/actions/truncate-rank.ts';
import { optimise } from '../../../../compiler/3-compress/pipeline.ts';
import { openData } from '../../../../compiler/data/open.ts';
import { makeRunner } from '../../../../compiler/make-runner.ts';
import type { BenchCase } from '../case.ts';
import { buildClassifier, type ClassifierBuild, classifierData, openClassifier } from '../classifier-build.ts';
import { fashionMnist } from '../image-sources.ts';
import { accuracyOf, meanOf, percent, points, spreadOf, times } from '../measure-bundle.ts';
import { truncateTo } from '../rank-arms.ts';

const wanted = { gain: 0.2, share: 0.1, timesSmaller: 25, drop: 0.01 };
const weightings: readonly Weighting[] = ['none', 'diagonal', 'full'];

/** 784-1024-1024-10 on Fashion-MNIST: three kinds of truncation at a tenth of the weights, and all of lcc at 25x. */
export const fashionMlp: BenchCase = {
  name: 'fashion-mlp',
  run: async ({ shared, trained }) => {
    const model = await readFile(join(trained, 'fashion-mlp.onnx'));
    const classifier = await openClassifier(model, shared, fashionMnist);
    const { test } = classifier;
    const graph = optimise(ingestOnnx({ bytes: model }).graph).graph;
    const calibration = await openData(classifier.calibration(0), classifier.ports);
    const samples = Array.from({ length: calibration.size }, (_, i) => calibration.feedsOf(i));
    const arms = [];
    for (const weighting of weightings) {
      const start = performance.now();
      const { graph: truncated, share, ranks } = truncateTo(graph, weighting, samples, wanted.share);
      const seconds = (performance.now() - start) / 1000;
      const runner = makeRunner(truncated);
      arms.push({
        weighting,
        share,
        ranks,
        seconds,
        accuracy: await accuracyOf(async (feeds) => runner.run(feeds), test),
      });
    }
    const budget = Math.floor(classifier.onnxBrotli / wanted.timesSmaller);
    const builds: ClassifierBuild[] = [];
    for (const offset of [0, 2000, 4000]) builds.push(await buildClassifier(classifier, offset, { maxSize: budget }));
    const gain = (arms[2]?.accuracy ?? 0) - (arms[0]?.accuracy ?? 0);
    const drops = builds.map(({ drop }) => drop);
    const ratios = builds.map(({ timesSmaller }) => timesSmaller);
    return {
      data: `Fashion-MNIST: ${classifierData}`,
      table: [
        ['build', 'shipped bytes', 'smaller', 'accuracy', 'points lost', 'seconds'],
        ['ONNX, brotli 11', String(classifier.onnxBrotli), '1.00x', '', '', ''],
        [
          'exact',
          String(classifier.exactBytes),
          times(classifier.onnxBrotli / classifier.exactBytes),
          percent(classifier.accuracy),
          '0.00',
          '',
        ],
        ...arms.map(({ weighting, share, accuracy, seconds }) => [
          `rank, ${weighting}, ${percent(share)} of the weights`,
          '',
          '',
          percent(accuracy),
          points(classifier.accuracy - accuracy),
          seconds.toFixed(0),
        ]),
        ...builds.map((b, i) => [
          `max size ${budget}, draw ${i + 1}`,
          String(b.shippedBytes),
          times(b.timesSmaller),
          percent(b.accuracy),
          points(b.drop),
          b.seconds.toFixed(0),
        ]),
      ],
      goals: [
        {
          goal: 'at 10 % of the weights whitened truncation at least 20 points above plain SVD',
          measured: arms.map(({ weighting, accuracy }) => `${weighting} ${percent(accuracy)}`).join(', '),
          isMet: gain >= wanted.gain,
        },
        {
          goal: 'at least 25x smaller, within 1 point (three calibration draws)',
          measured: `${times(Math.min(...ratios))} to ${times(Math.max(...ratios))}, ${points(meanOf(drops))} points lost (spread ${points(spreadOf(drops))})`,
          isMet: Math.min(...ratios) >= wanted.timesSmaller && Math.max(...drops) <= wanted.drop,
        },
      ],
      figures: {
        onnxBrotli: classifier.onnxBrotli,
        exact: { shippedBytes: classifier.exactBytes, accuracy: classifier.accuracy },
        arms,
        budget,
        builds,
      },
    };
  },
};
