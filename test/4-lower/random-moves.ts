import type { ValueId } from '../../compiler/ir/graph.ts';
import type { OpName } from '../../compiler/ops/index.ts';
import type { Draft } from './random-graph.ts';

/** One or a few ops on x; undefined or an OpError where they do not fit it. */
type Move = (draft: Draft, x: ValueId) => ValueId | undefined;

const activations: readonly OpName[] = [
  'relu',
  'sigmoid',
  'tanh',
  'neg',
  'abs',
  'leakyRelu',
  'hardSwish',
  'silu',
  'gelu',
  'softplus',
  'sin',
];

const activation: Move = (d, x) => d.add(d.random.pick(activations), [x]);
const clip: Move = (d, x) => d.add('clip', [x], { min: -0.5, max: d.random.pick([0.5, 6, Infinity]) });

/** Sizes that broadcast to those of x. */
function broadcastable(d: Draft, x: ValueId): number[] {
  const sizes = d.sizes(x);
  const kept = sizes.map((size) => (d.random.chance(0.5) ? size : 1));
  return d.random.chance(0.3) ? kept.slice(d.random.int(0, kept.length)) : kept;
}

const binaryOps: readonly OpName[] = ['add', 'sub', 'mul', 'max', 'min', 'add', 'mul'];

const withConstant: Move = (d, x) => {
  const other = d.constant(broadcastable(d, x));
  return d.add(d.random.pick(binaryOps), d.random.shuffle([x, other]));
};

/** With another value: of the same shape if there is one, else whatever broadcasts. */
const withOther: Move = (d, x) => {
  const sizes = d.sizes(x).join();
  const same = d.values.filter((id) => id !== x && d.sizes(id).join() === sizes);
  const other = same.length > 0 ? d.random.pick(same) : d.random.pick(d.values);
  return d.add(d.random.pick(binaryOps), d.random.shuffle([x, other]));
};

const divide: Move = (d, x) => d.add('div', [x, d.constant(broadcastable(d, x), 1, 2)]);

const choose: Move = (d, x) => {
  const condition = d.add('less', [x, d.constant(broadcastable(d, x))]);
  return d.add('where', d.random.shuffle([x, d.constant(broadcastable(d, x))]).toSpliced(0, 0, condition));
};

const window = (d: Draft, rank: number, kernel: readonly number[]) => {
  const list = (choices: readonly number[]) => Array.from({ length: rank }, () => d.random.pick(choices));
  const pads = Array.from({ length: 2 * rank }, (_, i) => d.random.int(0, kernel[i % rank]! - 1));
  return {
    strides: list([1, 1, 2, 3]),
    dilations: list([1, 1, 1, 2]),
    pads: d.random.chance(0.5) ? pads : pads.map((_, i) => Math.floor(kernel[i % rank]! / 2)),
  };
};

const divisors = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1).filter((i) => n % i === 0);

const conv: Move = (d, x) => {
  const [, channels, ...space] = d.sizes(x);
  if (space.length < 1 || space.length > 2 || channels === undefined) return undefined;
  const group = d.random.pick([1, 1, channels, d.random.pick(divisors(channels))]);
  const columns = group * d.random.int(1, group === 1 ? 10 : 2);
  const kernel = space.map(() => d.random.pick([1, 1, 2, 3, 3, 5]));
  const bound = 1 / Math.sqrt((channels / group) * kernel.reduce((a, b) => a * b, 1));
  const sizes = [columns, channels / group, ...kernel];
  const weights = d.random.chance(0.93) ? d.constant(sizes, -bound, bound) : d.input(sizes);
  const bias = d.random.chance(0.6) ? [d.constant([columns])] : [];
  return d.add('conv', [x, weights, ...bias], { ...window(d, space.length, kernel), group });
};

/** Convolution of padding that keeps the size, as networks have it. */
const sameConv: Move = (d, x) => {
  const [, channels, ...space] = d.sizes(x);
  if (space.length !== 2 || channels === undefined) return undefined;
  const group = d.random.pick([1, channels]);
  const columns = d.random.pick([channels, 8]) * (group === 1 ? 1 : 1);
  const size = d.random.pick([1, 3, 5]);
  const p = (size - 1) / 2;
  const weights = d.constant([group === 1 ? columns : channels, channels / group, size, size], -0.3, 0.3);
  const bias = d.random.chance(0.6) ? [d.constant([group === 1 ? columns : channels])] : [];
  const result = d.add('conv', [x, weights, ...bias], {
    pads: [p, p, p, p],
    strides: [1, 1],
    dilations: [1, 1],
    group,
  });
  return d.random.chance(0.5) ? d.add('relu', [result]) : result;
};

