import type { Attributes } from '../../compiler/ops/index.ts';
import {
  at,
  bool,
  build,
  casesOf,
  f32,
  i32,
  i64,
  noise,
  type OpCase,
  type Sizes,
  sizes,
  spread,
  whole,
} from './case.ts';

const list = (a: Attributes, name: string): readonly number[] => a[name] as readonly number[];

const reshape = casesOf('reshape', ([x], a) => {
  let next = 0;
  return build(x!.dtype, list(a, 'shape'), () => Number(x!.data[next++]));
});
const reshapeTo = (from: Sizes, shape: readonly number[]): OpCase =>
  reshape(`[${from.join(',')}] to [${shape.join(',')}]`, [noise(from)], { shape });
const reshapes: OpCase[] = [
  reshapeTo([2, 3, 4], [24]),
  reshapeTo([24], [2, 3, 4]),
  reshapeTo([2, 3, 4], [6, 4]),
  reshapeTo([2, 12], [2, 3, 4]),
  reshapeTo([4, 6], [3, 8]),
  reshapeTo([1, 6, 1], [2, 1, 3]),
  reshapeTo([], [1, 1]),
  reshapeTo([1], []),
  reshapeTo([0, 3], [3, 0, 2]),
  reshapeTo([2, 3, 5], [5, 3, 2]),
  reshapeTo([1, 8, 2, 2], [1, 2, 4, 2, 2]),
  reshape('int64', [whole('int64', [2, 3], -9, 9)], { shape: [3, 2] }),
  reshape('bool', [bool([2, 2], [0, 1, 1, 0])], { shape: [4] }),
];

const transpose = casesOf('transpose', ([x], a) => {
  const perm = list(a, 'perm');
  return build(
    x!.dtype,
    perm.map((p) => sizes(x!)[p]!),
    (index) =>
      at(
        x!,
        perm.map((_, d) => index[perm.indexOf(d)]!),
      ),
  );
});
const transposes: OpCase[] = [
  transpose('a matrix', [noise([3, 5])], { perm: [1, 0] }),
  transpose('nothing moved', [noise([3, 5])], { perm: [0, 1] }),
  transpose('channels last', [noise([1, 3, 4, 5])], { perm: [0, 2, 3, 1] }),
  transpose('channels first', [noise([1, 4, 5, 3])], { perm: [0, 3, 1, 2] }),
  transpose('a cycle of three', [noise([2, 3, 4])], { perm: [2, 0, 1] }),
  transpose('heads', [noise([2, 5, 3, 4])], { perm: [0, 2, 1, 3] }),
  transpose('a scalar', [f32([], [7])], { perm: [] }),
  transpose('nothing', [noise([0, 3])], { perm: [1, 0] }),
  transpose('uint8', [whole('uint8', [3, 2], 0, 255)], { perm: [1, 0] }),
];

const concat = casesOf('concat', (xs, a) => {
  const axis = a.axis as number;
  const total = xs.reduce((s, x) => s + sizes(x)[axis]!, 0);
  return build(xs[0]!.dtype, sizes(xs[0]!).with(axis, total), (index) => {
    let position = index[axis]!;
    for (const x of xs) {
      if (position < sizes(x)[axis]!) return at(x, index.with(axis, position));
      position -= sizes(x)[axis]!;
    }
    throw new RangeError('past the end');
  });
});
const concats: OpCase[] = [
  concat('two vectors', [noise([3]), noise([4], -2, 2, 2)], { axis: 0 }),
  concat('one tensor', [noise([2, 3])], { axis: 1 }),
  concat('three along channels', [noise([1, 2, 3, 3]), noise([1, 5, 3, 3], -2, 2, 2), noise([1, 1, 3, 3], -2, 2, 3)], {
    axis: 1,
  }),
  concat('the last axis', [noise([2, 3]), noise([2, 4], -2, 2, 2)], { axis: 1 }),
  concat('an empty one between', [noise([2, 3]), noise([2, 0]), noise([2, 1], -2, 2, 3)], { axis: 1 }),
  concat('all empty', [noise([2, 0]), noise([2, 0])], { axis: 1 }),
  concat('int64', [i64([2], [1, 2]), i64([1], [3])], { axis: 0 }),
  concat('the same twice', [noise([2, 2]), noise([2, 2])], { axis: 0 }),
];

