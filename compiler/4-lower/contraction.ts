import type { ValueId } from '../ir/graph.ts';
import type { BinaryExpr, Expr, LoadExpr } from '../kernel/expr.ts';
import { type Axis, type Index, isAffine, makeAxis } from '../kernel/index-expr.ts';
import { accLocal, panelWidth } from '../kernel/nest.ts';
import {
  codesPerWord,
  operandOfCentred,
  operandOfQuantized,
  operandOfSigned,
  type Quantization,
} from '../kernel/quantization.ts';
import { childrenOf, freeAxes, mapChildren, reductionsIn } from '../kernel/traverse.ts';
import { isFloat } from '../tensor/dtype.ts';
import { dim } from '../tensor/shape.ts';

/** A kernel's sum of products, told apart into its operands and the roles of its axes; layouts are not known yet. */
export interface Contraction {
  readonly form: 'dense' | 'channelwise';
  readonly a: LoadExpr;
  readonly b: LoadExpr;
  /** constant that starts the sum, over n and batch only */
  readonly bias: LoadExpr | undefined;
  readonly batch: readonly Axis[];
  readonly m: readonly Axis[];
  readonly n: Axis;
  readonly k: readonly Axis[];
  /** how A is quantised on the way in, where it is: B is then a constant of int8 codes, or quantised too */
  readonly quantization: Quantization | undefined;
  /** codes per unit of a live B, which A then meets as centred codes */
  readonly inverseScaleOfB: number | undefined;
  /** over the local `acc`, and loads */
  readonly epilogue: Expr;
}

/**
 * Recognises epilogue(sum of A * B) in an element expression over the output axes: one float sum, its body a product
 * of two affine loads, with any element-wise work around it. Undefined when the expression is something else.
 */
export function recogniseContraction(
  axes: readonly Axis[],
  expr: Expr,
  isConstant: (source: ValueId) => boolean,
): Contraction | undefined {
  const [sum, ...others] = reductionsIn(expr);
  if (!sum || others.length > 0 || sum.op !== 'sum' || !isFloat(sum.dtype)) return undefined;
  const product = sum.body;
  if (product.kind !== 'binary' || product.op !== 'mul') return undefined;
  const signed = operandOfSigned(product.b);
  const quantised = signed ? operandOfCentred(product.a) : operandOfQuantized(product.a);
  const left = quantised?.x ?? product.a;
  const right = quantised && signed ? signed.x : product.b;
  if (left.kind !== 'load' || right.kind !== 'load') return undefined;
  if (![...left.index, ...right.index].every(isAffine)) return undefined;
  const ahead = assignRoles(axes, left, right, isConstant);
  const roles = quantised ? ahead : (ahead ?? assignRoles(axes, right, left, isConstant));
  if (!roles || roles.b.guards.length > 0 || (roles.a.guards.length > 0 && roles.a.fill !== 0)) return undefined;
  const quantization = quantised?.quantization;
  if (quantization && (roles.form !== 'dense' || isConstant(roles.b.source) !== (signed === undefined)))
    return undefined;
  const codes = { quantization, inverseScaleOfB: signed?.inverseScale };
  const inner = new Set([...roles.batch, roles.n]);
  const acc: Expr = { kind: 'local', dtype: sum.dtype, name: accLocal };
  const mayStartBiased = isConstant(roles.b.source) && !quantization;
  const bias = mayStartBiased ? findBias(expr, sum, inner, isConstant) : undefined;
  const biased = bias && replace(expr, bias.node, acc);
  // a sum that is also read without the bias starts from zero
  if (bias && biased && reductionsIn(biased).length === 0)
    return { ...roles, bias: bias.load, k: sum.axes, ...codes, epilogue: biased };
  return { ...roles, bias: undefined, k: sum.axes, ...codes, epilogue: replace(expr, sum, acc) };
}

/** Dimensions of A along which groups of four may run, those of whole groups first, then those of the longest axes. */
export function groupedDimensions({ a, k }: Contraction): readonly number[] {
  const isWhole = (axis: Axis): boolean => axis.extent.size % codesPerWord === 0;
  return k
    .filter((axis) => axis.extent.size > 1)
    .sort((x, y) => Number(isWhole(y)) - Number(isWhole(x)) || y.extent.size - x.extent.size)
    .flatMap((axis) => dimensionOf(a, axis) ?? []);
}

