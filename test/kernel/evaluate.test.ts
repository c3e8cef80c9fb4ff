import { describe, expect, it } from 'vitest';
import { compileKernel, compileNest } from '../../compiler/kernel/evaluate.ts';
import {
  binary,
  cast,
  constant,
  type Expr,
  indexValue,
  load,
  reduce,
  select,
  table,
  unary,
} from '../../compiler/kernel/expr.ts';
import {
  type Axis,
  addIndex,
  divIndex,
  makeAxis,
  modIndex,
  scaleIndex,
  valueIndex,
} from '../../compiler/kernel/index-expr.ts';
import type { ContractionKernel, NestKernel, Slot } from '../../compiler/kernel/nest.ts';
import { printKernel } from '../../compiler/kernel/print.ts';
import { nestOfMeaning } from '../../compiler/kernel/schedule.ts';
import { splitReductions } from '../../compiler/kernel/split-reductions.ts';
import { encodeData } from '../../compiler/tensor/convert.ts';
import { type DType, dtypes, isFloat, type TypedArray } from '../../compiler/tensor/dtype.ts';
import { dim, rowMajorStrides, shapeOf } from '../../compiler/tensor/shape.ts';

const axis = (name: string, size: number): Axis => makeAxis(name, dim(size));
const count = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

interface Source {
  readonly dtype: DType;
  readonly sizes: readonly number[];
  readonly values: readonly (number | bigint)[];
}

const sourceOf = (s: Source, id: number): Parameters<typeof load>[0] => ({ id, dtype: s.dtype, sizes: s.sizes });

const arrayOf = (dtype: DType, values: readonly (number | bigint)[]): TypedArray =>
  isFloat(dtype) ? Float64Array.from(values, Number) : encodeData(dtype, values as readonly number[]);

function nestOf(axes: readonly Axis[], value: Expr, sources: readonly Source[], order?: readonly Axis[]): NestKernel {
  const slots: Slot[] = [
    { name: 'y', dtype: value.dtype, access: 'write' },
    ...sources.map((s, i): Slot => ({ name: `x${i}`, dtype: s.dtype, access: 'read' })),
  ];
  const place = (slot: number, sizes: readonly number[]) => ({
    slot,
    offset: 0,
    strides: rowMajorStrides(shapeOf(sizes)),
  });
  const sizes = axes.map((a) => a.extent.size);
  return nestOfMeaning(
    'case',
    slots,
    { axes, value },
    (id) => place(id + 1, sources[id]!.sizes),
    place(0, sizes),
    order,
  );
}

function run(axes: readonly Axis[], value: Expr, sources: readonly Source[], order?: readonly Axis[]): unknown[] {
  const size = count(axes.map((a) => a.extent.size));
  const y = isFloat(value.dtype) ? new Float64Array(size) : new dtypes[value.dtype].array(size);
  compileNest(nestOf(axes, value, sources, order))([y, ...sources.map((s) => arrayOf(s.dtype, s.values))]);
  return Array.from(y as ArrayLike<unknown>);
}

/** op over pairs of one dtype */
function pairs(
  op: Parameters<typeof binary>[0],
  dtype: DType,
  a: readonly (number | bigint)[],
  b: typeof a,
): unknown[] {
  const i = axis('i', a.length);
  const sources = [a, b].map((values): Source => ({ dtype, sizes: [a.length], values }));
  const [x, y] = sources.map((s, id) => load(sourceOf(s, id), [i]));
  return run([i], binary(op, x!, y!), sources);
}

function single(make: (x: Expr) => Expr, dtype: DType, values: readonly (number | bigint)[]): unknown[] {
  const i = axis('i', values.length);
  const source: Source = { dtype, sizes: [values.length], values };
  return run([i], make(load(sourceOf(source, 0), [i])), [source]);
}

