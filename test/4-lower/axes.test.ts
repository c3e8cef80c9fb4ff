import { describe, expect, test } from 'vitest';
import { mergeNeighbours, mergePair } from '../../compiler/4-lower/merge-axes.ts';
import { dividesNothing, splitAxes } from '../../compiler/4-lower/split-axes.ts';
import { load } from '../../compiler/kernel/expr.ts';
import {
  addIndex,
  divIndex,
  type Index,
  type Indexable,
  makeAxis,
  modIndex,
  scaleIndex,
  toIndex,
} from '../../compiler/kernel/index-expr.ts';
import { printExpr } from '../../compiler/kernel/print.ts';
import { dim } from '../../compiler/tensor/shape.ts';

const axis = (name: string, size: number) => makeAxis(name, dim(size));

describe('split axes', () => {
  const split = (size: number, index: (i: Indexable) => readonly Index[], sizes: readonly number[]): string => {
    const i = axis('i', size);
    const value = load({ id: 0, dtype: 'float32', sizes }, index(i));
    const result = splitAxes({ axes: [i], index: [toIndex(i)], value });
    const axes = result.axes.map((a) => `${a.name} < ${a.extent.size}`).join(', ');
    return `(${axes}) ${printExpr(result.value)}${dividesNothing(result.value) ? '' : ' divides'}`;
  };

  test('where a reshape divides them', () =>
    expect(split(12, (i) => [divIndex(i, 4), modIndex(i, 4)], [3, 4])).toBe('(ih < 3, il < 4) %0[ih, il]'));
  test('twice', () =>
    expect(split(24, (i) => [divIndex(i, 12), modIndex(divIndex(i, 4), 3), modIndex(i, 4)], [2, 3, 4])).toBe(
      '(ih < 2, ilh < 3, ill < 4) %0[ih, ilh, ill]',
    ));
  test('of a multiple', () =>
    expect(split(6, (i) => [divIndex(scaleIndex(i, 2), 4), modIndex(scaleIndex(i, 2), 4)], [3, 4])).toBe(
      '(ih < 3, il < 2) %0[ih, 2*il]',
    ));
  test('not where the parts do not fit', () =>
    expect(split(10, (i) => [divIndex(i, 4), modIndex(i, 4)], [3, 4])).toMatch(/^\(i < 10\).* divides$/));
});

describe('merge axes', () => {
  const [a, b, c] = [axis('a', 2), axis('b', 3), axis('c', 4)];

  test('that every index runs through as one', () => {
    const rows = addIndex(scaleIndex(a, 3), b, 5);
    const merged = mergePair(a, b, [rows, scaleIndex(rows, 2), toIndex(7)]);
    expect(merged?.axis.extent.size).toBe(6);
    expect(merged?.replace(rows)).toEqual(addIndex(merged!.axis, 5));
  });
  test('not where one index does not', () => {
    expect(mergePair(a, b, [addIndex(scaleIndex(a, 3), b), addIndex(a, scaleIndex(b, 2))])).toBeUndefined();
    expect(mergePair(a, b, [addIndex(scaleIndex(a, 3), b), toIndex(b)])).toBeUndefined();
  });
  test('not where an index divides them', () =>
    expect(mergePair(a, b, [divIndex(addIndex(scaleIndex(a, 3), b), 2)])).toBeUndefined());
  test('all neighbours at once', () => {
    const index = addIndex(scaleIndex(a, 12), scaleIndex(b, 4), c);
    const { axes, replace } = mergeNeighbours([a, b, c], [index]);
    expect(axes.map((x) => x.extent.size)).toEqual([24]);
    expect(replace(index)).toEqual(toIndex(axes[0]!));
  });
});
