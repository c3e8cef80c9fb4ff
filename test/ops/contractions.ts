import type { Attributes } from '../../compiler/ops/index.ts';
import type { Tensor } from '../../compiler/tensor/tensor.ts';
import { codeOf, signedCodeOf } from '../harness/code-of.ts';
import {
  at,
  broadcast,
  build,
  casesOf,
  f32,
  indices,
  noise,
  type OpCase,
  peek,
  type Sizes,
  sizes,
  spread,
  sum,
  whole,
} from './case.ts';

/** numpy.matmul: 1-D operands become a row and a column, whose dimension is dropped again. */
function multiply([a, b]: readonly Tensor[]): Tensor {
  const left: Sizes = sizes(a!).length === 1 ? [1, ...sizes(a!)] : sizes(a!);
  const right: Sizes = sizes(b!).length === 1 ? [...sizes(b!), 1] : sizes(b!);
  const [x, y] = [build(a!.dtype, left, valuesOf(a!)), build(b!.dtype, right, valuesOf(b!))];
  const batch = broadcast(left.slice(0, -2), right.slice(0, -2), []);
  const whole = build(a!.dtype, [...batch, left.at(-2)!, right.at(-1)!], (index) => {
    const [outer, i, j] = [index.slice(0, -2), index.at(-2)!, index.at(-1)!];
    return sum(
      Array.from({ length: left.at(-1)! }, (_, k) => spread(x, [...outer, i, k]) * spread(y, [...outer, k, j])),
    );
  });
  const kept = [
    ...batch,
    ...(a!.shape.length > 1 ? [left.at(-2)!] : []),
    ...(b!.shape.length > 1 ? [right.at(-1)!] : []),
  ];
  return build(a!.dtype, kept, valuesOf(whole));
}

/** The elements of a tensor one after another, whatever the index. */
function valuesOf(x: Tensor): () => number {
  let next = 0;
  return () => Number(x.data[next++]);
}

const matmul = casesOf('matmul', multiply);
const matmulCases: OpCase[] = [
  matmul('3x5 by 5x7', [noise([3, 5]), noise([5, 7], -2, 2, 2)]),
  matmul('1x1 by 1x1', [noise([1, 1]), noise([1, 1], -2, 2, 2)]),
  matmul('8x16 by 16x8', [noise([8, 16]), noise([16, 8], -2, 2, 2)]),
  matmul('13x33 by 33x17', [noise([13, 33]), noise([33, 17], -2, 2, 2)]),
  matmul('vector by matrix', [noise([5]), noise([5, 9], -2, 2, 2)]),
  matmul('matrix by vector', [noise([6, 5]), noise([5], -2, 2, 2)]),
  matmul('vector by vector', [noise([7]), noise([7], -2, 2, 2)]),
  matmul('batch of 3', [noise([3, 2, 5]), noise([3, 5, 4], -2, 2, 2)]),
  matmul('batches broadcast both ways', [noise([2, 1, 3, 5]), noise([3, 5, 4], -2, 2, 2)]),
  matmul('one matrix for all batches', [noise([2, 3, 5]), noise([5, 9], -2, 2, 2)]),
  matmul('vector by batch', [noise([4]), noise([2, 4, 3], -2, 2, 2)]),
  matmul('batch by vector', [noise([2, 3, 4]), noise([4], -2, 2, 2)]),
  matmul('nothing to sum', [noise([2, 0]), noise([0, 3])]),
  matmul('no rows', [noise([0, 4]), noise([4, 3])]),
  matmul('int32', [whole('int32', [3, 4], -9, 9), whole('int32', [4, 5], -9, 9, 2)]),
];

const linear = casesOf('linear', ([x, w, b]) =>
  build('float32', [...sizes(x!).slice(0, -1), sizes(w!)[0]!], (index) => {
    const n = index.at(-1)!;
    const products = Array.from(
      { length: sizes(w!)[1]! },
      (_, k) => at(x!, [...index.slice(0, -1), k]) * at(w!, [n, k]),
    );
    return sum(products) + (b ? at(b, [n]) : 0);
  }),
);
const linearCases: OpCase[] = [
  linear('one row', [noise([1, 10]), noise([7, 10], -2, 2, 2), noise([7], -2, 2, 3)]),
  linear('3 rows, no bias', [noise([3, 5]), noise([9, 5], -2, 2, 2)]),
  linear('a vector', [noise([6]), noise([3, 6], -2, 2, 2), noise([3], -2, 2, 3)]),
  linear('rank 3', [noise([2, 3, 8]), noise([16, 8], -2, 2, 2), noise([16], -2, 2, 3)]),
  linear('one output', [noise([5, 4]), noise([1, 4], -2, 2, 2), noise([1], -2, 2, 3)]),
  linear('one input', [noise([5, 1]), noise([6, 1], -2, 2, 2), noise([6], -2, 2, 3)]),
  linear('no rows', [noise([0, 4]), noise([3, 4])]),
  linear('37 by 29', [noise([5, 37]), noise([29, 37], -1, 1, 2), noise([29], -2, 2, 3)]),
];

