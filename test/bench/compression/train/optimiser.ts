import * as tf from '@tensorflow/tfjs';
import type { Parameters } from './parameters.ts';

/** Moves the values of one parameter down its gradient, in place, and keeps what it must remember of earlier steps. */
export type Update = (values: Float32Array, gradient: Float32Array, rate: number) => void;

/** A rule of learning: makes the update of a parameter of that shape. */
export type Optimiser = (shape: readonly number[]) => Update;

/** One step down the gradient of `loss`; returns the loss before it. */
export type Step = (loss: () => tf.Scalar, rate: number) => number;

/**
 * Steps of all learnt parameters. Updates run over plain arrays: one loop instead of a dozen products of the size of the
 * parameters, and tfjs cannot change the rate of its own optimisers.
 */
export function makeStep(parameters: Parameters, optimiser: Optimiser): Step {
  const learnt = Object.values(parameters).filter(({ trainable }) => trainable);
  const states = learnt.map((variable) => ({
    variable,
    values: Float32Array.from(variable.dataSync()),
    update: optimiser(variable.shape),
  }));
  return (loss, rate) => {
    const { value, grads } = tf.variableGrads(loss, learnt);
    for (const { variable, values, update } of states) {
      const gradient = grads[variable.name];
      if (gradient === undefined) throw new Error(`no gradient of ${variable.name}`);
      update(values, gradient.dataSync() as Float32Array, rate);
      const next = tf.tensor(values, variable.shape);
      variable.assign(next);
      tf.dispose([next, gradient]);
    }
    const before = value.dataSync()[0] ?? Number.NaN;
    value.dispose();
    return before;
  };
}