describe('integers wrap at their width', () => {
  it.each<[DType, (number | bigint)[], (number | bigint)[], (number | bigint)[]]>([
    ['int8', [127, -128], [1, -1], [-128, 127]],
    ['uint8', [255, 200], [1, 100], [0, 44]],
    ['int16', [32767], [1], [-32768]],
    ['uint16', [65535], [2], [1]],
    ['int32', [2147483647], [1], [-2147483648]],
    ['uint32', [4294967295], [2], [1]],
    ['int64', [2n ** 63n - 1n], [1n], [-(2n ** 63n)]],
    ['uint64', [2n ** 64n - 1n], [2n], [1n]],
  ])('%s', (dtype, a, b, sums) => expect(pairs('add', dtype, a, b)).toEqual(sums));

  it('multiplies exactly', () => {
    expect(pairs('mul', 'int32', [123456789], [987654321])).toEqual([Math.imul(123456789, 987654321)]);
    expect(pairs('mul', 'uint32', [4000000000], [3])).toEqual([Number((4000000000n * 3n) % 2n ** 32n)]);
    expect(pairs('mul', 'int64', [-3n], [2n ** 62n])).toEqual([BigInt.asIntN(64, -3n * 2n ** 62n)]);
  });

  it('divides towards zero, and by zero to 0', () => {
    expect(pairs('div', 'int32', [-7, 7, 7], [2, -2, 0])).toEqual([-3, -3, 0]);
    expect(pairs('rem', 'int32', [-7, 7, 7], [2, -2, 0])).toEqual([-1, 1, 0]);
    expect(pairs('div', 'int64', [-7n, 7n], [2n, 0n])).toEqual([-3n, 0n]);
    expect(pairs('div', 'uint32', [4294967295], [2])).toEqual([2147483647]);
  });

  it('shifts by the count modulo the width', () => {
    expect(pairs('shl', 'int32', [1, 1], [31, 33])).toEqual([-2147483648, 2]);
    expect(pairs('shr', 'int32', [-8], [1])).toEqual([-4]);
    expect(pairs('shr', 'uint32', [4294967288], [1])).toEqual([2147483644]);
    expect(pairs('shr', 'int64', [-8n], [1n])).toEqual([-4n]);
    expect(pairs('shl', 'uint8', [129], [1])).toEqual([2]);
  });

  it('negates and takes absolute values at the edge', () => {
    expect(single((x) => unary('neg', x), 'int8', [-128, 5])).toEqual([-128, -5]);
    expect(single((x) => unary('abs', x), 'int32', [-2147483648, -3])).toEqual([-2147483648, 3]);
    expect(single((x) => unary('not', x), 'uint8', [0, 255])).toEqual([255, 0]);
    expect(single((x) => unary('not', x), 'bool', [0, 1])).toEqual([1, 0]);
  });
});

describe('conversions', () => {
  it('truncates floats, saturates at 32 and 64 bits, wraps below, and takes NaN as 0', () => {
    const values = [1.9, -1.9, 3e9, -3e9, Number.NaN, Infinity];
    expect(single((x) => cast('int32', x), 'float32', values)).toEqual([1, -1, 2147483647, -2147483648, 0, 2147483647]);
    expect(single((x) => cast('uint32', x), 'float32', values)).toEqual([1, 0, 3000000000, 0, 0, 4294967295]);
    expect(single((x) => cast('uint8', x), 'float32', [300, -1])).toEqual([44, 255]);
    expect(single((x) => cast('int64', x), 'float32', values)).toEqual([
      1n,
      -1n,
      3000000000n,
      -3000000000n,
      0n,
      2n ** 63n - 1n,
    ]);
    expect(single((x) => cast('uint64', x), 'float64', [-1, 2 ** 65])).toEqual([0n, 2n ** 64n - 1n]);
  });

  it('goes between integers of all widths and bool', () => {
    expect(single((x) => cast('int8', x), 'int64', [300n, -1n])).toEqual([44, -1]);
    expect(single((x) => cast('uint64', x), 'int32', [-1])).toEqual([2n ** 64n - 1n]);
    expect(single((x) => cast('bool', x), 'int64', [0n, 7n])).toEqual([0, 1]);
    expect(single((x) => cast('bool', x), 'float32', [0, -0, 0.1, Number.NaN])).toEqual([0, 0, 1, 1]);
    expect(single((x) => cast('float32', x), 'int64', [-5n])).toEqual([-5]);
  });
});

describe('floats', () => {
  it('keeps NaN through min and max', () => {
    expect(pairs('max', 'float32', [1, Number.NaN, 2], [Number.NaN, 1, 3])).toEqual([Number.NaN, Number.NaN, 3]);
    expect(pairs('min', 'float32', [1, -0], [Number.NaN, 0])).toEqual([Number.NaN, -0]);
  });

  it('rounds halves to even', () => {
    const values = [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49999999999999994, 1e300];
    expect(single((x) => unary('round', x), 'float32', values)).toEqual([0, 2, 2, -0, -2, -2, 0, 1e300]);
  });

  it('remainders take the sign of the dividend', () => {
    expect(pairs('rem', 'float32', [5.5, -5.5], [2, 2])).toEqual([1.5, -1.5]);
  });
});