interface Geometry {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
  readonly group: number;
}

function geometry(rank: number, a: Attributes): Geometry {
  const list = (name: string, length: number, fill: number): readonly number[] =>
    (a[name] as readonly number[] | undefined) ?? new Array<number>(length).fill(fill);
  return {
    strides: list('strides', rank, 1),
    dilations: list('dilations', rank, 1),
    pads: list('pads', 2 * rank, 0),
    group: (a.group as number | undefined) ?? 1,
  };
}

function convolve([x, w, b]: readonly Tensor[], a: Attributes): Tensor {
  const [n, , ...space] = sizes(x!) as [number, number, ...number[]];
  const [m, perGroup, ...kernel] = sizes(w!) as [number, number, ...number[]];
  const { strides, dilations, pads, group } = geometry(space.length, a);
  const out = space.map((size, i) => {
    const room = size + pads[i]! + pads[i + space.length]! - dilations[i]! * (kernel[i]! - 1) - 1;
    return Math.floor(room / strides[i]!) + 1;
  });
  return build('float32', [n, m, ...out], ([batch, channel, ...o]) => {
    let total = b ? at(b, [channel!]) : 0;
    const first = Math.floor(channel! / (m / group)) * perGroup;
    for (const [c, ...k] of indices([perGroup, ...kernel])) {
      const source = o.map((p, i) => p * strides[i]! + k[i]! * dilations[i]! - pads[i]!);
      total += (peek(x!, [batch!, first + c!, ...source]) ?? 0) * at(w!, [channel!, c!, ...k]);
    }
    return total;
  });
}

const conv = casesOf('conv', convolve);
const filter = (...s: number[]): Tensor => noise(s, -1, 1, 2);
const bias = (m: number): Tensor => noise([m], -1, 1, 3);
const convCases: OpCase[] = [
  conv('3x3', [noise([1, 3, 7, 6]), filter(5, 3, 3, 3), bias(5)]),
  conv('3x3 padded, no bias', [noise([1, 2, 5, 5]), filter(4, 2, 3, 3)], { pads: [1, 1, 1, 1] }),
  conv('3x3 stride 2, uneven pads', [noise([1, 3, 8, 7]), filter(8, 3, 3, 3), bias(8)], {
    strides: [2, 2],
    pads: [0, 1, 1, 0],
  }),
  conv('pointwise', [noise([1, 9, 4, 5]), filter(6, 9, 1, 1), bias(6)]),
  conv('pointwise stride 2', [noise([1, 4, 5, 5]), filter(8, 4, 1, 1)], { strides: [2, 2] }),
  conv('5x5 of one channel', [noise([1, 1, 9, 9]), filter(3, 1, 5, 5), bias(3)], { pads: [2, 2, 2, 2] }),
  conv('uneven kernel and strides', [noise([1, 2, 9, 5]), filter(3, 2, 4, 2)], { strides: [3, 1] }),
  conv('dilated', [noise([1, 2, 9, 9]), filter(3, 2, 3, 3), bias(3)], { dilations: [2, 3], pads: [2, 3, 2, 3] }),
  conv('batch of 2', [noise([2, 3, 4, 4]), filter(4, 3, 3, 3), bias(4)], { pads: [1, 1, 1, 1] }),
  conv('1-D', [noise([1, 3, 11]), filter(5, 3, 3), bias(5)], { strides: [2], pads: [1, 1] }),
  conv('3-D', [noise([1, 2, 4, 3, 5]), filter(3, 2, 2, 2, 2), bias(3)]),
  conv('2 groups', [noise([1, 4, 5, 5]), filter(6, 2, 3, 3), bias(6)], { group: 2, pads: [1, 1, 1, 1] }),
  conv('depthwise', [noise([1, 6, 5, 7]), filter(6, 1, 3, 3), bias(6)], { group: 6, pads: [1, 1, 1, 1] }),
  conv('depthwise of 8, stride 2', [noise([1, 8, 8, 8]), filter(8, 1, 3, 3)], {
    group: 8,
    strides: [2, 2],
    pads: [0, 0, 1, 1],
  }),
  conv('depthwise, two outputs each', [noise([1, 3, 5, 5]), filter(6, 1, 3, 3), bias(6)], { group: 3 }),
  conv('patches', [noise([1, 3, 8, 8]), filter(10, 3, 4, 4), bias(10)], { strides: [4, 4] }),
  conv('window as large as x', [noise([1, 2, 3, 3]), filter(4, 2, 3, 3), bias(4)]),
  conv('no batch', [noise([0, 2, 3, 3]), filter(4, 2, 3, 3)]),
  conv(
    'NaN spreads no further than its windows',
    [f32([1, 1, 1, 4], [1, NaN, 3, 4]), f32([1, 1, 1, 2], [1, 1])],
    {},
    true,
  ),
];

