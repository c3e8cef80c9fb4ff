import { add, binary, constant, type Expr, like, minimum, mul, select, unary } from './expr.ts';
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
  const scaled = mul(x, constant('float32', inverseScale));
  // A float32 product, where the evaluator would keep more digits: codes must not depend on who computes them.
  const rounded = unary('round', unary('bitsFloat', unary('floatBits', scaled)));
  const code = zero === 0 ? rounded : add(rounded, like(rounded, zero));
  const positive = select(binary('lt', like(code, 0), code), code, like(code, 0));
  return minimum(positive, like(code, maxActivationCode));
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

const innermost = (e: Expr): Expr => (e.kind === 'unary' ? innermost(e.x) : e);

/** Time of a multiply-add by integer dots over that of a float32 one, quantising included; measured in Chromium on x86. */
export const integerTime = 0.65;
