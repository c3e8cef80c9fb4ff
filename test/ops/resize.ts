import type { Attributes } from '../../compiler/ops/index.ts';
import {
  build,
  casesOf,
  f32,
  indices,
  noise,
  type OpCase,
  peek,
  type Sizes,
  sizes,
  sum,
  tensor,
  whole,
} from './case.ts';

type Weighted = readonly (readonly [position: number, weight: number])[];

/** Where output position o of a dimension lies in the input (the formulas of the ONNX Resize page). */
function locate(a: Attributes, d: number, o: number, from: number, rank: number): number {
  const to = (a.sizes as number[])[d]!;
  const scale = (a.scales as number[])[d]!;
  const [start, end] = [(a.roi as number[] | undefined)?.[d] ?? 0, (a.roi as number[] | undefined)?.[d + rank] ?? 1];
  switch (a.coordinates ?? 'half_pixel') {
    case 'asymmetric':
      return o / scale;
    case 'tf_half_pixel_for_nn':
      return (o + 0.5) / scale;
    case 'align_corners':
      return to === 1 ? 0 : (o * (from - 1)) / (to - 1);
    case 'pytorch_half_pixel':
      return to === 1 ? 0 : (o + 0.5) / scale - 0.5;
    case 'half_pixel_symmetric':
      return (from / 2) * (1 - to / (scale * from)) + (o + 0.5) / scale - 0.5;
    case 'tf_crop_and_resize':
      return to === 1
        ? 0.5 * (start + end) * (from - 1)
        : start * (from - 1) + (o * (end - start) * (from - 1)) / (to - 1);
    default:
      return (o + 0.5) / scale - 0.5;
  }
}

function round(mode: string, x: number): number {
  if (mode === 'floor') return Math.floor(x);
  if (mode === 'ceil') return Math.ceil(x);
  const isHalf = x - Math.floor(x) === 0.5;
  if (isHalf) return mode === 'round_prefer_ceil' ? Math.ceil(x) : Math.floor(x);
  return Math.round(x);
}

/** All input positions far around x with the weight the mode gives them. */
function neighbours(a: Attributes, x: number, size: number, scale: number): Weighted {
  const clamp = (p: number): number => Math.min(Math.max(p, 0), size - 1);
  if ((a.mode ?? 'nearest') === 'nearest') {
    return [[clamp(round((a.nearestMode as string | undefined) ?? 'round_prefer_floor', x)), 1]];
  }
  const squeeze = a.antialias ? Math.min(1, scale) : 1;
  const A = (a.cubicCoeff as number | undefined) ?? -0.75;
  const kernel = (t: number): number => {
    if (a.mode === 'linear') return Math.max(0, 1 - t);
    if (t < 1) return (A + 2) * t ** 3 - (A + 3) * t ** 2 + 1;
    return t < 2 ? A * t ** 3 - 5 * A * t ** 2 + 8 * A * t - 4 * A : 0;
  };
  const around = Array.from({ length: 81 }, (_, i) => Math.floor(x) - 40 + i);
  const kept = around.filter((p) => !a.excludeOutside || (p >= 0 && p < size));
  const weights = kept.map((p) => kernel(Math.abs(p - x) * squeeze));
  return kept.map((p, i) => [clamp(p), weights[i]! / sum(weights)] as const).filter(([, w]) => w !== 0);
}

const resize = casesOf('resize', ([x], a) => {
  const from = sizes(x!);
  return build(x!.dtype, a.sizes as number[], (o) => {
    const located = o.map((p, d) => locate(a, d, p, from[d]!, from.length));
    if (a.coordinates === 'tf_crop_and_resize' && located.some((p, d) => p < 0 || p > from[d]! - 1)) {
      return (a.extrapolation as number | undefined) ?? 0;
    }
    const choices = located.map((p, d) => neighbours(a, p, from[d]!, (a.scales as number[])[d]!));
    const value = sum(
      [...indices(choices.map((c) => c.length))].map((pick) => {
        const chosen = pick.map((i, d) => choices[d]![i]!);
        return (
          chosen.reduce((w, [, weight]) => w * weight, 1) *
          peek(
            x!,
            chosen.map(([p]) => p),
          )!
        );
      }),
    );
    return x!.dtype === 'float32' ? value : Math.trunc(value);
  });
});

const scaled = (from: Sizes, scales: readonly number[]): Attributes => ({
  scales,
  sizes: from.map((s, d) => Math.floor(s * scales[d]!)),
});
const sized = (from: Sizes, to: readonly number[]): Attributes => ({
  sizes: to,
  scales: from.map((s, d) => to[d]! / s),
});
const image: Sizes = [1, 2, 4, 5];
const coordinates = [
  'half_pixel',
  'half_pixel_symmetric',
  'pytorch_half_pixel',
  'align_corners',
  'asymmetric',
  'tf_half_pixel_for_nn',
];