/** The product of codes of a, centred, and of b: what ops/quantize.ts says, spelt out again. */
function quantizedMatmul(name: string, [a, b]: readonly [Tensor, Tensor], zero: number, special = false): OpCase {
  const attributes = { inputScale: 0.03, inputZero: zero, rightScale: 0.02 };
  const left = { inverseScale: Math.fround(1 / 0.03), zero };
  const mapped = (t: Tensor, code: (x: number) => number): Tensor =>
    build('float32', sizes(t), (index) => code(peek(t, index) ?? 0));
  const expected = multiply([
    mapped(a, (x) => codeOf(x, left) - zero),
    mapped(b, (x) => signedCodeOf(x, Math.fround(1 / 0.02))),
  ]);
  return { op: 'matmul', name: `of codes, ${name}`, inputs: [a, b], attributes, expected, special };
}

const quantizedProducts: OpCase[] = [
  quantizedMatmul('batches', [noise([2, 3, 7, 12]), noise([2, 3, 12, 9], -2, 2, 2)], 64),
  quantizedMatmul('groups of four filled up', [noise([9, 21]), noise([21, 18], -2, 2, 2)], 50),
  quantizedMatmul('nothing below zero, saturating', [noise([5, 8], 0, 5), noise([8, 4], -4, 4, 2)], 0),
  quantizedMatmul('one row by one column', [noise([1, 13]), noise([13, 1], -2, 2, 2)], 127),
];

/** The layer on codes of x: what ops/quantize.ts says, spelt out again. Padding is a 0 that is quantised too. */
const onCodes =
  (op: 'linear' | 'conv', reference: (inputs: readonly Tensor[], a: Attributes) => Tensor) =>
  (
    name: string,
    inputs: readonly Tensor[],
    a: Attributes & { readonly inputScale: number },
    special = false,
  ): OpCase => {
    const quantization = { inverseScale: Math.fround(1 / a.inputScale), zero: Number(a.inputZero ?? 0) };
    const [x, ...rest] = inputs;
    const pads =
      (a.pads as readonly number[] | undefined) ??
      sizes(x!)
        .slice(2)
        .flatMap(() => [0, 0]);
    const half = pads.length / 2;
    const padded = [...sizes(x!)].map((size, d) =>
      d < 2 || op === 'linear' ? size : size + pads[d - 2]! + pads[d - 2 + half]!,
    );
    const codes = build('float32', padded, (index) => {
      const inside = index.map((i, d) => (d < 2 || op === 'linear' ? i : i - pads[d - 2]!));
      return codeOf(peek(x!, inside) ?? 0, quantization);
    });
    const expected = reference([codes, ...rest], { ...a, pads: pads.map(() => 0) });
    return { op, name: `of codes, ${name}`, inputs, attributes: a, expected, special };
  };

