import { expect, test } from 'vitest';
import { selectSamples } from '../../compiler/data/data-set.ts';
import { openData } from '../../compiler/data/open.ts';
import { checkCalibrationSize, findOverlap, requireDisjoint, samplesNeeded } from '../../compiler/data/overlap.ts';
import { printDiagnostic } from '../../compiler/diagnostics/diagnostic.ts';

const dataOf = (...values: number[]) =>
  openData(
    values.map((value, i) => ({ inputs: { x: [value] }, labels: [i] })),
    [{ name: 'x', dtype: 'float32', shape: [1, 1] }],
  );

test('samples that both hold, by content', async () => {
  const [calibration, evaluation] = await Promise.all([dataOf(1, 2, 3, 2), dataOf(5, 2, 3, 6, 3)]);
  expect(findOverlap(calibration, evaluation)).toEqual({ calibration: [1, 2, 3], evaluation: [1, 2, 4] });
  expect(
    printDiagnostic(requireDisjoint(calibration, evaluation)!),
  ).toBe(`LCC7102: 3 of 5 evaluation samples are also calibration samples.
  at batches
  calibration: batches
  such as: sample 1, sample 2, sample 4
  Next: Evaluate on other data, or split one file with offset= and limit=.`);
});

test('none, and all', async () => {
  const [a, b] = await Promise.all([dataOf(1, 2, 3), dataOf(4, 5)]);
  expect(requireDisjoint(a, b)).toBeUndefined();
  expect(() =>
    requireDisjoint(a, selectSamples(a, [2, 0])),
  ).toThrow(`LCC7101: All 2 evaluation samples are also calibration samples: a loss measured on them proves nothing.
  at batches
  calibration: batches
  Next: Evaluate on other data, or split one file with offset= and limit=.`);
});

test('a selection has its own order, labels and hashes', async () => {
  const data = await dataOf(1, 2, 3);
  const part = selectSamples(data, [2, 0]);
  expect(part.size).toBe(2);
  expect(part.feedsOf(0)).toEqual({ x: Float32Array.of(3) });
  expect(part.labels?.values).toEqual(Int32Array.of(2, 0));
  expect(part.hashOf(1)).toBe(data.hashOf(0));
  expect(() => part.feedsOf(2)).toThrow(RangeError);
});

test('too few calibration samples for the width of a layer', async () => {
  const data = await dataOf(...Array.from({ length: 20 }, (_, i) => i));
  const narrow = { name: 'narrow', width: 10 };
  const conv = { name: 'conv', width: 27, rowsPerSample: 900 };
  expect([narrow, conv, { name: 'w', width: 27, rowsPerSample: 4 }].map(samplesNeeded)).toEqual([20, 1, 14]);
  expect(checkCalibrationSize(data, [narrow, conv])).toBeUndefined();
  const wide = [{ name: 'fc1', width: 784 }, narrow, { name: 'fc2', width: 11 }];
  expect(
    printDiagnostic(checkCalibrationSize(data, wide)!),
  ).toBe(`LCC7103: 20 calibration samples are few for the width of 2 layers: 1568 are needed.
  at batches
  - fc1: width 784, needs 1568
  - fc2: width 11, needs 22
  Next: Give at least 1568 calibration samples; they need no labels.`);
});
