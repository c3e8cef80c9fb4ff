import type { Attributes, OpName } from '../../compiler/ops/index.ts';
import type { Tensor } from '../../compiler/tensor/tensor.ts';
import { build, casesOf, f32, indices, noise, type OpCase, peek, sizes, sum, whole } from './case.ts';

interface Taken {
  readonly index: readonly number[];
  /** undefined outside x */
  readonly value: number | undefined;
  /** inside x or its padding */
  readonly counts: boolean;
}

/** Calls `fold` with what lies under the window of each output element. */
function slide(x: Tensor, a: Attributes, dtype: Tensor['dtype'], fold: (taken: readonly Taken[]) => number): Tensor {
  const [n, c, ...space] = sizes(x) as [number, number, ...number[]];
  const kernel = a.kernel as readonly number[];
  const list = (name: string, length: number, fill: number): readonly number[] =>
    (a[name] as readonly number[] | undefined) ?? new Array<number>(length).fill(fill);
  const strides = list('strides', space.length, 1);
  const dilations = list('dilations', space.length, 1);
  const pads = list('pads', 2 * space.length, 0);
  const out = space.map((size, i) => {
    const [begin, end] = [pads[i]!, pads[i + space.length]!];
    const steps = (size + begin + end - dilations[i]! * (kernel[i]! - 1) - 1) / strides[i]!;
    const count = (a.ceilMode ? Math.ceil(steps) : Math.floor(steps)) + 1;
    return a.ceilMode && (count - 1) * strides[i]! >= size + begin ? count - 1 : count;
  });
  return build(dtype, [n, c, ...out], ([batch, channel, ...o]) =>
    fold(
      [...indices(kernel)].map((k) => {
        const position = o.map((p, i) => p * strides[i]! + k[i]! * dilations[i]! - pads[i]!);
        const index = [batch!, channel!, ...position];
        const counts = position.every((p, i) => p >= -pads[i]! && p < space[i]! + pads[i + space.length]!);
        return { index, value: peek(x, index), counts };
      }),
    ),
  );
}

const values = (taken: readonly Taken[]): number[] => taken.flatMap((t) => (t.value === undefined ? [] : [t.value]));

/** Windows common to all pools. */
const geometries: readonly (readonly [string, readonly number[], Attributes])[] = [
  ['2x2 stride 2', [1, 3, 6, 8], { kernel: [2, 2], strides: [2, 2] }],
  ['3x3 stride 2, padded', [1, 5, 7, 7], { kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }],
  ['3x3 stride 1, uneven pads', [2, 4, 5, 4], { kernel: [3, 3], pads: [0, 1, 2, 1] }],
  ['uneven kernel', [1, 2, 6, 5], { kernel: [4, 1], strides: [1, 2] }],
  ['ceil mode', [1, 4, 6, 7], { kernel: [3, 3], strides: [2, 2], ceilMode: true }],
  ['ceil mode, last window dropped', [1, 1, 2, 2], { kernel: [1, 1], strides: [2, 2], ceilMode: true }],
  ['ceil mode, padded', [1, 2, 4, 5], { kernel: [3, 3], strides: [3, 3], pads: [1, 1, 1, 1], ceilMode: true }],
  ['dilated', [1, 3, 7, 7], { kernel: [2, 3], dilations: [3, 2], strides: [2, 1] }],
  ['1-D', [1, 3, 9], { kernel: [3], strides: [2], pads: [1, 0] }],
  ['3-D', [1, 2, 3, 4, 5], { kernel: [2, 2, 2], strides: [1, 2, 2] }],
  ['window as large as x', [1, 9, 3, 3], { kernel: [3, 3] }],
  ['no batch', [0, 2, 4, 4], { kernel: [2, 2] }],
];

const onAll = (op: OpName, make: ReturnType<typeof casesOf>, extra: Attributes = {}): OpCase[] =>
  geometries.map(([name, shape, a]) => {
    const label = Object.keys(extra).length === 0 ? name : `${name} with ${JSON.stringify(extra)}`;
    return make(label, [noise(shape, -2, 2, op.length)], { ...a, ...extra });
  });

const maxPool = casesOf('maxPool', ([x], a) => slide(x!, a, x!.dtype, (taken) => Math.max(...values(taken))));
const maxPoolCases: OpCase[] = [
  ...onAll('maxPool', maxPool),
  maxPool('uint8', [whole('uint8', [1, 2, 5, 5], 0, 255)], { kernel: [3, 3], pads: [1, 1, 1, 1] }),
  maxPool('int8 of negatives', [whole('int8', [1, 2, 5, 5], -128, -1)], { kernel: [3, 3], pads: [1, 1, 1, 1] }),
  maxPool('NaN and infinities', [f32([1, 1, 5], [NaN, 1, -Infinity, -Infinity, Infinity])], { kernel: [2] }, true),
];

const maxPoolIndices = casesOf('maxPoolIndices', ([x], a) =>
  slide(x!, a, 'int64', (taken) => {
    const largest = Math.max(...values(taken));
    const [n, c, ...space] = taken.find((t) => t.value === largest)!.index;
    const [, channels, ...extents] = sizes(x!);
    const order = a.storageOrder === 1 ? [...space.keys()].reverse() : [...space.keys()];
    const inner = order.reduce((flat, d) => flat * extents[d]! + space[d]!, 0);
    return (n! * channels! + c!) * extents.reduce((p, e) => p * e, 1) + inner;
  }),
);
const maxPoolIndicesCases: OpCase[] = [
  ...onAll('maxPoolIndices', maxPoolIndices),
  ...onAll('maxPoolIndices', maxPoolIndices, { storageOrder: 1 }),
  maxPoolIndices('first of equals', [f32([1, 1, 2, 4], [1, 1, 2, 2, 1, 1, 2, 2])], { kernel: [2, 2], strides: [2, 2] }),
  maxPoolIndices(
    'lowest value beside padding',
    [f32([1, 1, 3], [-Infinity, -Infinity, 0])],
    { kernel: [3], pads: [1, 1] },
    true,
  ),
];

const averagePool = casesOf('averagePool', ([x], a) =>
  slide(x!, a, 'float32', (taken) => {
    const count = a.countIncludePad ? taken.filter((t) => t.counts).length : values(taken).length;
    return sum(values(taken)) / count;
  }),
);

const lpPool = casesOf('lpPool', ([x], a) => {
  const p = (a.p as number | undefined) ?? 2;
  return slide(x!, a, 'float32', (taken) => sum(values(taken).map((v) => Math.abs(v) ** p)) ** (1 / p));
});

export const cases: readonly OpCase[] = [
  ...maxPoolCases,
  ...maxPoolIndicesCases,
  ...onAll('averagePool', averagePool),
  ...onAll('averagePool', averagePool, { countIncludePad: true }),
  ...onAll('lpPool', lpPool),
  ...onAll('lpPool', lpPool, { p: 1 }),
  ...onAll('lpPool', lpPool, { p: 3 }),
];
