export interface ConvCase {
  /** n, h, w, c */
  readonly x: readonly [number, number, number, number];
  /** kh, kw, c, and outputs, or of a depthwise convolution the multiplier */
  readonly filter: readonly [number, number, number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly pad: 'same' | 'valid' | number | [[0, 0], [number, number], [number, number], [0, 0]];
}

interface Extent {
  readonly out: number;
  readonly before: number;
}

function extent(one: ConvCase, axis: 0 | 1): Extent {
  const size = one.x[axis + 1]!;
  const stride = one.strides[axis];
  const field = (one.filter[axis] - 1) * one.dilations[axis] + 1;
  if (one.pad === 'valid') return { out: Math.ceil((size - field + 1) / stride), before: 0 };
  if (one.pad === 'same') {
    const out = Math.ceil(size / stride);
    return { out, before: Math.floor(Math.max(0, (out - 1) * stride + field - size) / 2) };
  }
  const [before, after] = typeof one.pad === 'number' ? [one.pad, one.pad] : (one.pad[axis + 1]! as [number, number]);
  return { out: Math.floor((size + before + after - field) / stride) + 1, before };
}

/** n, oh, ow, o */
export const outputShape = (one: ConvCase, isDepthwise: boolean): [number, number, number, number] => [
  one.x[0],
  extent(one, 0).out,
  extent(one, 1).out,
  isDepthwise ? one.filter[2] * one.filter[3] : one.filter[3],
];

/** By definition, in float64. */
export function convolve(
  one: ConvCase,
  x: readonly number[],
  filter: readonly number[],
  isDepthwise: boolean,
): number[] {
  const [, h, w, c] = one.x;
  const [kh, kw, , last] = one.filter;
  const [n, oh, ow, o] = outputShape(one, isDepthwise);
  const [top, left] = [extent(one, 0).before, extent(one, 1).before];
  const y: number[] = [];
  for (let image = 0; image < n; image++)
    for (let row = 0; row < oh; row++)
      for (let column = 0; column < ow; column++)
        for (let to = 0; to < o; to++) {
          let sum = 0;
          for (let i = 0; i < kh; i++)
            for (let j = 0; j < kw; j++) {
              const below = row * one.strides[0] + i * one.dilations[0] - top;
              const aside = column * one.strides[1] + j * one.dilations[1] - left;
              if (below < 0 || below >= h || aside < 0 || aside >= w) continue;
              for (let from = 0; from < c; from++) {
                if (isDepthwise && Math.floor(to / last) !== from) continue;
                const weight = ((i * kw + j) * c + from) * last + (isDepthwise ? to % last : to);
                sum += x[((image * h + below) * w + aside) * c + from]! * filter[weight]!;
              }
            }
          y.push(sum);
        }
  return y;
}
