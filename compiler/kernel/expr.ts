import { type DType, isFloat } from '../tensor/dtype.ts';
import { type Axis, type Index, type Indexable, rangeOf, toIndex } from './index-expr.ts';
import { type BinaryOp, binaryOps, type UnaryOp } from './scalar.ts';

/**
 * Scalar expressions: what one element of a tensor is. Immutable; sharing an object means sharing the work.
 * In a meaning (what an op does) loads name graph values and carry one index per dimension; in a nest (what a kernel
 * executes) they are fetches at a flat offset.
 */
export type Expr =
  | ConstExpr
  | LoadExpr
  | FetchExpr
  | LocalExpr
  | IndexExpr
  | TableExpr
  | UnaryExpr
  | BinaryExpr
  | SelectExpr
  | CastExpr
  | ReduceExpr;

export interface ConstExpr {
  readonly kind: 'const';
  readonly dtype: DType;
  /** BigInt for int64 and uint64, 0 or 1 for bool, a number otherwise. */
  readonly value: number | bigint;
}

/** 0 <= index < extent, or the load yields its fill. */
export interface Guard {
  readonly index: Index;
  readonly extent: number;
}

/** One element of a graph value. */
export interface LoadExpr {
  readonly kind: 'load';
  readonly dtype: DType;
  readonly source: number;
  readonly index: readonly Index[];
  readonly guards: readonly Guard[];
  readonly fill: number;
}

/** One element of a kernel's buffer `slot`, `offset` elements from the base address given with each call. */
export interface FetchExpr {
  readonly kind: 'fetch';
  readonly dtype: DType;
  readonly slot: number;
  readonly offset: Index;
  readonly guards: readonly Guard[];
  readonly fill: number;
}

/** A value bound by an enclosing statement of a nest, or the accumulator of a contraction. */
export interface LocalExpr {
  readonly kind: 'local';
  readonly dtype: DType;
  readonly name: string;
}

/** An index as a number of type int32 (int64 in meanings of int64 outputs goes through a cast). */
export interface IndexExpr {
  readonly kind: 'index';
  readonly dtype: 'int32';
  readonly index: Index;
}

/** values[index], constants known at build time. Lowering pools them, so targets see fetches. */
export interface TableExpr {
  readonly kind: 'table';
  readonly dtype: 'float32' | 'int32';
  readonly values: readonly number[];
  readonly index: Index;
}

export interface UnaryExpr {
  readonly kind: 'unary';
  readonly dtype: DType;
  readonly op: UnaryOp;
  readonly x: Expr;
}

export interface BinaryExpr {
  readonly kind: 'binary';
  readonly dtype: DType;
  readonly op: BinaryOp;
  readonly a: Expr;
  readonly b: Expr;
}

/** Both arms may be computed; neither may fault. */
export interface SelectExpr {
  readonly kind: 'select';
  readonly dtype: DType;
  readonly cond: Expr;
  readonly a: Expr;
  readonly b: Expr;
}

/**
 * Conversion of the value. Float to integer truncates, saturates at 32 (64) bits and takes NaN as 0; integer to narrower
 * integer wraps, which also ends a float's way to 8 or 16 bits; to bool is x != 0.
 */
export interface CastExpr {
  readonly kind: 'cast';
  readonly dtype: DType;
  readonly x: Expr;
}

export type ReduceOp = 'sum' | 'prod' | 'max' | 'min';

/** Fold of `body` over all points of `axes`, outermost axis first. Empty: 0, 1, lowest, highest of the type. */
export interface ReduceExpr {
  readonly kind: 'reduce';
  readonly dtype: DType;
  readonly op: ReduceOp;
  readonly axes: readonly Axis[];
  readonly body: Expr;
}

export function constant(dtype: DType, value: number | bigint | boolean): ConstExpr {
  if (dtype === 'int64' || dtype === 'uint64') return { kind: 'const', dtype, value: BigInt(value) };
  return { kind: 'const', dtype, value: Number(value) };
}