const everyCoordinate: OpCase[] = coordinates.flatMap((mode) => [
  ...['nearest', 'linear', 'cubic'].flatMap((kind) => [
    resize(`${kind} ${mode} up`, [noise(image)], { ...sized(image, [1, 2, 7, 9]), mode: kind, coordinates: mode }),
    resize(`${kind} ${mode} down`, [noise(image)], {
      ...scaled(image, [1, 1, 0.75, 0.5]),
      mode: kind,
      coordinates: mode,
    }),
  ]),
  resize(`linear ${mode} to one`, [noise(image)], { ...sized(image, [1, 2, 1, 1]), mode: 'linear', coordinates: mode }),
]);

const nearest: OpCase[] = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'].flatMap((nearestMode) => [
  resize(`nearest ${nearestMode} up`, [noise(image)], { ...scaled(image, [1, 1, 2, 3]), nearestMode }),
  resize(`nearest ${nearestMode} asymmetric`, [noise(image)], {
    ...sized(image, [1, 2, 6, 7]),
    nearestMode,
    coordinates: 'asymmetric',
  }),
  resize(`nearest ${nearestMode} down`, [noise([1, 1, 8, 6])], {
    ...scaled([1, 1, 8, 6], [1, 1, 0.5, 0.5]),
    nearestMode,
  }),
]);

const region = [0, 0, 0.25, -0.25, 1, 1, 0.75, 1.25];
const crop: OpCase[] = ['nearest', 'linear', 'cubic'].flatMap((mode) => [
  resize(`${mode} crop`, [noise(image)], {
    ...sized(image, [1, 2, 3, 3]),
    mode,
    coordinates: 'tf_crop_and_resize',
    roi: [0, 0, 0.25, 0.25, 1, 1, 0.75, 0.75],
  }),
  resize(`${mode} crop beyond x`, [noise(image)], {
    ...sized(image, [1, 2, 3, 7]),
    mode,
    coordinates: 'tf_crop_and_resize',
    roi: region,
    extrapolation: 10,
  }),
]);

const cubic: OpCase[] = [
  resize('cubic -0.5, inside only', [noise(image)], {
    ...scaled(image, [1, 1, 2, 2]),
    mode: 'cubic',
    cubicCoeff: -0.5,
    excludeOutside: true,
  }),
  resize('linear, inside only', [noise(image)], {
    ...scaled(image, [1, 1, 1.5, 2]),
    mode: 'linear',
    excludeOutside: true,
  }),
];

const antialias: OpCase[] = ['linear', 'cubic'].flatMap((mode) => [
  resize(`${mode} antialias down`, [noise([1, 1, 9, 8])], {
    ...sized([1, 1, 9, 8], [1, 1, 4, 3]),
    mode,
    antialias: true,
  }),
  resize(`${mode} antialias up`, [noise(image)], { ...sized(image, [1, 2, 7, 9]), mode, antialias: true }),
  resize(`${mode} antialias, inside only`, [noise([1, 1, 9, 8])], {
    ...sized([1, 1, 9, 8], [1, 1, 2, 5]),
    mode,
    antialias: true,
    excludeOutside: true,
  }),
]);

const others: OpCase[] = [
  resize('1-D linear', [noise([2, 5])], { ...sized([2, 5], [2, 8]), mode: 'linear' }),
  resize('3-D linear', [noise([1, 1, 2, 3, 2])], { ...sized([1, 1, 2, 3, 2], [1, 1, 3, 5, 4]), mode: 'linear' }),
  resize('8 channels, linear by 2', [noise([1, 8, 3, 3])], { ...scaled([1, 8, 3, 3], [1, 1, 2, 2]), mode: 'linear' }),
  resize('unchanged', [noise(image)], { ...sized(image, [...image]), mode: 'linear' }),
  resize('uint8 nearest', [whole('uint8', [1, 1, 3, 3], 0, 255)], scaled([1, 1, 3, 3], [1, 1, 2, 2])),
  resize('uint8 linear', [tensor('uint8', [2, 2], [0, 100, 200, 44])], { ...sized([2, 2], [4, 4]), mode: 'linear' }),
  resize('to nothing', [noise([1, 1, 2, 2])], { ...sized([1, 1, 2, 2], [1, 1, 0, 4]), scales: [1, 1, 0.1, 2] }),
  {
    op: 'resize',
    name: 'bilinear by 2, written out',
    inputs: [f32([1, 1, 2, 2], [1, 2, 3, 4])],
    attributes: { ...scaled([1, 1, 2, 2], [1, 1, 2, 2]), mode: 'linear' },
    expected: f32([1, 1, 4, 4], [1, 1.25, 1.75, 2, 1.5, 1.75, 2.25, 2.5, 2.5, 2.75, 3.25, 3.5, 3, 3.25, 3.75, 4]),
    special: false,
  },
  {
    op: 'resize',
    name: 'a quotient that is whole in float32 only',
    inputs: [f32([6], [0, 1, 2, 3, 4, 5])],
    attributes: { ...sized([6], [22]), coordinates: 'asymmetric', nearestMode: 'floor' },
    expected: f32([22], [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5]),
    special: false,
  },
];

export const cases: readonly OpCase[] = [...everyCoordinate, ...nearest, ...crop, ...cubic, ...antialias, ...others];