/** The dimension that the axis runs through with factor 1; undefined when there is none or more than one. */
export function dimensionOf(load: LoadExpr, axis: Axis): number | undefined {
  const holding = load.index.flatMap((i, d) =>
    i.terms.filter((t) => t.atom === axis).map((t) => ({ d, factor: t.factor })),
  );
  return holding.length === 1 && holding[0]?.factor === 1 ? holding[0].d : undefined;
}

type Roles = Pick<Contraction, 'form' | 'a' | 'b' | 'batch' | 'm' | 'n'>;

/** Roles with `b` as the weights side; undefined when no output axis can run along the panels. */
function assignRoles(
  axes: readonly Axis[],
  a: LoadExpr,
  b: LoadExpr,
  isConstant: (source: ValueId) => boolean,
): Roles | undefined {
  const inA = freeAxes(a);
  const inB = freeAxes(b);
  const own = axes.filter((axis) => inB.has(axis) && !inA.has(axis));
  const shared = axes.filter((axis) => inB.has(axis) && inA.has(axis));
  const m = axes.filter((axis) => !inB.has(axis));
  const n = columnsOf(own, b);
  if (n) {
    const lastOfA = m.at(-1);
    const swapped = !isConstant(b.source) && isConstant(a.source) && lastOfA !== undefined;
    if (swapped) return undefined;
    const crossed =
      isConstant(a.source) === isConstant(b.source) && lastOfA !== undefined && axes.indexOf(lastOfA) > axes.indexOf(n);
    if (crossed && m.some((axis) => inA.has(axis))) return undefined;
    return { form: 'dense', a, b, batch: [...shared, ...own.filter((axis) => axis !== n)], m, n };
  }
  if (!isConstant(b.source)) return undefined;
  if (shared.length === 0) return { form: 'dense', a, b, batch: [], m, n: makeAxis('n', dim(1)) };
  if (m.length === 0) return undefined;
  const channel = [...shared].sort((x, y) => y.extent.size - x.extent.size)[0];
  if (!channel || !isPlainDimension(a.index, channel)) return undefined;
  return { form: 'channelwise', a, b, batch: shared.filter((axis) => axis !== channel), m, n: channel };
}

/**
 * The axis to run along the panels: the last of several elements. One that leaves most of a panel empty gives way to the
 * one that weights hold side by side, where that fills panels (the channels of a transposed convolution, not its phases).
 */
function columnsOf(own: readonly Axis[], b: LoadExpr): Axis | undefined {
  const last = own.findLast((axis) => axis.extent.size > 1) ?? own.at(-1);
  if (!last || last.extent.size >= panelWidth) return last;
  const isSideBySide = (axis: Axis): boolean => dimensionOf(b, axis) !== undefined;
  if (isSideBySide(last)) return last;
  return own.find((axis) => axis.extent.size >= panelWidth && isSideBySide(axis)) ?? last;
}

/** The axis alone, with factor 1, is the index of one dimension and of no other. */
const isPlainDimension = (index: readonly Index[], axis: Axis): boolean => {
  const holding = index.filter((i) => i.terms.some((t) => t.atom === axis));
  return holding.length === 1 && holding[0]?.terms.length === 1 && holding[0].terms[0]?.factor === 1;
};

function findBias(
  expr: Expr,
  sum: Expr,
  allowed: ReadonlySet<Axis>,
  isConstant: (source: ValueId) => boolean,
): { readonly node: BinaryExpr; readonly load: LoadExpr } | undefined {
  if (expr.kind === 'binary' && expr.op === 'add') {
    const other = expr.a === sum ? expr.b : expr.b === sum ? expr.a : undefined;
    const fits =
      other?.kind === 'load' &&
      isConstant(other.source) &&
      other.guards.length === 0 &&
      other.index.every(isAffine) &&
      [...freeAxes(other)].every((axis) => allowed.has(axis));
    if (fits) return { node: expr, load: other };
  }
  for (const child of childrenOf(expr)) {
    const found = findBias(child, sum, allowed, isConstant);
    if (found) return found;
  }
  return undefined;
}

function replace(e: Expr, from: Expr, to: Expr, memo: Map<Expr, Expr> = new Map()): Expr {
  if (e === from) return to;
  const known = memo.get(e);
  if (known) return known;
  const mapped = mapChildren(e, (child) => replace(child, from, to, memo));
  memo.set(e, mapped);
  return mapped;
}
