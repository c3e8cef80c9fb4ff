import * as tf from '@tensorflow/tfjs';
import { ignoredLabel } from '../data/data-set.ts';

/** Mean loss of a batch: outputs [rows, K] and labels, one of `classes` or K values for each row. */
export interface Loss {
  readonly name: string;
  readonly labels: 'class' | 'value';
  of(outputs: tf.Tensor2D, labels: tf.Tensor): tf.Scalar;
}

/** -log softmax(outputs) at the label, over the rows that have one; `smoothing` is shared among all classes. */
export const crossEntropy = ({ smoothing = 0 }: { readonly smoothing?: number } = {}): Loss => ({
  name: 'cross-entropy',
  labels: 'class',
  of(outputs, labels) {
    const classes = outputs.shape[1];
    const isKnown = tf.notEqual(labels, tf.scalar(ignoredLabel, 'int32'));
    const known = tf.where(isKnown, labels, tf.zerosLike(labels)) as tf.Tensor1D;
    const wanted = tf.oneHot(known, classes);
    const counts = tf.cast(isKnown, 'float32');
    const each = tf.losses.softmaxCrossEntropy(wanted, outputs, counts, smoothing, tf.Reduction.NONE);
    // a batch without any label has no loss
    return tf.div(tf.sum(each), tf.maximum(tf.sum(counts), 1));
  },
});

/** Mean of (output - label)^2. */
export const meanSquaredError = (): Loss => ({
  name: 'mse',
  labels: 'value',
  of: (outputs, labels) => tf.mean(tf.square(tf.sub(outputs, tf.reshape(labels, outputs.shape)))) as tf.Scalar,
});

/** Mean of |output - label|. */
export const meanAbsoluteError = (): Loss => ({
  name: 'mae',
  labels: 'value',
  of: (outputs, labels) => tf.mean(tf.abs(tf.sub(outputs, tf.reshape(labels, outputs.shape)))) as tf.Scalar,
});
