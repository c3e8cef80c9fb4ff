import { describe, expect, it } from 'vitest';
import {
  add,
  binary,
  cast,
  constant,
  type Expr,
  indexValue,
  like,
  load,
  maximum,
  mul,
  reduce,
  select,
  sub,
  unary,
} from '../../../compiler/kernel/expr.ts';
import {
  type Axis,
  addIndex,
  divIndex,
  makeAxis,
  modIndex,
  scaleIndex,
  valueIndex,
} from '../../../compiler/kernel/index-expr.ts';
import type { NestKernel } from '../../../compiler/kernel/nest.ts';
import { nestOfMeaning } from '../../../compiler/kernel/schedule.ts';
import type { DType } from '../../../compiler/tensor/dtype.ts';
import { dim, elementCount, rowMajorStrides, shapeOf } from '../../../compiler/tensor/shape.ts';
import type { WasmFeatures } from '../../../targets/target.ts';
import { type Buffer, evaluateNest, runNest, worstError } from './run-nest.ts';

interface Input {
  readonly sizes: readonly number[];
  readonly dtype?: DType;
  readonly values?: (i: number) => number;
}

const arrayOf = (dtype: DType, length: number): Buffer =>
  dtype === 'float32'
    ? new Float32Array(length)
    : dtype === 'uint32'
      ? new Uint32Array(length)
      : new Int32Array(length);

const pseudo = (i: number): number => Math.fround((((i * 7919 + 13) % 2003) / 1001 - 1) * 3);

/** Kernel and buffers of a meaning over row-major inputs. */
function caseOf(
  sizes: readonly number[],
  inputs: readonly Input[],
  value: (axes: Axis[], x: (i: number, index: Parameters<typeof load>[1], fill?: number) => Expr) => Expr,
  out?: DType,
): { kernel: NestKernel; buffers: Buffer[] } {
  const axes = sizes.map((n, i) => makeAxis(`i${i}`, dim(n)));
  const e = value(axes, (i, index, fill) =>
    load({ id: i, dtype: inputs[i]!.dtype ?? 'float32', sizes: inputs[i]!.sizes }, index, fill),
  );
  const dtype = out ?? e.dtype;
  const placement = (slot: number, s: readonly number[]) => ({ slot, offset: 0, strides: rowMajorStrides(shapeOf(s)) });
  const kernel = nestOfMeaning(
    'case',
    [
      { name: 'y', dtype, access: 'write' },
      ...inputs.map((x, i) => ({ name: `x${i}`, dtype: x.dtype ?? 'float32', access: 'read' as const })),
    ],
    { axes, value: e },
    (source) => placement(source + 1, inputs[source]!.sizes),
    placement(0, sizes),
  );
  const buffers = [
    arrayOf(dtype, elementCount(shapeOf(sizes))),
    ...inputs.map((x) => {
      const b = arrayOf(x.dtype ?? 'float32', elementCount(shapeOf(x.sizes)));
      for (let i = 0; i < b.length; i++)
        b[i] = (
          x.values ??
          (x.dtype && x.dtype !== 'float32'
            ? (j: number) =>
                x.dtype === 'bool' ? (j % 3 === 0 ? 1 : 0) : ((j * 37) % 101) - (x.dtype === 'int32' ? 50 : 0)
            : pseudo)
        )(i);
      return b;
    }),
  ];
  return { kernel, buffers };
}

const all: WasmFeatures[] = ['scalar', 'simd', 'relaxed'];

function check(c: { kernel: NestKernel; buffers: Buffer[] }, tolerance = 0, isVector = true): void {
  const want = evaluateNest(c.kernel, c.buffers)[0]!;
  for (const features of all) {
    const run = runNest(c.kernel, c.buffers, features);
    expect({
      features,
      worst: worstError(run.buffers[0]!, want) <= tolerance,
      contained: run.isContained,
      isVector: run.facts.isVector,
      error: worstError(run.buffers[0]!, want),
    }).toMatchObject({ features, worst: true, contained: true, isVector: isVector && features !== 'scalar' });
    expect(run.buffers.slice(1)).toEqual(c.buffers.slice(1));
  }
}
const ulp = 2 ** -23;