const slice = casesOf('slice', ([x], a) =>
  build(x!.dtype, list(a, 'sizes'), (index) =>
    at(
      x!,
      index.map((i, d) => list(a, 'starts')[d]! + i * list(a, 'steps')[d]!),
    ),
  ),
);
const slices: OpCase[] = [
  slice('the middle', [noise([7])], { starts: [2], steps: [1], sizes: [3] }),
  slice('every second', [noise([3, 7])], { starts: [0, 1], steps: [1, 2], sizes: [3, 3] }),
  slice('backwards', [noise([5])], { starts: [4], steps: [-1], sizes: [5] }),
  slice('backwards by 2', [noise([2, 6])], { starts: [1, 5], steps: [-1, -2], sizes: [2, 3] }),
  slice('nothing', [noise([3, 4])], { starts: [0, 4], steps: [1, 1], sizes: [3, 0] }),
  slice('one element', [noise([3, 4])], { starts: [2, 3], steps: [1, 1], sizes: [1, 1] }),
  slice('channels', [noise([1, 6, 2, 3])], { starts: [0, 2, 0, 0], steps: [1, 1, 1, 1], sizes: [1, 3, 2, 3] }),
  slice('int32', [whole('int32', [5], -9, 9)], { starts: [1], steps: [3], sizes: [2] }),
];

/** Walks from inside to `position` one step at a time, turning or jumping at the edges. */
function padded(mode: string, position: number, size: number): number | undefined {
  if (position >= 0 && position < size) return position;
  if (mode === 'constant') return undefined;
  if (mode === 'edge') return position < 0 ? 0 : size - 1;
  if (mode === 'wrap') return position < 0 ? padded(mode, position + size, size) : padded(mode, position - size, size);
  if (size === 1) return 0;
  return position < 0 ? padded(mode, -position, size) : padded(mode, 2 * (size - 1) - position, size);
}
const pad = casesOf('pad', ([x], a) => {
  const pads = list(a, 'pads');
  const rank = sizes(x!).length;
  const shape = sizes(x!).map((size, d) => size + pads[d]! + pads[d + rank]!);
  return build(x!.dtype, shape, (index) => {
    const source = index.map((i, d) =>
      padded((a.mode as string | undefined) ?? 'constant', i - pads[d]!, sizes(x!)[d]!),
    );
    const known = source.filter((s) => s !== undefined);
    return known.length === rank ? at(x!, known) : ((a.value as number | undefined) ?? 0);
  });
});
const pads: OpCase[] = [
  ...['constant', 'edge', 'reflect', 'wrap'].flatMap((mode) => [
    pad(`${mode}, a vector`, [noise([5])], { mode, pads: [2, 3] }),
    pad(`${mode}, an image`, [noise([1, 2, 3, 4])], { mode, pads: [0, 0, 1, 2, 0, 0, 2, 1] }),
    pad(`${mode}, cropped at one end`, [noise([3, 6])], { mode, pads: [1, -2, 0, 3] }),
    pad(`${mode}, wider than x`, [noise([3])], { mode, pads: [4, 5] }),
    pad(`${mode}, one element`, [f32([1], [3])], { mode, pads: [2, 1] }),
    pad(`${mode}, int32`, [whole('int32', [2, 3], -9, 9)], { mode, pads: [1, 1, 0, 1] }),
  ]),
  pad('a value', [noise([2, 3])], { pads: [1, 0, 0, 2], value: -1.5 }),
  pad('-inf', [noise([2, 2])], { pads: [1, 1, 1, 1], value: -Infinity }, true),
  pad('int64 value', [whole('int64', [2], -9, 9)], { pads: [1, 1], value: 7 }),
  pad('bool', [bool([2], [1, 0])], { pads: [1, 1], value: 1 }),
  pad('around nothing', [noise([0])], { pads: [1, 2], value: 3 }),
  pad('cropped to nothing', [noise([3])], { pads: [-1, -2] }),
  pad('by nothing', [noise([2, 2])], { pads: [0, 0, 0, 0] }),
];