const convTranspose: Move = (d, x) => {
  const [, channels, ...space] = d.sizes(x);
  if (space.length < 1 || space.length > 2 || channels === undefined) return undefined;
  const group = d.random.pick([1, 1, d.random.pick(divisors(channels))]);
  const columns = d.random.int(1, 4);
  const kernel = space.map(() => d.random.int(1, 4));
  const strides = space.map(() => d.random.int(1, 3));
  const weights = d.constant([channels, columns, ...kernel], -0.4, 0.4);
  const bias = d.random.chance(0.5) ? [d.constant([columns * group])] : [];
  return d.add('convTranspose', [x, weights, ...bias], {
    strides,
    dilations: space.map(() => d.random.pick([1, 1, 2])),
    pads: [...kernel, ...kernel].map((k) => d.random.int(0, k - 1)),
    outputPadding: strides.map((s) => d.random.int(0, s - 1)),
    group,
  });
};

const pool: Move = (d, x) => {
  const rank = d.sizes(x).length - 2;
  if (rank < 1 || rank > 2) return undefined;
  const kernel = Array.from({ length: rank }, () => d.random.int(1, 3));
  const attributes = { kernel, ...window(d, rank, kernel), ceilMode: d.random.chance(0.3) };
  switch (d.random.int(0, 2)) {
    case 0:
      return d.add('maxPool', [x], { ...attributes, pads: attributes.pads.map(() => 0) });
    case 1:
      return d.add('averagePool', [x], { ...attributes, countIncludePad: d.random.chance(0.5) });
    default:
      return d.add('lpPool', [x], attributes);
  }
};

const linear: Move = (d, x) => {
  const k = d.sizes(x).at(-1);
  if (k === undefined) return undefined;
  const n = d.random.int(1, 20);
  const weights = d.constant([n, k], -1 / Math.sqrt(k), 1 / Math.sqrt(k));
  return d.add('linear', [x, weights, ...(d.random.chance(0.6) ? [d.constant([n])] : [])]);
};

const matmulConstant: Move = (d, x) => {
  const sizes = d.sizes(x);
  const k = sizes.at(-1);
  if (k === undefined) return undefined;
  const batch = d.random.chance(0.7) ? [] : sizes.slice(0, -2);
  const w = d.constant([...batch, k, d.random.int(1, 12)], -0.4, 0.4);
  return d.add('matmul', [x, w]);
};

const matmulLeftConstant: Move = (d, x) => {
  const k = d.sizes(x).at(-2);
  return k === undefined ? undefined : d.add('matmul', [d.constant([d.random.int(1, 9), k], -0.4, 0.4), x]);
};

const swapLast = (rank: number): number[] =>
  Array.from({ length: rank }, (_, i) => (i === rank - 1 ? rank - 2 : i === rank - 2 ? rank - 1 : i));

const matmulOther: Move = (d, x) => {
  const sizes = d.sizes(x);
  if (sizes.length < 2) return undefined;
  const turned = d.add('transpose', [x], { perm: swapLast(sizes.length) });
  const product = d.add('matmul', d.random.chance(0.5) ? [x, turned] : [turned, x]);
  return d.add('tanh', [product]);
};

/** Several heads, spelt out, sometimes with a mask. */
const attention: Move = (d, x) => {
  const sizes = d.sizes(x);
  const [batch, length, width] = sizes;
  if (sizes.length !== 3 || batch === undefined || length === undefined || width === undefined) return undefined;
  const heads = d.random.int(1, 3);
  const depth = d.random.int(1, 5);
  const project = (perm: readonly number[]): ValueId => {
    const w = d.constant([width, heads * depth], -0.5, 0.5);
    const rows = d.add('reshape', [d.add('matmul', [x, w])], { shape: [batch, length, heads, depth] });
    return d.add('transpose', [rows], { perm });
  };
  const scores = d.add('matmul', [project([0, 2, 1, 3]), project([0, 2, 3, 1])]);
  const scaled = d.add('mul', [scores, d.constant([])]);
  const masks = [
    [length, length],
    [1, 1, length, length],
    [batch, 1, 1, length],
  ];
  const masked = d.random.chance(0.4) ? d.add('add', [scaled, d.constant(d.random.pick(masks))]) : scaled;
  const mixed = d.add('matmul', [d.add('softmax', [masked], { axis: 3 }), project([0, 2, 1, 3])]);
  const joined = d.add('reshape', [d.add('transpose', [mixed], { perm: [0, 2, 1, 3] })], {
    shape: [batch, length, heads * depth],
  });
  return d.add('linear', [joined, d.constant([width, heads * depth], -0.5, 0.5)]);
};

