import { describe, it } from 'vitest';
import { add, binary, constant, indexValue, mul, reduce, select, sub, unary } from '../../../compiler/kernel/expr.ts';
import { type Axis, addIndex, makeAxis, scaleIndex } from '../../../compiler/kernel/index-expr.ts';
import { dim } from '../../../compiler/tensor/shape.ts';
import { caseOf, check, pseudo, ulp } from './nest-case.ts';

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
