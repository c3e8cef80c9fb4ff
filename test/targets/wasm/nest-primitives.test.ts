import { describe, it } from 'vitest';
import { binary, cast, constant, maximum, select, unary } from '../../../compiler/kernel/expr.ts';
import { caseOf, check, ulp } from './nest-case.ts';

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