describe('element-wise', () => {
  for (const n of [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 33, 64, 100]) {
    it(`adds and scales ${n}`, () =>
      check(
        caseOf([n], [{ sizes: [n] }, { sizes: [n] }], ([i], x) =>
          add(mul(x(0, [i!]), like(x(0, [i!]), 2)), x(1, [i!])),
        ),
        0,
        n > 1,
      ));
  }
  it('merges contiguous axes', () =>
    check(caseOf([3, 5, 7], [{ sizes: [3, 5, 7] }], ([a, b, c], x) => unary('neg', x(0, [a!, b!, c!])))));
  it('broadcasts rows, columns and scalars', () =>
    check(
      caseOf([5, 9], [{ sizes: [5, 1] }, { sizes: [9] }, { sizes: [1] }], ([a, b], x) =>
        add(mul(x(0, [a!, 0]), x(1, [b!])), x(2, [0])),
      ),
      ulp,
    ));
  it('writes one element', () =>
    check(
      caseOf([], [{ sizes: [] }], (_, x) => add(x(0, []), x(0, []))),
      0,
      false,
    ));
  it('writes nothing', () =>
    check(
      caseOf([0, 4], [{ sizes: [0, 4] }], ([a, b], x) => x(0, [a!, b!])),
      0,
      false,
    ));
  it('fills', () => check(caseOf([4, 6], [], () => constant('float32', 2.5))));
  it('converts index to float', () =>
    check(caseOf([3, 7], [], ([a, b]) => cast('float32', indexValue(addIndex(scaleIndex(a!, 10), b!))))));
});

describe('movement', () => {
  it('transposes', () => {
    for (const [r, c] of [
      [9, 2],
      [2, 9],
      [4, 4],
      [5, 7],
      [8, 12],
      [17, 6],
      [3, 9],
      [9, 3],
      [33, 18],
    ] as const)
      check(caseOf([r, c], [{ sizes: [c, r] }], ([a, b], x) => x(0, [b!, a!])));
  });
  it('permutes three axes', () => {
    for (const perm of [
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ] as const) {
      const sizes = [5, 6, 7];
      const source: number[] = [];
      perm.forEach((p, i) => {
        source[p] = sizes[i]!;
      });
      check(
        caseOf(sizes, [{ sizes: source }], (axes, x) => {
          const index: Axis[] = [];
          perm.forEach((p, i) => {
            index[p] = axes[i]!;
          });
          return x(0, index);
        }),
      );
    }
  });
  it('strides 2, 3, 5 and -1', () => {
    for (const s of [2, 3, 5])
      for (const n of [4, 5, 11])
        check(caseOf([n], [{ sizes: [s * (n - 1) + 1] }], ([i], x) => x(0, [scaleIndex(i!, s)])));
    for (const n of [4, 6, 9])
      check(caseOf([n], [{ sizes: [n] }], ([i], x) => x(0, [addIndex(n - 1, scaleIndex(i!, -1))])));
  });
  it('stores values several times side by side', () => {
    for (const copies of [2, 3, 4, 5, 8, 9]) {
      for (const n of [4, 5, 6, 7, 12, 30]) {
        check(caseOf([3, n, copies], [{ sizes: [3, n] }], ([a, b], x) => unary('neg', x(0, [a!, b!]))));
      }
    }
    check(caseOf([6, 2], [{ sizes: [6], dtype: 'bool' }], ([a], x) => x(0, [a!])));
    check(caseOf([6, 3], [{ sizes: [6, 2] }], ([a], x) => x(0, [a!, 1])));
  });
  it('pads with a fill', () => {
    for (const n of [1, 3, 4, 9, 18])
      check(caseOf([5, n + 3], [{ sizes: [3, n] }], ([a, b], x) => x(0, [addIndex(a!, -1), addIndex(b!, -2)], 7)));
  });
  it('splits and joins by div and mod', () => {
    check(caseOf([24], [{ sizes: [8, 3] }], ([i], x) => x(0, [divIndex(i!, 3), modIndex(i!, 3)])));
    check(caseOf([3, 8], [{ sizes: [24] }], ([a, b], x) => x(0, [modIndex(addIndex(scaleIndex(a!, 8), b!, 5), 24)])));
    check(caseOf([30], [{ sizes: [5, 6] }], ([i], x) => x(0, [modIndex(i!, 5), divIndex(i!, 5)])));
  });
  it('gathers by data', () =>
    check(
      caseOf([6, 9], [{ sizes: [11, 9] }, { sizes: [6], dtype: 'int32', values: (i) => (i * 5) % 11 }], ([a, b], x) =>
        x(0, [valueIndex(x(1, [a!]), 11), b!]),
      ),
    ));
  it('gathers by data that differs between lanes', () =>
    check(
      caseOf([3, 9], [{ sizes: [11] }, { sizes: [3, 9], dtype: 'int32', values: (i) => (i * 5) % 11 }], ([a, b], x) =>
        x(0, [valueIndex(x(1, [a!, b!]), 11)]),
      ),
    ));
  it('scatters stores that are not dense', () => {
    const c = caseOf([6, 5], [{ sizes: [5, 6] }], ([a, b], x) => x(0, [b!, a!]));
    const a = makeAxis('a', dim(9));
    const kernel: NestKernel = {
      kind: 'nest',
      name: 'scatter',
      slots: c.kernel.slots,
      body: [
        {
          kind: 'loop',
          axis: a,
          body: [
            {
              kind: 'store',
              slot: 0,
              offset: addIndex(scaleIndex(a, 3), 1),
              value: { kind: 'fetch', dtype: 'float32', slot: 1, offset: addIndex(a), guards: [], fill: 0 },
            },
          ],
        },
      ],
    };
    check({ kernel, buffers: c.buffers });
  });
});

