import type { ValueId } from '../../ir/graph.ts';
import { OpError } from '../../ops/op.ts';
import type { ImageEmitter } from './image-emitter.ts';

export type Format = 'first' | 'last';

/** same: output = input / stride, rounded up, the odd padding at the end. A list: begins of all dimensions, then ends. */
export type Padding = 'same' | 'valid' | 'causal' | readonly number[];

/** How a window moves; one stride and dilation for each spatial dimension. */
export interface Sliding {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padding: Padding;
  /** where x and the result have their channels */
  readonly format: Format;
}

/** x with its channels first. */
export const imageOf = (e: ImageEmitter, x: ValueId, format: Format): ValueId =>
  format === 'last' ? e.channelsFirst(x) : x;

/** A result with its channels first, as the model has it. */
export const asFormat = (e: ImageEmitter, y: ValueId, format: Format): ValueId =>
  format === 'last' ? e.channelsLast(y) : y;

/** Begins of all spatial dimensions, then ends. */
export function padsOf(spatial: readonly number[], kernel: readonly number[], sliding: Sliding): number[] {
  const { strides, dilations, padding } = sliding;
  if (typeof padding !== 'string') return [...padding];
  const reach = kernel.map((size, i) => (size - 1) * (dilations[i] ?? 1) + 1);
  switch (padding) {
    case 'valid':
      return spatial.flatMap(() => [0, 0]);
    case 'causal':
      return [...reach.map((size) => size - 1), ...reach.map(() => 0)];
    case 'same': {
      const totals = spatial.map((size, i) => {
        const stride = strides[i] ?? 1;
        return Math.max(0, (Math.ceil(size / stride) - 1) * stride + (reach[i] ?? 1) - size);
      });
      const begins = totals.map((total) => Math.floor(total / 2));
      return [...begins, ...totals.map((total, i) => total - (begins[i] ?? 0))];
    }
    default:
      return padding satisfies never;
  }
}

const withBias = (x: ValueId, w: ValueId, bias: ValueId | undefined): ValueId[] =>
  bias === undefined ? [x, w] : [x, w, bias];

/** kernel [space..., I / groups, O], bias [O]. */
export function convolve(
  e: ImageEmitter,
  x: ValueId,
  kernel: ValueId,
  bias: ValueId | undefined,
  sliding: Sliding,
): ValueId {
  const image = imageOf(e, x, sliding.format);
  requireRank(e, image, kernel);
  const sizes = e.sizes(kernel);
  const space = sizes.slice(0, -2);
  const [channels = 0, perGroup = 0] = [e.sizes(image)[1], sizes.at(-2)];
  if (perGroup === 0 || channels % perGroup !== 0) {
    throw new OpError(`${channels} channels for a kernel [${sizes.join(',')}]`);
  }
  const w = e.transpose(kernel, [space.length + 1, space.length, ...space.map((_, i) => i)]);
  const { strides, dilations } = sliding;
  const pads = padsOf(e.sizes(image).slice(2), space, sliding);
  const y = e.emit('conv', withBias(image, w, bias), { strides, dilations, pads, group: channels / perGroup });
  return asFormat(e, y, sliding.format);
}

/** kernel [h, w, C, M]: channel c becomes the channels c M to c M + M - 1; bias [C M]. */
export function convolveDepthwise(
  e: ImageEmitter,
  x: ValueId,
  kernel: ValueId,
  bias: ValueId | undefined,
  sliding: Sliding,
): ValueId {
  const image = imageOf(e, x, sliding.format);
  requireRank(e, image, kernel);
  const [h = 0, w = 0, channels = 0, multiplier = 0] = e.sizes(kernel);
  const weight = e.reshape(e.transpose(kernel, [2, 3, 0, 1]), [channels * multiplier, 1, h, w]);
  const { strides, dilations } = sliding;
  const pads = padsOf(e.sizes(image).slice(2), [h, w], sliding);
  const y = e.emit('conv', withBias(image, weight, bias), { strides, dilations, pads, group: channels });
  return asFormat(e, y, sliding.format);
}

/**
 * The gradient of a convolution that makes x out of an image of `space`, by its input: kernel [space..., O, C], bias [O].
 */
export function convolveTransposed(
  e: ImageEmitter,
  x: ValueId,
  kernel: ValueId,
  bias: ValueId | undefined,
  sliding: Sliding,
  space: readonly number[],
): ValueId {
  const image = imageOf(e, x, sliding.format);
  requireRank(e, image, kernel);
  const reach = e.sizes(kernel).slice(0, -2);
  const { strides, dilations } = sliding;
  const pads = padsOf(space, reach, sliding);
  const outputPadding = e
    .sizes(image)
    .slice(2)
    .map((size, i) => {
      const covered = (size - 1) * (strides[i] ?? 1) + ((reach[i] ?? 1) - 1) * (dilations[i] ?? 1) + 1;
      return (space[i] ?? 0) - covered + (pads[i] ?? 0) + (pads[i + space.length] ?? 0);
    });
  if (outputPadding.some((size, i) => size < 0 || size >= (strides[i] ?? 1))) {
    throw new OpError(`an image of [${space.join(',')}] does not become [${e.sizes(image).slice(2).join(',')}]`);
  }
  const w = e.transpose(kernel, [reach.length + 1, reach.length, ...reach.map((_, i) => i)]);
  const y = e.emit('convTranspose', withBias(image, w, bias), { strides, dilations, pads, outputPadding });
  return asFormat(e, y, sliding.format);
}

function requireRank(e: ImageEmitter, image: ValueId, kernel: ValueId): void {
  if (e.rank(image) > 2 && e.rank(image) === e.rank(kernel)) return;
  throw new OpError(`x has rank ${e.rank(image)}, its kernel rank ${e.rank(kernel)}`);
}
