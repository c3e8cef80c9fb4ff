import * as tf from '@tensorflow/tfjs';
import { type Gradient, gradientOfTwo, sumTo } from './gradient.ts';

type Compare = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

/** Where `takesA`, dy goes to a, else to b. */
const choiceGradient = (name: string, takesA: Compare): Gradient =>
  gradientOfTwo(name, ['a', 'b'], (dy, [a, b]) => ({
    a: () => sumTo(tf.mul(dy, tf.cast(takesA(a, b), 'float32')), a.shape),
    b: () => sumTo(tf.mul(dy, tf.cast(tf.logicalNot(takesA(a, b)), 'float32')), b.shape),
  }));

/** tfjs leaves what broadcasting repeated unsummed, so that these fail where the smaller operand is learnt. */
export const broadcastGradients: readonly Gradient[] = [
  choiceGradient(tf.Maximum, tf.greaterEqual),
  choiceGradient(tf.Minimum, tf.lessEqual),
  gradientOfTwo(tf.SquaredDifference, ['a', 'b'], (dy, [a, b]) => ({
    a: () => sumTo(tf.mul(dy, tf.mul(tf.sub(a, b), 2)), a.shape),
    b: () => sumTo(tf.mul(dy, tf.mul(tf.sub(b, a), 2)), b.shape),
  })),
];