describe('reductions', () => {
  const ops = ['sum', 'prod', 'max', 'min'] as const;
  for (const op of ops)
    for (const n of [1, 2, 3, 4, 5, 11, 16, 37, 130])
      it(`${op} of rows of ${n}`, () =>
        check(
          caseOf(
            [3],
            [{ sizes: [3, n], values: (i) => (op === 'prod' ? 1 + pseudo(i) / 10 : pseudo(i)) }],
            ([a], x) => {
              const k = makeAxis('k', dim(n));
              return reduce(op, [k], x(0, [a!, k]));
            },
          ),
          16 * ulp,
          n >= 4 || n > 1 || n === 1,
        ));
  for (const op of ops)
    it(`${op} of columns`, () => {
      for (const n of [1, 4, 7, 16, 18, 37])
        check(
          caseOf([n], [{ sizes: [5, n] }], ([a], x) => {
            const k = makeAxis('k', dim(5));
            return reduce(op, [k], x(0, [k, a!]));
          }),
          16 * ulp,
        );
    });
  it('global pool, channels last', () => {
    for (const c of [3, 8, 24])
      check(
        caseOf([2, c], [{ sizes: [2, 7, 6, c] }], ([n, ch], x) => {
          const [h, w] = [makeAxis('h', dim(7)), makeAxis('w', dim(6))];
          return reduce('sum', [h, w], x(0, [n!, h, w, ch!]));
        }),
        16 * ulp,
      );
  });
  it('max pool with padding, channels last', () => {
    for (const c of [1, 3, 4, 10, 16])
      check(
        caseOf([4, 5, c], [{ sizes: [7, 9, c] }], ([y, z, ch], x) => {
          const [h, w] = [makeAxis('h', dim(3)), makeAxis('w', dim(3))];
          return reduce(
            'max',
            [h, w],
            x(
              0,
              [addIndex(scaleIndex(y!, 2), h, -1), addIndex(scaleIndex(z!, 2), w, -1), ch!],
              Number.NEGATIVE_INFINITY,
            ),
          );
        }),
      );
  });
  it('max pool, channels first', () =>
    check(
      caseOf([3, 4, 9], [{ sizes: [3, 8, 18] }], ([c, y, z], x) => {
        const [h, w] = [makeAxis('h', dim(2)), makeAxis('w', dim(2))];
        return reduce('max', [h, w], x(0, [c!, addIndex(scaleIndex(y!, 2), h), addIndex(scaleIndex(z!, 2), w)]));
      }),
    ));
  it('keeps NaN in max and min', () => {
    for (const op of ['max', 'min'] as const)
      for (const n of [5, 40])
        check(
          caseOf(
            [2, 6],
            [{ sizes: [2, n, 6], values: (i) => (i % 17 === 3 ? Number.NaN : pseudo(i)) }],
            ([a, b], x) => {
              const k = makeAxis('k', dim(n));
              return reduce(op, [k], x(0, [a!, k, b!]));
            },
          ),
        );
    check(
      caseOf([4], [{ sizes: [4, 21], values: (i) => (i === 25 ? Number.NaN : pseudo(i)) }], ([a], x) => {
        const k = makeAxis('k', dim(21));
        return reduce('max', [k], x(0, [a!, k]));
      }),
    );
  });
  it('reduces nothing', () =>
    check(
      caseOf([3], [{ sizes: [3, 0] }], ([a], x) => {
        const k = makeAxis('k', dim(0));
        return reduce('sum', [k], x(0, [a!, k]));
      }),
      0,
    ));
  it('argmax', () => {
    for (const n of [3, 10, 21])
      check(
        caseOf([4], [{ sizes: [4, n], values: (i) => (i * 7) % 5 }], ([a], x) => {
          const k = makeAxis('k', dim(n));
          const j = makeAxis('j', dim(n));
          const m = reduce('max', [k], x(0, [a!, k]));
          return reduce('min', [j], select(binary('eq', x(0, [a!, j]), m), indexValue(j), constant('int32', n)));
        }),
      );
  });
  it('softmax', () => {
    for (const n of [1, 3, 8, 10, 33])
      check(
        caseOf([5, n], [{ sizes: [5, n] }], ([a, b], x) => {
          const [k, j] = [makeAxis('k', dim(n)), makeAxis('j', dim(n))];
          const m = reduce('max', [k], x(0, [a!, k]));
          const e = (i: Axis) => unary('exp', sub(x(0, [a!, i]), m));
          return binary('div', e(b!), reduce('sum', [j], e(j)));
        }),
        64 * ulp,
      );
  });
  it('softmax over a middle axis', () =>
    check(
      caseOf([3, 5, 6], [{ sizes: [3, 5, 6] }], ([a, b, c], x) => {
        const [k, j] = [makeAxis('k', dim(5)), makeAxis('j', dim(5))];
        const m = reduce('max', [k], x(0, [a!, k, c!]));
        const e = (i: Axis) => unary('exp', sub(x(0, [a!, i, c!]), m));
        return binary('div', e(b!), reduce('sum', [j], e(j)));
      }),
      64 * ulp,
    ));
  it('layer norm', () => {
    for (const n of [4, 10, 64])
      check(
        caseOf([5, n], [{ sizes: [5, n] }, { sizes: [n] }], ([a, b], x) => {
          const [k, j] = [makeAxis('k', dim(n)), makeAxis('j', dim(n))];
          const mean = mul(reduce('sum', [k], x(0, [a!, k])), constant('float32', 1 / n));
          const d = (i: Axis) => sub(x(0, [a!, i]), mean);
          const v = mul(reduce('sum', [j], mul(d(j), d(j))), constant('float32', 1 / n));
          return mul(binary('div', d(b!), unary('sqrt', add(v, constant('float32', 1e-5)))), x(1, [b!]));
        }),
        64 * ulp,
      );
  });
});