const reduceKinds = ['sum', 'mean', 'max', 'min', 'l1', 'l2', 'sumSquare', 'logSumExp'] as const;

const reduce: Move = (d, x) => {
  const axes = d.sizes(x).flatMap((_, i) => (d.random.chance(0.4) ? [i] : []));
  const kind = d.random.pick(reduceKinds);
  const result = d.add('reduce', [x], { kind, axes, keepDims: d.random.chance(0.6) });
  return kind === 'sum' || kind === 'l1' || kind === 'sumSquare' ? d.add('tanh', [result]) : result;
};

const anyAxis = (d: Draft, x: ValueId): number => d.random.int(0, Math.max(0, d.sizes(x).length - 1));

const softmax: Move = (d, x) => d.add(d.random.pick(['softmax', 'logSoftmax'] as const), [x], { axis: anyAxis(d, x) });

const layerNorm: Move = (d, x) => {
  const axis = anyAxis(d, x);
  const inner = d.sizes(x).slice(axis);
  if (inner.reduce((a, b) => a * b, 1) < 3) return undefined;
  if (d.random.chance(0.3)) return d.add('rmsNorm', [x, d.constant(inner)], { axis, epsilon: 1e-3 });
  const bias = d.random.chance(0.7) ? [d.constant(inner)] : [];
  return d.add('layerNorm', [x, d.constant(inner), ...bias], { axis, epsilon: 1e-3 });
};

const groupNorm: Move = (d, x) => {
  const channels = d.sizes(x)[1];
  if (channels === undefined || d.sizes(x).length < 3) return undefined;
  const groups = d.random.pick(divisors(channels));
  return d.add('groupNorm', [x, d.constant([channels]), d.constant([channels])], { groups, epsilon: 1e-2 });
};

const batchNorm: Move = (d, x) => {
  const c = d.sizes(x)[1];
  if (c === undefined) return undefined;
  const parameters = [d.constant([c]), d.constant([c]), d.constant([c]), d.constant([c], 0.5, 2)];
  return d.add('batchNorm', [x, ...parameters], { epsilon: 1e-5 });
};

const lrn: Move = (d, x) =>
  d.sizes(x).length < 3 ? undefined : d.add('lrn', [x], { size: 3, alpha: 0.1, beta: 0.75, bias: 1 });

const cumSum: Move = (d, x) =>
  d.add('cumSum', [x], { axis: anyAxis(d, x), exclusive: d.random.chance(0.5), reverse: d.random.chance(0.5) });

const reshape: Move = (d, x) => {
  const sizes = d.sizes(x);
  const count = sizes.reduce((a, b) => a * b, 1);
  switch (d.random.int(0, 3)) {
    case 0:
      return d.add('reshape', [x], { shape: [sizes[0] ?? 1, count / Math.max(1, sizes[0] ?? 1)] });
    case 1: {
      const at = anyAxis(d, x);
      const part = d.random.pick(divisors(sizes[at] ?? 1));
      return d.add('reshape', [x], { shape: sizes.toSpliced(at, 1, (sizes[at] ?? 1) / part, part) });
    }
    case 2: {
      const at = anyAxis(d, x);
      return d.add('reshape', [x], { shape: sizes.toSpliced(at, 2, (sizes[at] ?? 1) * (sizes[at + 1] ?? 1)) });
    }
    default: {
      const part = d.random.pick(divisors(count));
      return d.add('reshape', [x], { shape: [1, part, count / part] });
    }
  }
};

/** The shuffle of channels between groups, and depth to space: a reshape, a permutation, a reshape. */
const shuffle: Move = (d, x) => {
  const [n, c, ...space] = d.sizes(x);
  if (n === undefined || c === undefined || space.length === 0) return undefined;
  const groups = d.random.pick(divisors(c));
  const split = d.add('reshape', [x], { shape: [n, groups, c / groups, ...space] });
  const turned = d.add('transpose', [split], { perm: [0, 2, 1, ...space.map((_, i) => i + 3)] });
  return d.add('reshape', [turned], { shape: [n, c, ...space] });
};