export function unary(op: UnaryOp, x: Expr): Expr {
  const dtype = op === 'floatBits' ? 'int32' : op === 'bitsFloat' ? 'float32' : x.dtype;
  return { kind: 'unary', dtype, op, x };
}

/** Both operands have one dtype (else an internal error); comparisons give bool. */
export function binary(op: BinaryOp, a: Expr, b: Expr): Expr {
  if (a.dtype !== b.dtype) throw new TypeError(`internal: ${op} of ${a.dtype} and ${b.dtype}`);
  return { kind: 'binary', dtype: binaryOps[op].result === 'bool' ? 'bool' : a.dtype, op, a, b };
}

export function select(cond: Expr, a: Expr, b: Expr): Expr {
  if (cond.dtype !== 'bool') throw new TypeError(`internal: select on ${cond.dtype}`);
  if (a.dtype !== b.dtype) throw new TypeError(`internal: select of ${a.dtype} and ${b.dtype}`);
  return { kind: 'select', dtype: a.dtype, cond, a, b };
}

export const cast = (dtype: DType, x: Expr): Expr => (x.dtype === dtype ? x : { kind: 'cast', dtype, x });

export const indexValue = (index: Indexable): Expr => ({ kind: 'index', dtype: 'int32', index: toIndex(index) });

/** values[index]; the index must stay inside. */
export const table = (dtype: 'float32' | 'int32', values: readonly number[], index: Indexable): Expr => ({
  kind: 'table',
  dtype,
  values,
  index: toIndex(index),
});

export const reduce = (op: ReduceOp, axes: readonly Axis[], body: Expr): Expr =>
  axes.length === 0 ? body : { kind: 'reduce', dtype: body.dtype, op, axes, body };

/** 0 <= index < extent as a bool; a constant where the range decides it. */
export function within(index: Index, extent: number): Expr {
  const { min, max } = rangeOf(index);
  if (min >= 0 && max < extent) return constant('bool', true);
  const value = indexValue(index);
  const low = binary('le', constant('int32', 0), value);
  const high = binary('lt', value, constant('int32', extent));
  if (min >= 0) return high;
  return max < extent ? low : binary('and', low, high);
}

export function alwaysHolds(guard: Guard): boolean {
  const { min, max } = rangeOf(guard.index);
  return min >= 0 && max < guard.extent;
}

/** One element of graph value `source`. With `fill`, any dimension that may leave its bounds is guarded. */
export function load(
  source: { readonly id: number; readonly dtype: DType; readonly sizes: readonly number[] },
  index: readonly Indexable[],
  fill?: number,
): Expr {
  const indices = index.map(toIndex);
  if (indices.length !== source.sizes.length)
    throw new RangeError(`internal: ${indices.length} indices for rank ${source.sizes.length}`);
  const guards =
    fill === undefined
      ? []
      : indices.map((i, d) => ({ index: i, extent: source.sizes[d] ?? 0 })).filter((g) => !alwaysHolds(g));
  return { kind: 'load', dtype: source.dtype, source: source.id, index: indices, guards, fill: fill ?? 0 };
}

// Arithmetic in the words of the field; all need equal dtypes on both sides.
export const add = (a: Expr, b: Expr): Expr => binary('add', a, b);
export const sub = (a: Expr, b: Expr): Expr => binary('sub', a, b);
export const mul = (a: Expr, b: Expr): Expr => binary('mul', a, b);
export const div = (a: Expr, b: Expr): Expr => binary('div', a, b);
export const maximum = (a: Expr, b: Expr): Expr => binary('max', a, b);
export const minimum = (a: Expr, b: Expr): Expr => binary('min', a, b);
/** A constant of the same type as `e`. */
export const like = (e: Expr, value: number): Expr => constant(e.dtype, isFloat(e.dtype) ? value : Math.trunc(value));