describe('primitives', () => {
  const edge = [
    0,
    -0,
    1,
    -1,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    3.7,
    -3.7,
    1e9,
    -1e9,
    3e9,
    -3e9,
    5e9,
    1e38,
    -1e38,
    1e-40,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    7.25,
  ];
  const floats = (j: number) => (i: number) => edge[j === 0 ? i % edge.length : Math.floor(i / edge.length)]!;
  const n = edge.length ** 2;
  for (const op of ['neg', 'abs', 'floor', 'ceil', 'trunc', 'round', 'sqrt', 'floatBits'] as const)
    it(`${op} of float32`, () =>
      check(caseOf([n], [{ sizes: [n], values: floats(0) }], ([i], x) => unary(op, x(0, [i!])))));
  for (const op of ['add', 'sub', 'mul', 'max', 'min', 'eq', 'ne', 'lt', 'le', 'rem'] as const)
    it(`${op} of float32`, () =>
      check(
        caseOf(
          [n],
          [
            { sizes: [n], values: floats(0) },
            { sizes: [n], values: floats(1) },
          ],
          ([i], x) => binary(op, x(0, [i!]), x(1, [i!])),
        ),
      ));
  it('div of float32', () =>
    check(
      caseOf(
        [n],
        [
          { sizes: [n], values: floats(0) },
          { sizes: [n], values: floats(1) },
        ],
        ([i], x) => binary('div', x(0, [i!]), x(1, [i!])),
      ),
      ulp,
    ));
  for (const c of [0, 6, -1.5])
    for (const op of ['max', 'min'] as const)
      it(`${op} with ${c} keeps NaN`, () =>
        check(
          caseOf([n], [{ sizes: [n], values: floats(0) }], ([i], x) => binary(op, x(0, [i!]), constant('float32', c))),
        ));
  for (const to of ['int32', 'uint32', 'bool'] as const)
    it(`float32 to ${to} saturates`, () =>
      check(caseOf([n], [{ sizes: [n], values: floats(0) }], ([i], x) => cast(to, x(0, [i!])))));
  const integers = [0, 1, -1, 2, -2, 7, -7, 31, 100, -100, 2 ** 31 - 1, -(2 ** 31), 12345, -54321];
  const ints = (j: number) => (i: number) => integers[j === 0 ? i % integers.length : Math.floor(i / integers.length)]!;
  const m = integers.length ** 2;
  for (const dtype of ['int32', 'uint32'] as const) {
    for (const op of ['neg', 'abs', 'not'] as const)
      it(`${op} of ${dtype}`, () =>
        check(caseOf([m], [{ sizes: [m], dtype, values: ints(0) }], ([i], x) => unary(op, x(0, [i!])))));
    for (const op of [
      'add',
      'sub',
      'mul',
      'div',
      'rem',
      'max',
      'min',
      'and',
      'or',
      'xor',
      'eq',
      'ne',
      'lt',
      'le',
    ] as const)
      it(`${op} of ${dtype}`, () =>
        check(
          caseOf(
            [m],
            [
              { sizes: [m], dtype, values: ints(0) },
              { sizes: [m], dtype, values: ints(1) },
            ],
            ([i], x) => binary(op, x(0, [i!]), x(1, [i!])),
          ),
        ));
    for (const op of ['shl', 'shr'] as const)
      it(`${op} of ${dtype}`, () => {
        const count = (i: number) => i % 32;
        check(
          caseOf(
            [m],
            [
              { sizes: [m], dtype, values: ints(0) },
              { sizes: [m], dtype, values: count },
            ],
            ([i], x) => binary(op, x(0, [i!]), x(1, [i!])),
          ),
        );
        check(
          caseOf([m], [{ sizes: [m], dtype, values: ints(0) }], ([i], x) => binary(op, x(0, [i!]), constant(dtype, 5))),
        );
      });
    it(`${dtype} to float32 and bool`, () => {
      for (const to of ['float32', 'bool'] as const)
        check(
          caseOf([m], [{ sizes: [m], dtype, values: ints(0) }], ([i], x) => cast(to, x(0, [i!]))),
          ulp,
        );
    });
  }
  for (const op of ['and', 'or', 'xor', 'eq', 'ne'] as const)
    it(`${op} of bool`, () =>
      check(
        caseOf(
          [9],
          [
            { sizes: [9], dtype: 'bool' },
            { sizes: [9], dtype: 'bool', values: (i) => i % 2 },
          ],
          ([i], x) => binary(op, x(0, [i!]), x(1, [i!])),
        ),
      ));
  it('bool to numbers, not, select', () => {
    check(caseOf([9], [{ sizes: [9], dtype: 'bool' }], ([i], x) => unary('not', x(0, [i!]))));
    for (const to of ['float32', 'int32'] as const)
      check(caseOf([9], [{ sizes: [9], dtype: 'bool' }], ([i], x) => cast(to, x(0, [i!]))));
    check(
      caseOf([3, 5], [{ sizes: [3, 1], dtype: 'bool' }, { sizes: [3, 5] }], ([a, b], x) =>
        select(x(0, [a!, 0]), x(1, [a!, b!]), maximum(x(1, [a!, b!]), constant('float32', 0))),
      ),
    );
  });
  for (const op of [
    'exp',
    'expm1',
    'log',
    'log1p',
    'sin',
    'cos',
    'tan',
    'asin',
    'acos',
    'atan',
    'sinh',
    'cosh',
    'tanh',
    'asinh',
    'acosh',
    'atanh',
    'erf',
    'sigmoid',
  ] as const)
    it(`${op}`, () =>
      check(
        caseOf([37], [{ sizes: [37], values: (i) => Math.fround((i - 18) / 7) }], ([i], x) => unary(op, x(0, [i!]))),
        8 * ulp,
      ));
  it('pow and atan2', () => {
    for (const op of ['pow', 'atan2'] as const)
      check(
        caseOf(
          [49],
          [
            { sizes: [49], values: (i) => (i % 7) - 3 },
            { sizes: [49], values: (i) => Math.floor(i / 7) - 3 },
          ],
          ([i], x) => binary(op, x(0, [i!]), x(1, [i!])),
        ),
        8 * ulp,
      );
    for (const p of [2, 0.5, 3, 1.7])
      check(
        caseOf([9], [{ sizes: [9], values: (i) => i / 3 }], ([i], x) =>
          binary('pow', x(0, [i!]), constant('float32', p)),
        ),
        8 * ulp,
      );
  });
});
