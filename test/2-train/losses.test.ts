import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { useWasm } from '../../compiler/2-train/engine/wasm-backend.ts';
import { crossEntropy, type Loss, meanAbsoluteError, meanSquaredError } from '../../compiler/2-train/losses.ts';

beforeAll(useWasm);

const lossOf = (loss: Loss, outputs: number[][], labels: tf.Tensor): number =>
  tf.tidy(() => loss.of(tf.tensor2d(outputs), labels).dataSync()[0]!);

const logSoftmax = (row: readonly number[], at: number): number =>
  row[at]! - Math.log(row.reduce((sum, v) => sum + Math.exp(v), 0));

describe('losses', () => {
  const rows = [
    [1, 2, 0.5],
    [-1, 0, 3],
  ];

  test('cross-entropy is the mean of -log softmax at the labels', () => {
    const wanted = -(logSoftmax(rows[0]!, 0) + logSoftmax(rows[1]!, 2)) / 2;
    expect(lossOf(crossEntropy(), rows, tf.tensor1d([0, 2], 'int32'))).toBeCloseTo(wanted, 5);
  });

  test('rows without a label do not count', () => {
    const wanted = -logSoftmax(rows[1]!, 1);
    expect(lossOf(crossEntropy(), rows, tf.tensor1d([-100, 1], 'int32'))).toBeCloseTo(wanted, 5);
  });

  test('smoothing is shared among all classes', () => {
    const at = (k: number) => -logSoftmax(rows[0]!, k);
    const wanted = 0.9 * at(1) + (0.1 / 3) * (at(0) + at(1) + at(2));
    expect(lossOf(crossEntropy({ smoothing: 0.1 }), [rows[0]!], tf.tensor1d([1], 'int32'))).toBeCloseTo(wanted, 5);
  });

  test('squared and absolute errors are means over all elements', () => {
    const labels = tf.tensor1d([0, 2, 0.5, 1, 0, 0]);
    expect(lossOf(meanSquaredError(), rows, labels)).toBeCloseTo((1 + 0 + 0 + 4 + 0 + 9) / 6, 5);
    expect(lossOf(meanAbsoluteError(), rows, labels)).toBeCloseTo((1 + 2 + 3) / 6, 5);
  });
});