const expand = casesOf('expand', ([x], a) => build(x!.dtype, list(a, 'shape'), (index) => spread(x!, index)));
const expands: OpCase[] = [
  expand('a column', [noise([3, 1])], { shape: [3, 5] }),
  expand('new dimensions', [noise([4])], { shape: [2, 3, 4] }),
  expand('a scalar', [f32([], [2])], { shape: [3] }),
  expand('both ends', [noise([1, 3, 1])], { shape: [2, 3, 4] }),
  expand('to nothing', [noise([1, 3])], { shape: [0, 3] }),
  expand('unchanged, int32', [whole('int32', [2, 2], -9, 9)], { shape: [2, 2] }),
];

const tile = casesOf('tile', ([x], a) =>
  build(
    x!.dtype,
    sizes(x!).map((size, d) => size * list(a, 'repeats')[d]!),
    (index) =>
      at(
        x!,
        index.map((i, d) => i % sizes(x!)[d]!),
      ),
  ),
);
const tiles: OpCase[] = [
  tile('a vector thrice', [noise([4])], { repeats: [3] }),
  tile('both dimensions', [noise([2, 3])], { repeats: [2, 3] }),
  tile('once', [noise([2, 3])], { repeats: [1, 1] }),
  tile('a dimension of 1', [noise([1, 5])], { repeats: [4, 1] }),
  tile('never', [noise([2, 3])], { repeats: [0, 1] }),
  tile('uint8', [whole('uint8', [3], 0, 255)], { repeats: [2] }),
];

const wrapped = (i: number, size: number): number => Math.min(Math.max(i < 0 ? i + size : i, 0), size - 1);

const gather = casesOf('gather', ([x, ids], a) => {
  const axis = a.axis as number;
  const rank = sizes(ids!).length;
  return build(x!.dtype, sizes(x!).toSpliced(axis, 1, ...sizes(ids!)), (index) => {
    const id = at(ids!, index.slice(axis, axis + rank));
    return at(x!, index.toSpliced(axis, rank, wrapped(id, sizes(x!)[axis]!)));
  });
});
const gathers: OpCase[] = [
  gather('rows', [noise([5, 3]), i64([4], [0, 4, 2, 2])], { axis: 0 }),
  gather('columns', [noise([3, 5]), i64([2], [4, 0])], { axis: 1 }),
  gather('one row', [noise([5, 3]), i64([], [3])], { axis: 0 }),
  gather('a matrix of rows', [noise([4, 3]), i32([2, 2], [0, 3, 1, 1])], { axis: 0 }),
  gather('the middle', [noise([2, 5, 3]), i64([3], [4, 0, 1])], { axis: 1 }),
  gather('from the end', [noise([5, 2]), i64([3], [-1, -5, -2])], { axis: 0 }),
  gather('outside is clamped', [noise([4]), i64([4], [7, -9, 4, 100000])], { axis: 0 }),
  gather('no rows', [noise([4, 2]), i64([0], [])], { axis: 0 }),
  gather('int64 values', [whole('int64', [4], -9, 9), i32([2], [3, 1])], { axis: 0 }),
];

const gatherElements = casesOf('gatherElements', ([x, ids], a) =>
  build(x!.dtype, sizes(ids!), (index) => {
    const axis = a.axis as number;
    return at(x!, index.with(axis, wrapped(at(ids!, index), sizes(x!)[axis]!)));
  }),
);
const elementGathers: OpCase[] = [
  gatherElements('columns', [noise([3, 4]), i64([3, 2], [0, 3, 2, 2, 1, 0])], { axis: 1 }),
  gatherElements('rows', [noise([4, 2]), i64([3, 2], [0, 3, 2, 2, 1, 0])], { axis: 0 }),
  gatherElements('fewer columns than x', [noise([3, 4]), i32([2, 1], [2, 1])], { axis: 0 }),
  gatherElements('from the end', [noise([4]), i64([3], [-1, -4, 0])], { axis: 0 }),
  gatherElements('rank 3', [noise([2, 3, 2]), i64([2, 1, 2], [0, 2, 1, 1])], { axis: 1 }),
  gatherElements('none', [noise([2, 3]), i64([0, 3], [])], { axis: 0 }),
];

