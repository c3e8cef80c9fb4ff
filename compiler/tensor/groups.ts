import { elementCount, type Shape, sizesOf } from './shape.ts';

/**
 * Which elements share a scale: the group of each element, from 0. By output channel: w [N, K], [M, C / group, k...] and
 * rows of tables [V, D] alike have one group per index of axis 0.
 */
export function groupByChannel(shape: Shape): Int32Array {
  const length = elementCount(shape) / (shape[0]?.size ?? 1) || 1;
  return Int32Array.from({ length: elementCount(shape) }, (_, i) => Math.floor(i / length));
}

/** One group per row of the last axis. */
export function groupByRow(shape: Shape): Int32Array {
  const length = shape.at(-1)?.size ?? 1;
  return Int32Array.from({ length: elementCount(shape) }, (_, i) => Math.floor(i / length));
}

/**
 * Per output channel, `size` consecutive inputs to a group, the last group of a channel may be smaller. Inputs of
 * w [M, C, k...] count tap by tap, channels fastest, as panels over NHWC images hold them.
 */
export function groupByInputs(shape: Shape, size: number): Int32Array {
  const [, channels = 1, ...kernel] = sizesOf(shape);
  const taps = kernel.reduce((product, k) => product * k, 1);
  const inputs = channels * taps;
  const perChannel = Math.ceil(inputs / size);
  return Int32Array.from({ length: elementCount(shape) }, (_, i) => {
    const [output, c, tap] = [Math.floor(i / inputs), Math.floor((i % inputs) / taps), i % taps];
    return output * perChannel + Math.floor((tap * channels + c) / size);
  });
}
