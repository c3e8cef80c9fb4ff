import { describe, it } from 'vitest';
import { add, cast, constant, indexValue, like, mul, unary } from '../../../compiler/kernel/expr.ts';
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
import { dim } from '../../../compiler/tensor/shape.ts';
import { caseOf, check, ulp } from './nest-case.ts';

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
