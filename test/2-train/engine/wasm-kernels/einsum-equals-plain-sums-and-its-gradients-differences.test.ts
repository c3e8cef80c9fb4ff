import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { differences, expectClose, sizeOf, valuesOf } from './differences.ts';
import { derive, read, startWasm } from './start-wasm.ts';

beforeAll(startWasm);

const extents: Record<string, number> = { a: 2, b: 3, c: 4, d: 5, e: 1 };
const shapeOf = (axes: string): number[] => [...axes].map((axis) => extents[axis]!);

/** Every combination of all axes, added where it belongs. */
function sumProducts(equation: string, operands: readonly (readonly number[])[]): number[] {
  const [left, result] = equation.split('->') as [string, string];
  const names = left.split(',');
  const all = [...new Set(left.replace(',', ''))].join('');
  const y: number[] = Array(sizeOf(shapeOf(result))).fill(0);
  for (let i = 0; i < sizeOf(shapeOf(all)); i++) {
    const place = (axis: string) => Math.floor(i / sizeOf(shapeOf(all.slice(all.indexOf(axis) + 1)))) % extents[axis]!;
    const index = (axes: string) => [...axes].reduce((sum, axis) => sum * extents[axis]! + place(axis), 0);
    y[index(result)]! += names.reduce((product, axes, at) => product * operands[at]![index(axes)]!, 1);
  }
  return y;
}

describe.each([
  'ab,bc->ac',
  'ab,cb->ca',
  'abc,acd->abd',
  'abc,adc->abd',
  'bacd,bd->ac',
  'ab,ab->ab',
  'ab,ab->',
  'a,b->ab',
  'abc,bd->cd',
  'abe,bce->eca',
  'abc->ca',
  'abc->',
  'abc->cab',
])('%s', (equation) => {
  test('values and gradients', () => {
    const operands = equation.split('->')[0]!.split(',');
    const values = operands.map((axes, i) => valuesOf(sizeOf(shapeOf(axes)), i + 1));
    const y = sumProducts(equation, values);
    expectClose(
      read(() => tf.einsum(equation, ...operands.map((axes, i) => tf.tensor(values[i]!, shapeOf(axes))))),
      y,
    );
    const weights = valuesOf(y.length, 5);
    const gradients = derive(
      (...tensors) => tf.einsum(equation, ...tensors),
      operands.map((axes, i) => [values[i]!, shapeOf(axes)] as const),
      weights,
    );
    for (const [i, gradient] of gradients.entries()) {
      const sums = (at: readonly number[]) =>
        sumProducts(
          equation,
          values.map((own, j) => (i === j ? at : own)),
        );
      expectClose(gradient, differences(sums, values[i]!, weights));
    }
  });
});

test.each(['aa->a', 'ab,bc,cd->ad', 'ab', 'ab->ac', '...a->a'])('%s is refused', (equation) => {
  const count = equation.split('->')[0]!.split(',').length;
  expect(() => tf.tidy(() => tf.einsum(equation, ...Array.from({ length: count }, () => tf.ones([2, 2]))))).toThrow();
});
