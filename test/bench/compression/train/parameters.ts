import * as tf from '@tensorflow/tfjs';
import type { Random } from '../../../../samples/digits/train/random.ts';

export type Parameters = Readonly<Record<string, tf.Variable>>;

/** A parameter before training: a matrix [in, out] or a value per channel, normal around `mean`. */
export interface Start {
  readonly shape: readonly [number] | readonly [number, number];
  readonly mean: number;
  readonly deviation: number;
  /** learnt by its gradient; else the network itself keeps it up to date */
  readonly isLearnt: boolean;
}

export type Starts = Readonly<Record<string, Start>>;

/** He et al. 2015: normal, variance gain^2 2 / inputs. */
export const matrix = (inputs: number, outputs: number, gain = 1): Start => ({
  shape: [inputs, outputs],
  mean: 0,
  deviation: gain * Math.sqrt(2 / inputs),
  isLearnt: true,
});

/** `value` for every channel. */
export const vector = (channels: number, value: number): Start => ({
  shape: [channels],
  mean: value,
  deviation: 0,
  isLearnt: true,
});

/** The same, of the data: no gradient moves it. */
export const statistic = (channels: number, value: number): Start => ({ ...vector(channels, value), isLearnt: false });

/** In the order of `starts`: every value takes one number from `random`. */
export function makeParameters(starts: Starts, random: Random): Parameters {
  return Object.fromEntries(
    Object.entries(starts).map(([name, { shape, mean, deviation, isLearnt }]) => {
      const count = shape.reduce((product: number, n) => product * n, 1);
      const values = Float32Array.from({ length: count }, () => mean + deviation * random.normal());
      return [name, tf.variable(tf.tensor(values, [...shape]), isLearnt, name)];
    }),
  );
}

/** @throws Error when the network has no parameter of that name */
export function parameterOf<T extends tf.Tensor>(parameters: Parameters, name: string): tf.Variable & T {
  const found = parameters[name];
  if (found === undefined) throw new Error(`no parameter ${name}`);
  return found as tf.Variable & T;
}
