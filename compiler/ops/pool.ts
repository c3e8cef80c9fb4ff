import type { Shape } from '../tensor/shape.ts';
import type { TensorType } from '../tensor/tensor.ts';
import type { AttributeReader } from './op.ts';
import { makeWindow, parseWindow, type Window, type WindowAttributes, windowedShape } from './window.ts';

interface PoolAttributes extends WindowAttributes {
  readonly kernel: readonly number[];
  readonly ceilMode: boolean;
}

export const parsePool = (a: AttributeReader): PoolAttributes => ({
  ...parseWindow(a),
  kernel: a.numbers('kernel'),
  ceilMode: a.boolean('ceilMode', false),
});

export const poolWindow = (op: string, x: TensorType, a: PoolAttributes): Window =>
  makeWindow(op, x, a.kernel, a, a.ceilMode);

export const pooledShape = (op: string, x: TensorType, a: PoolAttributes): Shape => [
  ...x.shape.slice(0, 2),
  ...windowedShape(op, x, poolWindow(op, x, a)),
];