describe('nests', () => {
  it('guards fetches, by rows and columns, with a fill', () => {
    const x: Source = { dtype: 'float32', sizes: [2, 2], values: [1, 2, 3, 4] };
    const [i, j] = [axis('i', 3), axis('j', 3)];
    const value = load(sourceOf(x, 0), [addIndex(i, -1), addIndex(j, -1)], 9);
    expect(run([i, j], value, [x])).toEqual([9, 9, 9, 9, 1, 2, 9, 3, 4]);
  });

  it('guards int64 fetches whose index would leave the buffer', () => {
    const x: Source = { dtype: 'int64', sizes: [2], values: [5n, 6n] };
    const i = axis('i', 4);
    const element = load(sourceOf(x, 0), [addIndex(i, -1)], -1);
    expect(run([i], binary('add', element, element), [x])).toEqual([-2n, 10n, 12n, -2n]);
  });

  it('divides and takes moduli of indices, negative ones downward', () => {
    const i = axis('i', 6);
    const shifted = addIndex(i, -3);
    expect(run([i], indexValue(divIndex(shifted, 2)), [])).toEqual([-2, -1, -1, 0, 0, 1]);
    expect(run([i], indexValue(modIndex(shifted, 4)), [])).toEqual([1, 2, 3, 0, 1, 2]);
  });

  it('gathers by indices from data, int64 included', () => {
    const x: Source = { dtype: 'float32', sizes: [3, 2], values: [0, 1, 10, 11, 20, 21] };
    const indices: Source = { dtype: 'int64', sizes: [2], values: [2n, 0n] };
    const [i, j] = [axis('i', 2), axis('j', 2)];
    const row = valueIndex(load(sourceOf(indices, 1), [i]), 3);
    expect(run([i, j], load(sourceOf(x, 0), [row, j]), [x, indices])).toEqual([20, 21, 0, 1]);
  });

  it('reads tables, at computed places too', () => {
    const i = axis('i', 4);
    const values = [1.5, 2.5];
    expect(run([i], table('float32', values, divIndex(i, 2)), [])).toEqual([1.5, 1.5, 2.5, 2.5]);
    expect(run([i], table('int32', [7, 8, 9, 10], addIndex(scaleIndex(i, -1), 3)), [])).toEqual([10, 9, 8, 7]);
  });

  it('folds sums, products and extremes, several over one traversal, and empty ones', () => {
    const x: Source = { dtype: 'float32', sizes: [2, 3], values: [1, 2, 3, -4, 5, -6] };
    const [i, k] = [axis('i', 2), axis('k', 3)];
    const element = load(sourceOf(x, 0), [i, k]);
    const fold = (op: 'sum' | 'prod' | 'max' | 'min'): Expr => reduce(op, [k], element);
    const value = binary('add', binary('mul', fold('sum'), constant('float32', 1000)), fold('max'));
    expect(run([i], value, [x])).toEqual([6003, -4995]);
    expect(run([i], fold('prod'), [x])).toEqual([6, 120]);
    expect(run([i], fold('min'), [x])).toEqual([1, -6]);
    const none = axis('none', 0);
    const empty = (dtype: DType, op: 'sum' | 'prod' | 'max' | 'min'): unknown =>
      run([axis('i', 1)], reduce(op, [none], constant(dtype, 3)), [])[0];
    expect(empty('float32', 'sum')).toBe(0);
    expect(empty('int64', 'prod')).toBe(1n);
    expect(empty('float32', 'max')).toBe(-Infinity);
    expect(empty('int8', 'min')).toBe(127);
    expect(empty('uint64', 'min')).toBe(2n ** 64n - 1n);
  });

  it('keeps values that do not vary out of the inner loop, in any loop order', () => {
    const x: Source = { dtype: 'float32', sizes: [2, 3], values: [1, 2, 3, 4, 5, 6] };
    const [i, j] = [axis('i', 2), axis('j', 3)];
    const row = unary('exp', unary('neg', load(sourceOf(x, 0), [i, constantIndex(0)])));
    const value = binary('mul', row, load(sourceOf(x, 0), [i, j]));
    const expected = [1, 2, 3].map((v) => v * Math.exp(-1)).concat([4, 5, 6].map((v) => v * Math.exp(-4)));
    expect(run([i, j], value, [x])).toEqual(expected);
    expect(run([i, j], value, [x], [j, i])).toEqual(expected);
  });

  it('computes shared values once and selects', () => {
    const x: Source = { dtype: 'float32', sizes: [4], values: [-1, 2, -3, 4] };
    const i = axis('i', 4);
    const element = load(sourceOf(x, 0), [i]);
    const square = binary('mul', element, element);
    const value = select(binary('lt', element, constant('float32', 0)), square, binary('add', square, square));
    expect(run([i], value, [x])).toEqual([1, 8, 9, 32]);
  });

  it('prints as text', () => {
    const x: Source = { dtype: 'float32', sizes: [2, 3], values: [] };
    const [i, k] = [axis('i', 2), axis('k', 3)];
    const total = reduce('sum', [k], load(sourceOf(x, 0), [i, addIndex(k, -1)], 0));
    expect(printKernel(nestOf([i], unary('sqrt', total), [x]))).toBe(
      [
        'nest "case"',
        '  y: float32 write, x0: float32 read',
        '  for i < 2',
        '    t0 = sum over (k < 3) of (x0[3*i + k + -1] if 0 <= k + -1 < 3 else 0)',
        '    y[i] = sqrt(t0)',
        '',
      ].join('\n'),
    );
  });
});

