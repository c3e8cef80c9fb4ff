import { describe, expect, it } from 'vitest';
import { div, type FetchExpr, reduce, sub, unary } from '../../compiler/kernel/expr.ts';
import { type Axis, addIndex, makeAxis, scaleIndex } from '../../compiler/kernel/index-expr.ts';
import type { Stmt } from '../../compiler/kernel/nest.ts';
import { scheduleStore } from '../../compiler/kernel/schedule.ts';
import { dim } from '../../compiler/tensor/shape.ts';

const print = (body: readonly Stmt[]): string[] =>
  body.flatMap((s) => {
    if (s.kind === 'loop') return [`loop ${s.axis.name}`, ...print(s.body).map((line) => `  ${line}`)];
    if (s.kind === 'reduce') return [`reduce ${s.axes.map((a) => a.name)}: ${s.folds.map((f) => f.op)}`];
    return [s.kind];
  });

describe('scheduleStore', () => {
  const [i, j] = [makeAxis('i', dim(3)), makeAxis('j', dim(5))];
  const at = (inner: Axis): FetchExpr => ({
    kind: 'fetch',
    dtype: 'float32',
    slot: 1,
    offset: addIndex(scaleIndex(i, 5), inner),
    guards: [],
    fill: 0,
  });
  const k = makeAxis('k', dim(5));
  const max = () => reduce('max', [k], at(k));
  const offset = addIndex(scaleIndex(i, 5), j);

  it('computes equal reductions once, though they are different objects', () => {
    const sum = reduce('sum', [k], unary('exp', sub(at(k), max())));
    const value = div(unary('exp', sub(at(j), max())), sum);
    expect(print(scheduleStore([i, j], value, 0, offset))).toEqual([
      'loop i',
      '  reduce k: max',
      '  reduce k: sum',
      '  loop j',
      '    store',
    ]);
  });

  it('keeps reductions apart that run over other elements', () => {
    const shifted = reduce('max', [k], { ...at(k), offset: addIndex(at(k).offset, 1) });
    expect(print(scheduleStore([i], sub(max(), shifted), 0, addIndex(i)))).toEqual([
      'loop i',
      '  reduce k: max,max',
      '  store',
    ]);
  });
});
