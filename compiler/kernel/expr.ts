import { type DType, isFloat } from '../tensor/dtype.ts';
import { type Axis, type Index, type Indexable, rangeOf, substituteIndex, toIndex, visitIndex } from './index-expr.ts';
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

/** Expressions directly below `e`, those inside index values included. */
export function childrenOf(e: Expr): readonly Expr[] {
  const found: Expr[] = [];
  const fromIndex = (index: Index): void =>
    visitIndex(
      index,
      () => {},
      (x) => found.push(x),
    );
  switch (e.kind) {
    case 'const':
    case 'local':
      break;
    case 'load':
      for (const i of e.index) fromIndex(i);
      for (const g of e.guards) fromIndex(g.index);
      break;
    case 'fetch':
      fromIndex(e.offset);
      for (const g of e.guards) fromIndex(g.index);
      break;
    case 'index':
    case 'table':
      fromIndex(e.index);
      break;
    case 'unary':
    case 'cast':
      found.push(e.x);
      break;
    case 'binary':
      found.push(e.a, e.b);
      break;
    case 'select':
      found.push(e.cond, e.a, e.b);
      break;
    case 'reduce':
      found.push(e.body);
      break;
    default:
      e satisfies never;
  }
  return found;
}

/** Axes used directly by the indices of `e` itself, not by its children. */
function ownAxes(e: Expr): Axis[] {
  const axes: Axis[] = [];
  const collect = (index: Index): void =>
    visitIndex(
      index,
      (a) => axes.push(a),
      () => {},
    );
  if (e.kind === 'load') for (const i of e.index) collect(i);
  if (e.kind === 'load' || e.kind === 'fetch') for (const g of e.guards) collect(g.index);
  if (e.kind === 'fetch') collect(e.offset);
  if (e.kind === 'index' || e.kind === 'table') collect(e.index);
  return axes;
}

/** Axes an expression depends on, those it reduces over excluded. Memoised in `memo` across one walk. */
export function freeAxes(e: Expr, memo: Map<Expr, ReadonlySet<Axis>> = new Map()): ReadonlySet<Axis> {
  const known = memo.get(e);
  if (known) return known;
  const axes = new Set(ownAxes(e));
  for (const child of childrenOf(e)) for (const a of freeAxes(child, memo)) axes.add(a);
  if (e.kind === 'reduce') for (const a of e.axes) axes.delete(a);
  memo.set(e, axes);
  return axes;
}

export const dependsOn = (e: Expr, axis: Axis): boolean => freeAxes(e).has(axis);

/** The same expression with every expression directly below it replaced, index values included. */
export const mapChildren = (e: Expr, go: (child: Expr) => Expr): Expr => mapParts(e, (axis) => axis, go);

function mapParts(e: Expr, axis: (a: Axis) => Indexable, go: (child: Expr) => Expr): Expr {
  const goIndex = (i: Index): Index => substituteIndex(i, axis, go);
  const goGuards = (guards: readonly Guard[]): Guard[] =>
    guards.map((g) => ({ index: goIndex(g.index), extent: g.extent })).filter((g) => !alwaysHolds(g));
  switch (e.kind) {
    case 'const':
    case 'local':
      return e;
    case 'load':
      return { ...e, index: e.index.map(goIndex), guards: goGuards(e.guards) };
    case 'fetch':
      return { ...e, offset: goIndex(e.offset), guards: goGuards(e.guards) };
    case 'index':
    case 'table':
      return { ...e, index: goIndex(e.index) };
    case 'unary':
    case 'cast':
      return { ...e, x: go(e.x) };
    case 'binary':
      return { ...e, a: go(e.a), b: go(e.b) };
    case 'select':
      return { ...e, cond: go(e.cond), a: go(e.a), b: go(e.b) };
    case 'reduce':
      return { ...e, body: go(e.body) };
    default:
      return e satisfies never;
  }
}

/** Rebuilds an expression bottom-up; shared parts stay shared. `axis` renames axes, `leaf` may replace loads, fetches and locals. */
export function rewrite(
  e: Expr,
  axis: (a: Axis) => Indexable,
  leaf: (e: LoadExpr | FetchExpr | LocalExpr) => Expr = (x) => x,
  memo: Map<Expr, Expr> = new Map(),
): Expr {
  const known = memo.get(e);
  if (known) return known;
  const mapped = mapParts(e, axis, (child) => rewrite(child, axis, leaf, memo));
  const rebuilt = mapped.kind === 'load' || mapped.kind === 'fetch' || mapped.kind === 'local' ? leaf(mapped) : mapped;
  memo.set(e, rebuilt);
  return rebuilt;
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
