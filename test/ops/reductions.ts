import type { Attributes } from '../../compiler/ops/index.ts';
import type { DType } from '../../compiler/tensor/dtype.ts';
import type { Tensor } from '../../compiler/tensor/tensor.ts';
import { at, bool, build, casesOf, f32, indices, noise, type OpCase, sizes, sum, whole } from './case.ts';

const product = (values: readonly number[]): number => values.reduce((a, b) => a * b, 1);

const folds: Record<string, (values: readonly number[]) => number> = {
  sum,
  mean: (v) => sum(v) / v.length,
  max: (v) => Math.max(...v),
  min: (v) => Math.min(...v),
  prod: product,
  l1: (v) => sum(v.map(Math.abs)),
  l2: (v) => Math.sqrt(sum(v.map((x) => x * x))),
  logSum: (v) => Math.log(sum(v)),
  logSumExp: (v) => Math.log(sum(v.map(Math.exp))),
  sumSquare: (v) => sum(v.map((x) => x * x)),
};

/** The elements that share the output position `index`, which has size 1 along `axes`. */
const gathered = (x: Tensor, axes: readonly number[], index: readonly number[]): number[] =>
  [...indices(axes.map((a) => sizes(x)[a]!))].map((inner) =>
    at(
      x,
      index.map((i, d) => (axes.includes(d) ? inner[axes.indexOf(d)]! : i)),
    ),
  );

/** Folds the rows of x over `axes`; reshaped without them when they are dropped. */
function folded(
  x: Tensor,
  dtype: DType,
  axes: readonly number[],
  keep: boolean,
  fold: (v: number[]) => number,
): Tensor {
  const kept = sizes(x).map((size, d) => (axes.includes(d) ? 1 : size));
  const values = [...indices(kept)].map((index) => fold(gathered(x, axes, index)));
  const shape = keep ? kept : kept.filter((_, d) => !axes.includes(d));
  return build(dtype, shape, () => values.shift()!);
}

const reduce = casesOf('reduce', ([x], a) =>
  folded(x!, x!.dtype, a.axes as number[], a.keepDims !== false, (v) => {
    const result = folds[a.kind as string]!(v);
    return x!.dtype === 'float32' ? result : Math.trunc(result);
  }),
);

const reduceOf = (kind: string): OpCase[] => {
  const low = kind === 'logSum' ? 0.25 : -2;
  const run = (name: string, shape: number[], axes: number[], keepDims: boolean): OpCase =>
    reduce(`${kind} of ${name}`, [noise(shape, low, 2)], { kind, axes, keepDims });
  return [
    run('the last axis', [3, 7], [1], true),
    run('the first axis', [5, 6], [0], false),
    run('space', [1, 5, 3, 3], [2, 3], true),
    run('everything', [2, 3, 2], [0, 1, 2], false),
    run('two axes apart', [3, 2, 5], [0, 2], false),
    run('no axis', [3, 2], [], true),
    run('an axis of 1', [4, 1], [1], true),
    run('no rows', [0, 3], [1], true),
  ];
};

const more: OpCase[] = [
  ...['sum', 'prod', 'max', 'min', 'mean', 'l1', 'l2', 'sumSquare', 'logSum'].map((kind) =>
    reduce(`${kind} of int32`, [whole('int32', [3, 4], kind === 'logSum' ? 1 : -5, 5)], { kind, axes: [1] }),
  ),
  reduce('sum of int64', [whole('int64', [3, 4], -5, 5)], { kind: 'sum', axes: [0], keepDims: false }),
  reduce('max of uint8', [whole('uint8', [3, 4], 0, 255)], { kind: 'max', axes: [0, 1] }),
  reduce('l1 of uint8', [whole('uint8', [3, 4], 0, 9)], { kind: 'l1', axes: [1] }),
  reduce('max of bool', [bool([3, 2], [0, 0, 0, 1, 1, 1])], { kind: 'max', axes: [1] }),
  reduce('min of bool', [bool([3, 2], [0, 0, 0, 1, 1, 1])], { kind: 'min', axes: [1], keepDims: false }),
  reduce('sum of nothing', [f32([2, 0], [])], { kind: 'sum', axes: [1] }),
  reduce('prod of nothing', [f32([2, 0], [])], { kind: 'prod', axes: [1] }),
  reduce('max of nothing', [f32([2, 0], [])], { kind: 'max', axes: [1] }, true),
  reduce('logSumExp of nothing', [f32([2, 0], [])], { kind: 'logSumExp', axes: [1] }, true),
  {
    op: 'reduce',
    name: 'logSumExp of large values',
    inputs: [f32([2, 2], [1000, 1000, -1000, -1000])],
    attributes: { kind: 'logSumExp', axes: [1] },
    expected: f32([2, 1], [1000 + Math.LN2, -1000 + Math.LN2]),
    special: false,
  },
  reduce(
    'logSumExp with infinities',
    [f32([3, 2], [-Infinity, -Infinity, Infinity, 1, -Infinity, 2])],
    { kind: 'logSumExp', axes: [1] },
    true,
  ),
  ...['max', 'min', 'sum'].map((kind) =>
    reduce(`${kind} with NaN`, [f32([2, 3], [1, NaN, 3, 4, 5, 6])], { kind, axes: [1] }, true),
  ),
];

