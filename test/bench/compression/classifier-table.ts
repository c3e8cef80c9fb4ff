import type { Goal } from './case.ts';
import type { Classifier, ClassifierBuild } from './classifier-build.ts';
import { meanOf, percent, points, spreadOf, times } from './measure-bundle.ts';

/** A row: what was built, bytes, times smaller than the ONNX file, accuracy, points lost, seconds. */
export type ClassifierRow = readonly [string, string, string, string, string, string];

/** The head, and what builds are compared with. */
export const referenceRows = ({ onnxBrotli, exactBytes, accuracy }: Classifier): readonly ClassifierRow[] => [
  ['build', 'shipped bytes', 'smaller', 'accuracy', 'points lost', 'seconds'],
  ['ONNX, brotli 11', String(onnxBrotli), '1.00x', '', '', ''],
  ['exact', String(exactBytes), times(onnxBrotli / exactBytes), percent(accuracy), '0.00', ''],
];

export const buildRow = (name: string, build: ClassifierBuild): ClassifierRow => [
  name,
  String(build.shippedBytes),
  times(build.timesSmaller),
  percent(build.accuracy),
  points(build.drop),
  build.seconds.toFixed(0),
];

/** One row for each calibration draw under a limit in bytes. */
export const drawRows = (maxSize: number, builds: readonly ClassifierBuild[]): readonly ClassifierRow[] =>
  builds.map((build, i) => buildRow(`max size ${maxSize}, draw ${i + 1}`, build));

/** Every draw is so many times smaller than the ONNX file and loses no more than `drop`, a share. */
export function sizeGoal(wanted: { timesSmaller: number; drop: number }, builds: readonly ClassifierBuild[]): Goal {
  const drops = builds.map(({ drop }) => drop);
  const ratios = builds.map(({ timesSmaller }) => timesSmaller);
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  const allowed = Number(points(wanted.drop));
  return {
    goal: `at least ${wanted.timesSmaller}x smaller, within ${allowed} ${allowed === 1 ? 'point' : 'points'} (three calibration draws)`,
    measured: `${times(least)} to ${times(most)}, ${points(meanOf(drops))} points lost (spread ${points(spreadOf(drops))})`,
    isMet: least >= wanted.timesSmaller && Math.max(...drops) <= wanted.drop,
  };
}

/** Of the classifier itself, for the result file. */
export const referenceFigures = ({ onnxBrotli, exactBytes, accuracy }: Classifier) => ({
  onnxBrotli,
  exact: { shippedBytes: exactBytes, accuracy },
});
