import { compile } from '../../../compiler/compile.ts';
import type { DataPort, DataSet } from '../../../compiler/data/data-set.ts';
import type { CompressionOptions } from '../../../compiler/ir/bundle.ts';
import type { CompressionReport } from '../../../compiler/ir/report.ts';
import { evaluationImages, type ImageSet, openTestImages, trainingImages } from './image-sources.ts';
import { brotliBytes, measureAccuracy, shippedBytes } from './measure-bundle.ts';

/** A classifier with its data, exact build measured. */
export interface Classifier {
  readonly model: Uint8Array;
  readonly onnxBrotli: number;
  readonly ports: readonly DataPort[];
  readonly test: DataSet;
  /** of our exact build, on the test images */
  readonly accuracy: number;
  readonly exactBytes: number;
  /** 2,000 training images from `offset` on */
  readonly calibration: (offset: number) => string;
  /** 6,000 other training images; half of them decide */
  readonly evaluation: string;
}

/** A compressed build, measured. `drop` on the test images, as a share. */
export interface ClassifierBuild {
  readonly shippedBytes: number;
  readonly timesSmaller: number;
  readonly accuracy: number;
  readonly drop: number;
  readonly seconds: number;
  readonly compression: Summary | undefined;
}

interface Summary {
  readonly estimatedBytes: number | undefined;
  readonly attempts: number;
  readonly validation: CompressionReport['metric'];
  readonly actions: readonly string[];
}

export const target = 'mobile-wasm';
/** Images of one draw. */
export const calibrationCount = 2000;
/** First training image of each draw; all end before evaluation starts. */
export const calibrationDraws = [0, 2000, 4000];

export const classifierData =
  'calibration 2,000 training images; 6,000 other training images decide (half) and report (half); accuracy on all 10,000 test images';

export async function openClassifier(model: Uint8Array, shared: string, set: ImageSet): Promise<Classifier> {
  const exact = await compile(model, { target });
  const ports = exact.report.inputs;
  const test = await openTestImages(shared, set, ports);
  return {
    model,
    ports,
    test,
    onnxBrotli: brotliBytes(model),
    accuracy: await measureAccuracy(exact, test),
    exactBytes: await shippedBytes(exact),
    calibration: (offset) => trainingImages(shared, set, offset, calibrationCount),
    evaluation: trainingImages(shared, set, evaluationImages.from, evaluationImages.count),
  };
}

/** Builds and measures. `calibrationOffset`: first training image of the calibration data; undefined for none. */
export async function buildClassifier(
  { model, onnxBrotli, test, accuracy: before, calibration, evaluation }: Classifier,
  calibrationOffset: number | undefined,
  options: CompressionOptions,
): Promise<ClassifierBuild> {
  const start = performance.now();
  const data = calibrationOffset === undefined ? {} : { calibration: calibration(calibrationOffset), evaluation };
  const onProgress = (line: string): void => {
    process.stderr.write(`  ${((performance.now() - start) / 1000).toFixed(0)} s: ${line}\n`);
  };
  const bundle = await compile(model, { target, ...data, ...options, onProgress });
  const seconds = (performance.now() - start) / 1000;
  const bytes = await shippedBytes(bundle);
  const accuracy = await measureAccuracy(bundle, test);
  const { compression } = bundle.report;
  return {
    shippedBytes: bytes,
    timesSmaller: onnxBrotli / bytes,
    accuracy,
    drop: before - accuracy,
    seconds,
    compression: compression && summarise(compression),
  };
}

/** One build for each calibration draw. */
export async function buildDraws(
  classifier: Classifier,
  options: CompressionOptions,
): Promise<readonly ClassifierBuild[]> {
  const builds: ClassifierBuild[] = [];
  for (const offset of calibrationDraws) builds.push(await buildClassifier(classifier, offset, options));
  return builds;
}

const summarise = ({ steps, attempts, metric, actions }: CompressionReport): Summary => ({
  estimatedBytes: steps.at(-1)?.size,
  attempts,
  validation: metric,
  actions: actions.map(({ pass, place, level }) => `${pass} ${place}: ${level}`),
});