const codesOfWeights = (...s: number[]): Tensor => whole('float32', s, -127, 127, 2);
const quantizedLinear = onCodes('linear', (inputs) => linear('', inputs).expected);
const quantizedConv = onCodes('conv', convolve);
const quantizedCases: OpCase[] = [
  quantizedLinear('one row', [noise([1, 32], 0, 3), codesOfWeights(21, 32)], { inputScale: 3 / 127 }),
  quantizedLinear('rank 3, both signs, bias', [noise([2, 3, 20]), codesOfWeights(9, 20), codesOfWeights(9)], {
    inputScale: 4 / 127,
    inputZero: 63,
  }),
  quantizedLinear('saturating', [noise([5, 12], -9, 9), codesOfWeights(16, 12)], { inputScale: 0.01, inputZero: 40 }),
  quantizedLinear(
    'ties go to even codes',
    [f32([1, 8], [0.5, 1.5, 2.5, -0.5, -1.5, 3.5, 126.5, 127.5]), codesOfWeights(3, 8)],
    {
      inputScale: 1,
      inputZero: 2,
    },
  ),
  quantizedLinear('not in fours', [noise([3, 7]), codesOfWeights(5, 7)], { inputScale: 0.02, inputZero: 60 }),
  quantizedLinear('no codes at all', [noise([3, 8]), noise([5, 8], -2, 2, 2)], { inputScale: 0.02, inputZero: 60 }),
  quantizedConv('pointwise', [noise([1, 8, 4, 5]), codesOfWeights(6, 8, 1, 1)], { inputScale: 0.03, inputZero: 64 }),
  quantizedConv('3x3 padded', [noise([1, 4, 5, 6]), codesOfWeights(9, 4, 3, 3), codesOfWeights(9)], {
    inputScale: 0.03,
    inputZero: 64,
    pads: [1, 1, 1, 1],
  }),
  quantizedConv('uneven pads, stride 2', [noise([2, 4, 7, 6], 0, 2), codesOfWeights(8, 4, 3, 2)], {
    inputScale: 0.015,
    strides: [2, 1],
    pads: [0, 1, 2, 0],
  }),
  quantizedConv('dilated', [noise([1, 12, 7, 7]), codesOfWeights(3, 12, 3, 3)], {
    inputScale: 0.03,
    inputZero: 70,
    dilations: [2, 3],
    pads: [2, 3, 2, 3],
  }),
  quantizedConv('2 groups', [noise([1, 8, 5, 5]), codesOfWeights(6, 4, 3, 3)], {
    inputScale: 0.03,
    inputZero: 64,
    group: 2,
    pads: [1, 1, 1, 1],
  }),
  quantizedConv('depthwise', [noise([1, 8, 5, 5]), codesOfWeights(8, 1, 3, 3)], {
    inputScale: 0.03,
    inputZero: 64,
    group: 8,
    pads: [1, 1, 1, 1],
  }),
  quantizedConv('1-D of 3 channels', [noise([1, 3, 9]), codesOfWeights(4, 3, 3)], { inputScale: 0.03, inputZero: 64 }),
  quantizedLinear(
    'NaN is the code 0, infinities saturate',
    [f32([1, 4], [NaN, Infinity, -Infinity, 1e-42]), codesOfWeights(5, 4)],
    { inputScale: 0.5, inputZero: 9 },
    true,
  ),
];

/** Scatters every input element over the outputs it reaches: the other way round than lcc's meaning. */
function transposed([x, w, b]: readonly Tensor[], a: Attributes): Tensor {
  const [n, channels, ...space] = sizes(x!) as [number, number, ...number[]];
  const [, perGroup, ...kernel] = sizes(w!) as [number, number, ...number[]];
  const { strides, dilations, pads, group } = geometry(space.length, a);
  const extra = (a.outputPadding as readonly number[] | undefined) ?? space.map(() => 0);
  const out = space.map(
    (size, i) =>
      (size - 1) * strides[i]! + dilations[i]! * (kernel[i]! - 1) + 1 - pads[i]! - pads[i + space.length]! + extra[i]!,
  );
  const result = build('float32', [n, perGroup * group, ...out], ([, m]) => (b ? at(b, [m!]) : 0));
  for (const [batch, c, ...i] of indices(sizes(x!))) {
    const g = Math.floor(c! / (channels / group));
    for (const [m, ...k] of indices([perGroup, ...kernel])) {
      const target = i.map((p, d) => p * strides[d]! + k[d]! * dilations[d]! - pads[d]!);
      const index = [batch!, g * perGroup + m!, ...target];
      if (peek(result, index) === undefined) continue;
      const flat = index.reduce((f, p, d) => f * sizes(result)[d]! + p, 0);
      (result.data as Float32Array)[flat]! += at(x!, [batch!, c!, ...i]) * at(w!, [c!, m!, ...k]);
    }
  }
  return result;
}

