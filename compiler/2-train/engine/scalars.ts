import * as tf from '@tensorflow/tfjs';
import type { BinaryOp, UnaryOp } from '../../kernel/scalar.ts';
import type { DType } from '../../tensor/dtype.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { spreadTo } from './held.ts';

/** Element types of TensorFlow.js: half and double floats are computed in float32, all integers in int32. */
export type TensorFlowType = 'float32' | 'int32' | 'bool';

export const typeInTensorFlow = (dtype: DType): TensorFlowType =>
  isFloat(dtype) ? 'float32' : dtype === 'bool' ? 'bool' : 'int32';

type Unary = (x: tf.Tensor) => tf.Tensor;
type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

const towardsZero: Unary = (x) => tf.where(tf.less(x, 0), tf.ceil(x), tf.floor(x));

/** Integers truncate. */
const quotient: Binary = (a, b) =>
  a.dtype === 'int32'
    ? tf.cast(towardsZero(tf.div(tf.cast(a, 'float32'), tf.cast(b, 'float32'))), 'int32')
    : tf.div(a, b);

/** Scalar primitives; those that are missing have no counterpart (bits of floats and of integers). */
export const unaries: Partial<Record<UnaryOp, Unary>> = {
  neg: tf.neg,
  abs: tf.abs,
  sqrt: tf.sqrt,
  floor: tf.floor,
  ceil: tf.ceil,
  trunc: towardsZero,
  round: tf.round,
  not: tf.logicalNot,
  exp: tf.exp,
  expm1: tf.expm1,
  log: tf.log,
  log1p: tf.log1p,
  sin: tf.sin,
  cos: tf.cos,
  tan: tf.tan,
  asin: tf.asin,
  acos: tf.acos,
  atan: tf.atan,
  sinh: tf.sinh,
  cosh: tf.cosh,
  tanh: tf.tanh,
  asinh: tf.asinh,
  acosh: tf.acosh,
  atanh: tf.atanh,
  erf: tf.erf,
  sigmoid: tf.sigmoid,
};

export const binaries: Partial<Record<BinaryOp, Binary>> = {
  add: tf.add,
  sub: tf.sub,
  mul: tf.mul,
  div: quotient,
  rem: (a, b) => tf.sub(a, tf.mul(b, a.dtype === 'int32' ? quotient(a, b) : towardsZero(tf.div(a, b)))),
  max: tf.maximum,
  min: tf.minimum,
  and: tf.logicalAnd,
  or: tf.logicalOr,
  xor: tf.notEqual,
  eq: tf.equal,
  ne: tf.notEqual,
  lt: tf.less,
  le: tf.lessEqual,
  pow: tf.pow,
  atan2: tf.atan2,
};

/** Those of bools alone. */
export const boolOnly: ReadonlySet<BinaryOp | UnaryOp> = new Set(['not', 'and', 'or', 'xor']);

/** The kernel of tfjs wasm reads bools as words. */
export function choose(condition: tf.Tensor, a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const { assertAndGetBroadcastShape: join } = tf.broadcast_util;
  const shape = join(join(a.shape, b.shape), condition.shape);
  return a.dtype === 'bool'
    ? tf.logicalOr(tf.logicalAnd(condition, a), tf.logicalAnd(tf.logicalNot(condition), b))
    : tf.where(condition, spreadTo(a, shape), spreadTo(b, shape));
}
