import { add, binary, constant, type Expr, like, minimum, mul, select, sub, unary } from './expr.ts';
import { structuralKey } from './key.ts';

/** How a contraction quantises its left operand on the way in. */
export interface Quantization {
  /** float32 by which values are multiplied: codes per unit */
  readonly inverseScale: number;
  /** code of the value 0: an integer from 0 to 127 */
  readonly zero: number;
}

/** Activations have 7 bits, so that relaxed dot products mean one thing on every machine. */
export const maxActivationCode = 127;
/** Weights are symmetric: from -127 to 127. */
export const maxWeightCode = 127;

/** Codes of one column that lie together in packed8 weights, one 32-bit word. */
export const codesPerWord = 4;

/** clamp(roundToEven(float32(x * inverseScale)) + zero, 0, 127): an integer as float32; 0 for NaN. */
export function quantized(x: Expr, { inverseScale, zero }: Quantization): Expr {
  const rounded = roundedProduct(x, inverseScale);
  return clamped(zero === 0 ? rounded : add(rounded, like(rounded, zero)), 0, maxActivationCode);
}

/** clamp(roundToEven(float32(x * inverseScale)), -127, 127): a code as weights have them; -127 for NaN. */
export const signedCode = (x: Expr, inverseScale: number): Expr =>
  clamped(roundedProduct(x, inverseScale), -maxWeightCode, maxWeightCode);

/** quantized(x) - zero: 0 stands for 0. */
export function centred(x: Expr, quantization: Quantization): Expr {
  const code = quantized(x, quantization);
  return quantization.zero === 0 ? code : sub(code, like(code, quantization.zero));
}

function roundedProduct(x: Expr, inverseScale: number): Expr {
  const scaled = mul(x, constant('float32', inverseScale));
  // A float32 product, where the evaluator would keep more digits: codes must not depend on who computes them.
  return unary('round', unary('bitsFloat', unary('floatBits', scaled)));
}

/** `low` for NaN */
function clamped(code: Expr, low: number, high: number): Expr {
  const above = select(binary('lt', like(code, low), code), code, like(code, low));
  return minimum(above, like(code, high));
}

/** What `quantized` made an expression of; undefined for any other expression. */
export function operandOfQuantized(e: Expr): { readonly x: Expr; readonly quantization: Quantization } | undefined {
  if (e.kind !== 'binary' || e.op !== 'min' || e.a.kind !== 'select') return undefined;
  const code = e.a.a;
  const isShifted = code.kind === 'binary' && code.op === 'add' && code.b.kind === 'const';
  const zero = isShifted ? Number(code.b.value) : 0;
  const product = innermost(isShifted ? code.a : code);
  if (product.kind !== 'binary' || product.b.kind !== 'const') return undefined;
  const found = { x: product.a, quantization: { inverseScale: Number(product.b.value), zero } };
  return structuralKey(quantized(found.x, found.quantization)) === structuralKey(e) ? found : undefined;
}

/** What `centred` made an expression of. */
export function operandOfCentred(e: Expr): ReturnType<typeof operandOfQuantized> {
  const found = operandOfQuantized(e.kind === 'binary' && e.op === 'sub' ? e.a : e);
  const isSame = found && structuralKey(centred(found.x, found.quantization)) === structuralKey(e);
  return isSame ? found : undefined;
}

/** What `signedCode` made an expression of. */
export function operandOfSigned(e: Expr): { readonly x: Expr; readonly inverseScale: number } | undefined {
  if (e.kind !== 'binary' || e.op !== 'min' || e.a.kind !== 'select') return undefined;
  const product = innermost(e.a.a);
  if (product.kind !== 'binary' || product.b.kind !== 'const') return undefined;
  const found = { x: product.a, inverseScale: Number(product.b.value) };
  return structuralKey(signedCode(found.x, found.inverseScale)) === structuralKey(e) ? found : undefined;
}

const innermost = (e: Expr): Expr => (e.kind === 'unary' ? innermost(e.x) : e);

/**
 * Time of a multiply-add by integer dots over that of a float32 one, quantising included, for sums over `k`: what comes
 * before and after them counts the more, the shorter they are. Measured in Chromium on x86.
 */
export const integerTimeOver = (k: number): number => 0.45 + 4 / Math.max(1, k);

/** The same for products of two values that are both quantised on the way in. */
export const integerProductTime = 0.6;
