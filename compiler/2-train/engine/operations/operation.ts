import type * as tf from '@tensorflow/tfjs';
import type { ValueId } from '../../../ir/graph.ts';
import type { Attributes } from '../../../ops/index.ts';
import { type Held, natural } from '../held.ts';
import { NotRenderable } from '../render.ts';

/** How a batch is run. */
export interface Mode {
  /** normalise by the batch, and tell its statistics */
  readonly isTraining: boolean;
  /** mean and variance that a batch-norm layer saw, by the constants that hold the running ones */
  readonly onStatistics?: (constant: ValueId, ofBatch: tf.Tensor) => void;
}

export interface Call {
  readonly inputs: readonly Held[];
  readonly ids: readonly ValueId[];
  readonly attributes: Attributes;
  /** sizes of the output as the graph knows them */
  readonly sizes: readonly number[];
  readonly mode: Mode;
}

/** An op on tensors of TensorFlow.js, where one call does what its meaning says. */
export type Operation = (call: Call) => Held;

export const numbers = (attributes: Attributes, name: string): readonly number[] => {
  const value = attributes[name];
  return Array.isArray(value) ? value : [];
};

export const number = (attributes: Attributes, name: string, fallback = 0): number => {
  const value = attributes[name];
  return typeof value === 'number' ? value : fallback;
};

export function operand(inputs: readonly Held[], place: number): Held {
  const held = inputs[place];
  if (!held) throw new RangeError(`internal: an op without operand ${place}`);
  return held;
}

/** An operand that is the same for all samples, as the graph has it: weights. */
export function parameter(inputs: readonly Held[], place: number): tf.Tensor {
  const held = operand(inputs, place);
  if (held.isBatched) throw new NotRenderable('weights that depend on the inputs');
  return natural(held);
}

/** The same, where there is one. */
export const parameterIfAny = (inputs: readonly Held[], place: number): tf.Tensor | undefined =>
  inputs[place] && parameter(inputs, place);
