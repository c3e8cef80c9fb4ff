import * as tf from '@tensorflow/tfjs';

/**
 * A graph value while a batch runs through the graph. What depends on the inputs has the samples along a leading axis, in
 * front of the dimensions that the graph knows; what depends on parameters only has none. `order` says which dimension
 * of the graph lies where: convolutions leave channels last, and whatever can works on that as it is.
 */
export interface Held {
  readonly tensor: tf.Tensor;
  readonly isBatched: boolean;
  /** dimension of the graph's value at each place behind the samples */
  readonly order: readonly number[];
}

export const naturalOrder = (rank: number): number[] => Array.from({ length: rank }, (_, d) => d);

export const isNatural = (order: readonly number[]): boolean => order.every((d, place) => d === place);

export const hold = (tensor: tf.Tensor, isBatched: boolean, order?: readonly number[]): Held => ({
  tensor,
  isBatched,
  order: order ?? naturalOrder(tensor.rank - (isBatched ? 1 : 0)),
});

/** Places in front of the graph's dimensions. */
export const leadOf = ({ isBatched }: Held): number => (isBatched ? 1 : 0);

/** Sizes of the dimensions that the graph knows, in its order. */
export function sizesOfHeld(held: Held): number[] {
  const sizes: number[] = [];
  held.order.forEach((d, place) => {
    sizes[d] = held.tensor.shape[place + leadOf(held)] ?? 1;
  });
  return sizes;
}

/** The same with its dimensions in that order. */
export function inOrder(held: Held, order: readonly number[]): Held {
  if (order.every((d, place) => d === held.order[place])) return held;
  const lead = leadOf(held);
  const places = order.map((d) => held.order.indexOf(d) + lead);
  return { ...held, tensor: tf.transpose(held.tensor, [...naturalOrder(lead), ...places]), order };
}

/** The tensor in the graph's order: [B, sizes...] or [sizes...]. */
export const natural = (held: Held): tf.Tensor => inOrder(held, naturalOrder(held.order.length)).tensor;

/** The tensor in the graph's order with a leading axis, of size 1 where it is the same for all samples. */
export function withLead(held: Held): tf.Tensor {
  const tensor = natural(held);
  return held.isBatched ? tensor : tf.reshape(tensor, [1, ...tensor.shape]);
}

/** x repeated along its dimensions of size 1; tfjs has no gradient of a tile of more than four dimensions. */
export const spreadTo = (x: tf.Tensor, shape: readonly number[]): tf.Tensor => {
  if (shape.every((size, d) => size === x.shape[d])) return x;
  return x.dtype === 'float32' ? tf.add(x, tf.zeros([...shape])) : tf.broadcastTo(x, [...shape]);
};