const constantIndex = (i: number) => addIndex(i);

describe('contractions', () => {
  const [m, n, k0, k1] = [axis('m', 2), axis('n', 10), axis('k0', 2), axis('k1', 3)];
  const slots: Slot[] = ['y', 'a', 'b'].map((name, i) => ({
    name,
    dtype: 'float32',
    access: i === 0 ? 'write' : 'read',
  }));
  const a = Float64Array.from({ length: 12 }, (_, i) => i - 4);
  const weight = (row: number, column: number): number => (row + 1) * 0.5 - column;
  const kernel: ContractionKernel = {
    kind: 'contraction',
    form: 'dense',
    name: 'linear',
    slots,
    batch: [],
    m: [m],
    n,
    k: [k0, k1],
    a: { offset: addIndex(scaleIndex(m, 6), scaleIndex(k0, 3), k1) },
    b: { kind: 'packed', batchStride: 0 },
    store: { offset: addIndex(scaleIndex(m, 10), n) },
    epilogue: binary('max', { kind: 'local', dtype: 'float32', name: 'acc' }, constant('float32', 0)),
  };
  const expected = (bias: (column: number) => number): number[] =>
    Array.from({ length: 20 }, (_, at) => {
      const [row, column] = [Math.floor(at / 10), at % 10];
      let sum = bias(column);
      for (let k = 0; k < 6; k++) sum += (a[row * 6 + k] ?? 0) * weight(k, column);
      return Math.max(0, sum);
    });

  it('reads packed panels: bias first, K-major, padded to 8 columns', () => {
    const packed = new Float64Array(2 * 8 * 7);
    for (let column = 0; column < 10; column++) {
      const base = Math.floor(column / 8) * 56 + (column % 8);
      packed[base] = column;
      for (let k = 0; k < 6; k++) packed[base + 8 * (k + 1)] = weight(k, column);
    }
    const y = new Float64Array(20);
    compileKernel(kernel)([y, a, packed]);
    expect([...y]).toEqual(expected((column) => column));
    expect(printKernel(kernel)).toContain('dense: batch (), m (m < 2), n (n < 10), k (k0 < 2, k1 < 3)');
  });

  it('reads a live B', () => {
    const b = Float64Array.from({ length: 60 }, (_, i) => weight(Math.floor(i / 10), i % 10));
    const offset = addIndex(scaleIndex(k0, 30), scaleIndex(k1, 10), n);
    const y = new Float64Array(20);
    compileKernel({ ...kernel, b: { kind: 'live', offset } })([y, a, b]);
    expect([...y]).toEqual(expected(() => 0));
  });
});

describe('splitReductions', () => {
  it('takes out a reduction that another one would repeat', () => {
    const [i, s, d] = [axis('i', 2), axis('s', 3), axis('d', 4)];
    const source: Source = { dtype: 'float32', sizes: [3, 4], values: [] };
    const score = reduce('sum', [d], load(sourceOf(source, 0), [s, d]));
    const value = binary('div', reduce('sum', [s], unary('exp', score)), indexValueAsFloat(i));
    const { parts, meaning } = splitReductions({ axes: [i], value }, () => 7);
    expect(parts.map((p) => [p.source, p.meaning.axes.map((a) => a.name), p.meaning.value])).toEqual([
      [7, ['s'], score],
    ]);
    expect(meaning.value).toMatchObject({ a: { body: { x: { kind: 'load', source: 7 } } } });
  });

  it('leaves a sum over a sum to be one traversal', () => {
    const [s, d] = [axis('s', 3), axis('d', 4)];
    const source: Source = { dtype: 'float32', sizes: [3, 4], values: [] };
    const value = reduce('sum', [s], reduce('sum', [d], load(sourceOf(source, 0), [s, d])));
    expect(splitReductions({ axes: [], value }, () => 7).parts).toEqual([]);
  });
});

const indexValueAsFloat = (i: Axis): Expr => cast('float32', indexValue(i));
