import type { Tensor } from '../../compiler/tensor/tensor.ts';
import { at, build, casesOf, f32, indices, noise, type OpCase, type Sizes, sizes, spread, sum } from './case.ts';

const mean = (v: readonly number[]): number => sum(v) / v.length;
const variance = (v: readonly number[]): number => mean(v.map((x) => (x - mean(v)) ** 2));

const batchNorm = casesOf('batchNorm', ([x, scale, bias, center, spreadOf], a) =>
  build('float32', sizes(x!), (index) => {
    const c = [index[1] ?? 0];
    const deviation = Math.sqrt(at(spreadOf!, c) + ((a.epsilon as number | undefined) ?? 1e-5));
    return ((at(x!, index) - at(center!, c)) / deviation) * at(scale!, c) + at(bias!, c);
  }),
);
const perChannel = (c: number): Tensor[] => [
  noise([c], 0.5, 2, 2),
  noise([c], -1, 1, 3),
  noise([c], -1, 1, 4),
  noise([c], 0.25, 2, 5),
];
const batchNormCases: OpCase[] = [
  batchNorm('an image', [noise([2, 5, 3, 4]), ...perChannel(5)]),
  batchNorm('8 channels', [noise([1, 8, 2, 2]), ...perChannel(8)], { epsilon: 1e-3 }),
  batchNorm('rows', [noise([3, 7]), ...perChannel(7)]),
  batchNorm('a sequence', [noise([1, 3, 9]), ...perChannel(3)], { epsilon: 0 }),
  batchNorm('a vector is one channel', [noise([6]), ...perChannel(1)]),
  batchNorm('no batch', [noise([0, 3, 2]), ...perChannel(3)]),
];

/** The elements normalised together with `index`: all of the same leading dimensions. */
const inner = (x: Tensor, index: readonly number[], axis: number): number[] =>
  [...indices(sizes(x).slice(axis))].map((rest) => at(x, [...index.slice(0, axis), ...rest]));

const layerNorm = casesOf('layerNorm', ([x, scale, bias], a) =>
  build('float32', sizes(x!), (index) => {
    const axis = a.axis as number;
    const v = inner(x!, index, axis);
    const standard = (at(x!, index) - mean(v)) / Math.sqrt(variance(v) + ((a.epsilon as number | undefined) ?? 1e-5));
    const rest = index.slice(axis);
    return standard * spread(scale!, rest) + (bias ? spread(bias, rest) : 0);
  }),
);
const rmsNorm = casesOf('rmsNorm', ([x, scale], a) =>
  build('float32', sizes(x!), (index) => {
    const axis = a.axis as number;
    const square = mean(inner(x!, index, axis).map((v) => v * v));
    const root = Math.sqrt(square + ((a.epsilon as number | undefined) ?? 1e-5));
    return (at(x!, index) / root) * spread(scale!, index.slice(axis));
  }),
);
const layouts: readonly (readonly [string, Sizes, number])[] = [
  ['rows of 7', [3, 7], 1],
  ['tokens of 16', [1, 5, 16], 2],
  ['two dimensions', [2, 3, 5], 1],
  ['everything', [2, 9], 0],
  ['rows of 1', [4, 1], 1],
  ['no rows', [0, 4], 1],
];
const layerNormCases: OpCase[] = [
  ...layouts.flatMap(([name, shape, axis]) => {
    const rest = shape.slice(axis);
    const [x, scale, bias] = [noise(shape, -2, 3), noise(rest, 0.5, 2, 2), noise(rest, -1, 1, 3)];
    return [
      layerNorm(name, [x, scale, bias], { axis }),
      layerNorm(`${name}, no bias`, [x, scale], { axis, epsilon: 1e-3 }),
      rmsNorm(name, [x, scale], { axis }),
      rmsNorm(`${name}, epsilon 0.1`, [x, scale], { axis, epsilon: 0.1 }),
    ];
  }),
  layerNorm('one scale for all', [noise([2, 3, 4]), f32([1], [2]), f32([4], [1, 2, 3, 4])], { axis: 1 }),
  layerNorm('far from zero', [noise([2, 8], 8, 9), noise([8], 0.5, 2, 2)], { axis: 1 }),
];

const groupNorm = casesOf('groupNorm', ([x, scale, bias], a) =>
  build('float32', sizes(x!), (index) => {
    const [n, c] = index as [number, number];
    const [, channels, ...space] = sizes(x!);
    const size = channels! / (a.groups as number);
    const first = Math.floor(c / size) * size;
    const v = [...indices([size, ...space])].map(([k, ...rest]) => at(x!, [n, first + k!, ...rest]));
    const root = Math.sqrt(variance(v) + ((a.epsilon as number | undefined) ?? 1e-5));
    return ((at(x!, index) - mean(v)) / root) * at(scale!, [c]) + at(bias!, [c]);
  }),
);
const affine = (c: number): Tensor[] => [noise([c], 0.5, 2, 2), noise([c], -1, 1, 3)];
const groupNormCases: OpCase[] = [
  groupNorm('2 groups of 3', [noise([2, 6, 3, 2]), ...affine(6)], { groups: 2 }),
  groupNorm('one group', [noise([1, 5, 2, 3]), ...affine(5)], { groups: 1 }),
  groupNorm('a group per channel', [noise([2, 5, 3, 3]), ...affine(5)], { groups: 5 }),
  groupNorm('4 groups of 2, epsilon', [noise([1, 8, 3, 3]), ...affine(8)], { groups: 4, epsilon: 0.01 }),
  groupNorm('a sequence', [noise([1, 4, 7]), ...affine(4)], { groups: 2 }),
  groupNorm('rows without space', [noise([3, 6]), ...affine(6)], { groups: 3 }),
];

const lrn = casesOf('lrn', ([x], a) =>
  build('float32', sizes(x!), (index) => {
    const { size, alpha = 1e-4, beta = 0.75, bias = 1 } = a as Record<string, number>;
    const c = index[1]!;
    const from = Math.max(0, c - Math.floor((size! - 1) / 2));
    const to = Math.min(sizes(x!)[1]! - 1, c + Math.ceil((size! - 1) / 2));
    const squares = Array.from({ length: to - from + 1 }, (_, k) => at(x!, index.with(1, from + k)) ** 2);
    return at(x!, index) / (bias + (alpha / size!) * sum(squares)) ** beta;
  }),
);
const lrnCases: OpCase[] = [
  lrn('size 3', [noise([2, 5, 3, 3])], { size: 3 }),
  lrn('even size', [noise([1, 6, 2, 2])], { size: 4, alpha: 0.5 }),
  lrn('beyond all channels', [noise([1, 3, 2, 2])], { size: 9, alpha: 1, bias: 2 }),
  lrn('beta 0.5', [noise([1, 4, 2])], { size: 3, alpha: 1, beta: 0.5 }),
  lrn('beta 1', [noise([1, 4, 2])], { size: 3, alpha: 1, beta: 1 }),
  lrn('beta 0.6', [noise([1, 4, 2])], { size: 3, alpha: 1, beta: 0.6 }),
];

export const cases: readonly OpCase[] = [...batchNormCases, ...layerNormCases, ...groupNormCases, ...lrnCases];