const gatherND = casesOf('gatherND', ([x, ids], a) => {
  const batch = (a.batchDims as number | undefined) ?? 0;
  const outer = sizes(ids!).slice(0, -1);
  const tuple = sizes(ids!).at(-1)!;
  return build(x!.dtype, [...outer, ...sizes(x!).slice(batch + tuple)], (index) => {
    const position = Array.from({ length: tuple }, (_, t) =>
      wrapped(at(ids!, [...index.slice(0, outer.length), t]), sizes(x!)[batch + t]!),
    );
    return at(x!, [...index.slice(0, batch), ...position, ...index.slice(outer.length)]);
  });
});
const tupleGathers: OpCase[] = [
  gatherND('elements', [noise([3, 4]), i64([3, 2], [0, 0, 2, 3, 1, 1])]),
  gatherND('rows', [noise([3, 4]), i64([2, 1], [2, 0])]),
  gatherND('two outer dimensions', [noise([3, 4, 2]), i64([2, 1, 2], [2, 3, 0, 1])]),
  gatherND('batched', [noise([2, 3, 4]), i64([2, 1], [2, 0])], { batchDims: 1 }),
  gatherND('batched tuples', [noise([2, 3, 4]), i64([2, 2, 2], [0, 0, 2, 3, 1, 1, 2, 0])], { batchDims: 1 }),
  gatherND('from the end', [noise([3, 4]), i64([2, 2], [-1, -1, -3, 0])]),
];

const oneHot = casesOf('oneHot', ([ids, values], a) => {
  const { depth, axis } = a as Record<string, number>;
  return build(values!.dtype, sizes(ids!).toSpliced(axis!, 0, depth!), (index) => {
    const id = Math.trunc(at(ids!, index.toSpliced(axis!, 1)));
    return at(values!, [(id < 0 ? id + depth! : id) === index[axis!] ? 1 : 0]);
  });
});
const oneHots: OpCase[] = [
  oneHot('last', [i64([4], [0, 2, 1, 2]), f32([2], [0, 1])], { depth: 3, axis: 1 }),
  oneHot('first', [i64([4], [0, 2, 1, 2]), f32([2], [-1, 5])], { depth: 3, axis: 0 }),
  oneHot('negative and outside', [i32([5], [-1, -3, 3, -4, 0]), f32([2], [0, 1])], { depth: 3, axis: 1 }),
  oneHot('a matrix of indices', [i64([2, 2], [0, 1, 3, 2]), i32([2], [7, 9])], { depth: 4, axis: 1 }),
  oneHot('float indices', [f32([2], [1, 2]), f32([2], [0, 1])], { depth: 4, axis: 1 }),
  oneHot('a scalar', [i64([], [1]), f32([2], [0, 1])], { depth: 3, axis: 0 }),
];

const trilu = casesOf('trilu', ([x], a) =>
  build(x!.dtype, sizes(x!), (index) => {
    const k = (a.k as number | undefined) ?? 0;
    const diagonal = index.at(-1)! - index.at(-2)!;
    return (a.upper === false ? diagonal <= k : diagonal >= k) ? at(x!, index) : 0;
  }),
);
const trilus: OpCase[] = [true, false].flatMap((upper) => [
  trilu(`${upper ? 'upper' : 'lower'} square`, [noise([4, 4])], { upper }),
  trilu(`${upper ? 'upper' : 'lower'} wide, k 1`, [noise([3, 5])], { upper, k: 1 }),
  trilu(`${upper ? 'upper' : 'lower'} tall, k -1`, [noise([2, 5, 3])], { upper, k: -1 }),
  trilu(`${upper ? 'upper' : 'lower'}, k outside`, [noise([3, 3])], { upper, k: 9 }),
  trilu(`${upper ? 'upper' : 'lower'} int64`, [whole('int64', [3, 3], -9, 9)], { upper }),
]);
const triluSpecial = trilu('NaN below is gone', [f32([2, 2], [1, 2, NaN, Infinity])], {}, true);

export const cases: readonly OpCase[] = [
  ...reshapes,
  ...transposes,
  ...concats,
  ...slices,
  ...pads,
  ...expands,
  ...tiles,
  ...gathers,
  ...elementGathers,
  ...tupleGathers,
  ...oneHots,
  ...trilus,
  triluSpecial,
];