const transpose: Move = (d, x) => d.add('transpose', [x], { perm: d.random.shuffle(d.sizes(x).map((_, i) => i)) });

const slice: Move = (d, x) => {
  const parts = d.sizes(x).map((size) => {
    if (d.random.chance(0.5)) return { start: 0, step: 1, size };
    const step = d.random.pick([1, 1, 2, -1]);
    const start = step > 0 ? d.random.int(0, size - 1) : size - 1;
    return { start, step, size: d.random.int(1, Math.ceil((step > 0 ? size - start : size) / Math.abs(step))) };
  });
  return d.add('slice', [x], {
    starts: parts.map((p) => p.start),
    steps: parts.map((p) => p.step),
    sizes: parts.map((p) => p.size),
  });
};

const pad: Move = (d, x) => {
  const sizes = d.sizes(x);
  const mode = d.random.pick(['constant', 'constant', 'reflect', 'edge', 'wrap'] as const);
  const pads = [...sizes, ...sizes].map((size) =>
    d.random.chance(0.5) ? 0 : d.random.int(mode === 'constant' && size > 2 ? -1 : 0, Math.min(2, size - 1)),
  );
  return d.add('pad', [x], { pads, mode, value: d.random.pick([0, 0, 1.5]) });
};

/** Along an axis with itself, its activation and another value. */
const concat: Move = (d, x) => {
  const axis = anyAxis(d, x);
  const sizes = d.sizes(x);
  const fits = (id: ValueId): boolean => d.sizes(id).every((size, i) => i === axis || size === sizes[i]);
  const others = d.values.filter((id) => d.sizes(id).length === sizes.length && fits(id));
  const extra = sizes.map((size, i) => (i === axis ? d.random.int(1, 3) : size));
  const choices = [x, d.add('tanh', [x]), d.constant(extra), d.random.pick(others)];
  return d.add('concat', d.random.shuffle(choices).slice(0, d.random.int(2, 4)), { axis });
};

/** Channel parts, each with work of its own, joined again. */
const splitJoin: Move = (d, x) => {
  const axis = anyAxis(d, x);
  const sizes = d.sizes(x);
  const half = Math.floor((sizes[axis] ?? 0) / 2);
  if (half === 0) return undefined;
  const part = (start: number, size: number): ValueId =>
    d.add('slice', [x], {
      starts: sizes.map((_, i) => (i === axis ? start : 0)),
      steps: sizes.map(() => 1),
      sizes: sizes.map((s, i) => (i === axis ? size : s)),
    });
  const left = activation(d, part(0, half));
  const right = part(half, (sizes[axis] ?? 0) - half);
  return left === undefined ? undefined : d.add('concat', d.random.shuffle([left, right]), { axis });
};

const expand: Move = (d, x) => {
  const shape = d.sizes(x).map((size) => (size === 1 ? d.random.int(1, 4) : size));
  return d.add('expand', [x], { shape: d.random.chance(0.3) ? [2, ...shape] : shape });
};

const tile: Move = (d, x) => d.add('tile', [x], { repeats: d.sizes(x).map(() => d.random.pick([1, 1, 1, 2])) });

const gather: Move = (d, x) => {
  const axis = anyAxis(d, x);
  const size = d.sizes(x)[axis];
  if (size === undefined) return undefined;
  return d.add('gather', [x, d.integers(d.random.pick([[], [3], [2, 2]]), size)], { axis });
};

const resize: Move = (d, x) => {
  const sizes = d.sizes(x);
  const to = sizes.map((size, i) => (i < 2 ? size : Math.max(1, Math.floor(size * d.random.pick([0.5, 1, 1.5, 2])))));
  return d.add('resize', [x], {
    sizes: to,
    scales: to.map((size, i) => size / (sizes[i] ?? 1)),
    mode: d.random.pick(['nearest', 'linear', 'cubic'] as const),
    coordinates: d.random.pick(['half_pixel', 'align_corners', 'asymmetric'] as const),
  });
};

const trilu: Move = (d, x) => d.add('trilu', [x], { upper: d.random.chance(0.5), k: d.random.int(-1, 1) });