const convTranspose = casesOf('convTranspose', transposed);
const convTransposeCases: OpCase[] = [
  convTranspose('3x3', [noise([1, 2, 4, 3]), filter(2, 5, 3, 3), bias(5)]),
  convTranspose('2x2 stride 2', [noise([1, 3, 3, 4]), filter(3, 4, 2, 2), bias(4)], { strides: [2, 2] }),
  convTranspose('3x3 stride 2, padded', [noise([1, 2, 4, 4]), filter(2, 3, 3, 3)], {
    strides: [2, 2],
    pads: [1, 1, 1, 1],
  }),
  convTranspose('output padding', [noise([1, 2, 3, 3]), filter(2, 3, 3, 3), bias(3)], {
    strides: [2, 2],
    pads: [1, 1, 1, 1],
    outputPadding: [1, 1],
  }),
  convTranspose('4x4 stride 2, uneven pads', [noise([1, 2, 3, 5]), filter(2, 2, 4, 4)], {
    strides: [2, 2],
    pads: [1, 0, 2, 1],
  }),
  convTranspose('stride 3 beyond the kernel', [noise([1, 2, 3, 3]), filter(2, 2, 2, 2), bias(2)], { strides: [3, 3] }),
  convTranspose('dilated', [noise([1, 2, 3, 3]), filter(2, 2, 2, 2)], { dilations: [2, 2], pads: [1, 1, 1, 1] }),
  convTranspose('dilated with stride 2', [noise([1, 2, 3, 4]), filter(2, 3, 3, 2)], {
    dilations: [2, 3],
    strides: [2, 2],
  }),
  convTranspose('2 groups', [noise([1, 4, 3, 3]), filter(4, 3, 3, 3), bias(6)], { group: 2, strides: [2, 1] }),
  convTranspose('depthwise', [noise([1, 5, 3, 3]), filter(5, 1, 3, 3), bias(5)], { group: 5, strides: [2, 2] }),
  convTranspose('1-D', [noise([2, 2, 5]), filter(2, 3, 3), bias(3)], { strides: [2], pads: [1, 0] }),
  convTranspose('3-D', [noise([1, 2, 2, 3, 2]), filter(2, 2, 2, 2, 2)], { strides: [1, 2, 2] }),
];

const attention = casesOf('attention', ([q, k, v, mask], a) => {
  const batch = broadcast(...[q, k, v].map((x) => sizes(x!).slice(0, -2)), []);
  const [s, depth] = sizes(k!).slice(-2) as [number, number];
  return build('float32', [...batch, sizes(q!).at(-2)!, sizes(v!).at(-1)!], (index) => {
    const [outer, l, e] = [index.slice(0, -2), index.at(-2)!, index.at(-1)!];
    const scores = Array.from({ length: s }, (_, j) => {
      const dot = sum(
        Array.from({ length: depth }, (__, d) => spread(q!, [...outer, l, d]) * spread(k!, [...outer, j, d])),
      );
      return dot * (a.scale as number) + (mask ? spread(mask, [...outer, l, j]) : 0);
    });
    const weights = scores.map((x) => Math.exp(x));
    return sum(weights.map((w, j) => w * spread(v!, [...outer, j, e]))) / sum(weights);
  });
});
const attentionCases: OpCase[] = [
  attention('one head', [noise([5, 4]), noise([7, 4], -2, 2, 2), noise([7, 3], -2, 2, 3)], { scale: 0.5 }),
  attention('2 batches, 3 heads', [noise([2, 3, 4, 8]), noise([2, 3, 5, 8], -1, 1, 2), noise([2, 3, 5, 8], -2, 2, 3)], {
    scale: 8 ** -0.5,
  }),
  attention(
    'mask for all heads',
    [noise([3, 4, 4]), noise([3, 5, 4], -2, 2, 2), noise([3, 5, 6], -2, 2, 3), noise([4, 5])],
    {
      scale: 1,
    },
  ),
  attention(
    'mask of one row',
    [noise([2, 3, 4]), noise([2, 5, 4], -2, 2, 2), noise([2, 5, 4], -2, 2, 3), noise([1, 5])],
    {
      scale: 0.25,
    },
  ),
  attention('one key', [noise([3, 4]), noise([1, 4], -2, 2, 2), noise([1, 2], -2, 2, 3)], { scale: 1 }),
  attention('shared keys', [noise([3, 2, 4]), noise([5, 4], -2, 2, 2), noise([5, 4], -2, 2, 3)], { scale: 0.5 }),
];

export const cases: readonly OpCase[] = [
  ...matmulCases,
  ...linearCases,
  ...convCases,
  ...quantizedCases,
  ...quantizedProducts,
  ...convTransposeCases,
  ...attentionCases,
];