const argReduce = casesOf('argReduce', ([x], a) =>
  folded(x!, 'int64', [a.axis as number], a.keepDims !== false, (v) => {
    const extreme = a.kind === 'max' ? Math.max(...v) : Math.min(...v);
    if (Number.isNaN(extreme)) return v.findIndex(Number.isNaN);
    return a.selectLast ? v.lastIndexOf(extreme) : v.indexOf(extreme);
  }),
);
const ties = f32([2, 6], [2, 5, 5, 1, 1, 5, 3, 3, 3, 3, 3, 3]);
const argReduceCases: OpCase[] = ['max', 'min'].flatMap((kind) => [
  argReduce(`${kind} of the last axis`, [noise([3, 7])], { kind, axis: 1 }),
  argReduce(`${kind} of the first axis, dropped`, [noise([5, 6])], { kind, axis: 0, keepDims: false }),
  argReduce(`${kind} of the middle`, [noise([2, 5, 3])], { kind, axis: 1, keepDims: false }),
  argReduce(`${kind}, first of ties`, [ties], { kind, axis: 1 }),
  argReduce(`${kind}, last of ties`, [ties], { kind, axis: 1, selectLast: true }),
  argReduce(`${kind} of int32`, [whole('int32', [4, 5], -3, 3)], { kind, axis: 1 }),
  argReduce(`${kind} of uint8`, [whole('uint8', [4, 5], 0, 255)], { kind, axis: 0 }),
  argReduce(`${kind} of one`, [noise([3, 1])], { kind, axis: 1 }),
  argReduce(`${kind} of no rows`, [noise([0, 3])], { kind, axis: 1 }),
  argReduce(`${kind} with NaN`, [f32([2, 3], [1, NaN, 3, -Infinity, Infinity, 0])], { kind, axis: 1 }, true),
]);

const cumSum = casesOf('cumSum', ([x], a) =>
  build(x!.dtype, sizes(x!), (index) => {
    const axis = a.axis as number;
    const here = index[axis]!;
    const parts = Array.from({ length: sizes(x!)[axis]! }, (_, j) => {
      const counted = a.reverse ? j >= here : j <= here;
      return counted && !(a.exclusive && j === here) ? at(x!, index.with(axis, j)) : 0;
    });
    return sum(parts);
  }),
);
const cumSumCases: OpCase[] = (
  [{}, { exclusive: true }, { reverse: true }, { exclusive: true, reverse: true }] as Attributes[]
).flatMap((a) => [
  cumSum(`a vector ${JSON.stringify(a)}`, [noise([7])], { axis: 0, ...a }),
  cumSum(`rows ${JSON.stringify(a)}`, [noise([2, 5])], { axis: 1, ...a }),
  cumSum(`columns of int32 ${JSON.stringify(a)}`, [whole('int32', [3, 4], -9, 9)], { axis: 0, ...a }),
  cumSum(`one element ${JSON.stringify(a)}`, [f32([1], [3])], { axis: 0, ...a }),
]);

/** Applies `f` to each row of x along the axis. */
const byRow =
  (f: (row: readonly number[], i: number) => number) =>
  ([x]: readonly Tensor[], a: Attributes): Tensor =>
    build('float32', sizes(x!), (index) => {
      const axis = a.axis as number;
      const row = Array.from({ length: sizes(x!)[axis]! }, (_, i) => at(x!, index.with(axis, i)));
      return f(row, index[axis]!);
    });

const exps = (row: readonly number[]): number[] => row.map((v) => Math.exp(v - Math.max(...row)));
const rowOps = {
  softmax: casesOf(
    'softmax',
    byRow((row, i) => exps(row)[i]! / sum(exps(row))),
  ),
  logSoftmax: casesOf(
    'logSoftmax',
    byRow((row, i) => row[i]! - Math.max(...row) - Math.log(sum(exps(row)))),
  ),
  hardmax: casesOf(
    'hardmax',
    byRow((row, i) => (row.indexOf(Math.max(...row)) === i ? 1 : 0)),
  ),
};
const rowCases: OpCase[] = Object.values(rowOps).flatMap((make) => [
  make('the last axis', [noise([3, 7])], { axis: 1 }),
  make('the first axis', [noise([5, 6])], { axis: 0 }),
  make('the middle', [noise([2, 5, 3], -8, 8)], { axis: 1 }),
  make('a vector', [noise([9])], { axis: 0 }),
  make('rows of one', [noise([4, 1])], { axis: 1 }),
  make('rows of 33', [noise([2, 33], -5, 5)], { axis: 1 }),
  make('large values', [f32([2, 3], [1000, 1001, 999, -1000, -1001, -1000])], { axis: 1 }),
  make('ties', [ties], { axis: 1 }),
  make('no rows', [noise([0, 3])], { axis: 1 }),
]);
const rowSpecials: OpCase[] = [
  rowOps.softmax('a masked row', [f32([2, 3], [0, -Infinity, 1, -Infinity, -Infinity, 2])], { axis: 1 }, true),
  rowOps.softmax('a row of -inf is NaN', [f32([2], [-Infinity, -Infinity])], { axis: 0 }, true),
  rowOps.logSoftmax('a masked row', [f32([1, 3], [0, -Infinity, 1])], { axis: 1 }, true),
];

export const cases: readonly OpCase[] = [
  ...Object.keys(folds).flatMap(reduceOf),
  ...more,
  ...argReduceCases,
  ...cumSumCases,
  ...rowCases,
  ...rowSpecials,
];