/** A residual block: two layers and the sum. */
const residual: Move = (d, x) => {
  const inner = sameConv(d, x) ?? linear(d, x);
  const sizes = d.sizes(x).join();
  return inner === undefined || d.sizes(inner).join() !== sizes ? inner : d.add('add', d.random.shuffle([inner, x]));
};

/** Squeeze and excite. */
const gate: Move = (d, x) => {
  const sizes = d.sizes(x);
  if (sizes.length !== 4) return undefined;
  const pooled = d.add('reduce', [x], { kind: 'mean', axes: [2, 3], keepDims: true });
  const c = sizes[1] ?? 1;
  const hidden = d.add('relu', [d.add('conv', [pooled, d.constant([3, c, 1, 1])], pointwise)]);
  const factors = d.add('sigmoid', [d.add('conv', [hidden, d.constant([c, 3, 1, 1])], pointwise)]);
  return d.add('mul', [x, factors]);
};

/** What passes look for: spelt-out norms and activations, scales around layers, layers in a row. */
const spelt: Move = (d, x) => {
  const scalar = (value: number): ValueId => d.scalar(value);
  const axis = d.sizes(x).length - 1;
  if (axis < 0) return undefined;
  switch (d.random.int(0, 4)) {
    case 0: {
      const mean = (v: ValueId): ValueId => d.add('reduce', [v], { kind: 'mean', axes: [axis] });
      const difference = d.random.chance(0.7) ? d.add('sub', [x, mean(x)]) : x;
      const variance = mean(d.add('pow', [difference, scalar(2)]));
      const root = d.add('sqrt', [d.add('add', [variance, scalar(1e-2)])]);
      const normal = d.add('div', [difference, root]);
      const scaled = d.add('mul', [normal, d.constant(d.sizes(x).slice(-1))]);
      return d.random.chance(0.5) ? d.add('add', [scaled, d.constant(d.sizes(x).slice(-1))]) : scaled;
    }
    case 1: {
      const gate = d.add('add', [d.add('erf', [d.add('div', [x, scalar(Math.SQRT2)])]), scalar(1)]);
      return d.add('mul', [d.add('mul', [x, gate]), scalar(0.5)]);
    }
    case 2:
      return d.add('div', [
        d.add('mul', [x, d.add('clip', [d.add('add', [x, scalar(3)])], { min: 0, max: 6 })]),
        scalar(6),
      ]);
    case 3:
      return d.add('mul', d.random.shuffle([x, d.add('sigmoid', [x])]));
    default: {
      const second = linear(d, linear(d, x) ?? x);
      return second === undefined ? undefined : linear(d, second);
    }
  }
};

/** A constant per channel, as a scale layer has it. */
const perChannel: Move = (d, x) => {
  const sizes = d.sizes(x);
  const at = sizes.length > 2 ? 1 : sizes.length - 1;
  const constant = d.constant(
    sizes.map((size, i) => (i === at ? size : 1)),
    0.5,
    2,
  );
  return d.add(d.random.pick(['mul', 'add', 'sub', 'div'] as const), [x, constant]);
};

const flatten: Move = (d, x) => {
  const [first = 1, ...rest] = d.sizes(x);
  return linear(d, d.add('reshape', [x], { shape: [first, rest.reduce((a, b) => a * b, 1)] }));
};

const pointwise = { pads: [0, 0, 0, 0], strides: [1, 1], dilations: [1, 1], group: 1 };

/** Weighted: frequent moves stand several times. */
export const moves: readonly Move[] = [
  activation,
  activation,
  activation,
  clip,
  withConstant,
  withConstant,
  withOther,
  withOther,
  divide,
  choose,
  conv,
  conv,
  sameConv,
  sameConv,
  sameConv,
  convTranspose,
  pool,
  pool,
  linear,
  linear,
  matmulConstant,
  matmulLeftConstant,
  matmulOther,
  attention,
  reduce,
  softmax,
  layerNorm,
  groupNorm,
  batchNorm,
  lrn,
  cumSum,
  reshape,
  reshape,
  shuffle,
  transpose,
  transpose,
  slice,
  slice,
  pad,
  concat,
  concat,
  splitJoin,
  expand,
  tile,
  gather,
  resize,
  trilu,
  residual,
  residual,
  gate,
  spelt,
  spelt,
  perChannel,
  perChannel,
  perChannel,
  flatten,
];
