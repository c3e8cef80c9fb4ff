import type { Expr } from '../kernel/expr.ts';
import { maxActivationCode, type Quantization, quantized } from '../kernel/quantization.ts';
import { printType, type TensorType } from '../tensor/tensor.ts';
import { type AttributeReader, OpError } from './op.ts';

/**
 * `inputScale` (above 0) and `inputZero` (an integer from 0 to 127, default 0) of a layer whose input is quantised on the
 * way in; none of the two for a layer that reads its input as it is.
 * The layer then sums codes: q(x) = clamp(roundToEven(x * float32(1 / inputScale)) + inputZero, 0, 127), padding included.
 */
export function parseQuantization(op: string, a: AttributeReader): Quantization | undefined {
  const [scale, zero] = [a.number('inputScale', 0), a.number('inputZero', 0)];
  if (scale === 0 && zero === 0) return undefined;
  const inverseScale = Math.fround(1 / scale);
  if (!(inverseScale > 0 && Number.isFinite(inverseScale))) {
    throw new OpError(`${op}: inputScale must be above 0 and its inverse a float32, not ${scale}`);
  }
  if (!Number.isInteger(zero) || zero < 0 || zero > maxActivationCode) {
    throw new OpError(`${op}: inputZero must be an integer from 0 to ${maxActivationCode}, not ${zero}`);
  }
  return { inverseScale, zero };
}

/** Both operands of a product of two values: the left one as above but centred, the right one in signed codes. */
export interface ProductQuantization {
  readonly left: Quantization;
  /** codes of the right operand per unit, a float32 */
  readonly inverseScale: number;
}

/**
 * `inputScale` and `inputZero` of the left operand and `rightScale` (above 0) of the right one, or none of them: the product
 * then sums (q(a) - inputZero) * s(b), s(b) = clamp(roundToEven(b * float32(1 / rightScale)), -127, 127).
 */
export function parseProductQuantization(op: string, a: AttributeReader): ProductQuantization | undefined {
  const left = parseQuantization(op, a);
  const scale = a.number('rightScale', 0);
  if (!left && scale === 0) return undefined;
  const inverseScale = Math.fround(1 / scale);
  if (!left || !(inverseScale > 0 && Number.isFinite(inverseScale))) {
    throw new OpError(`${op}: inputScale and rightScale must both be above 0 and their inverses float32, not ${scale}`);
  }
  return { left, inverseScale };
}

/** Only float32 is quantised: codes must not depend on who computes them. */
export function requireQuantizable(op: string, x: TensorType, quantization: Quantization | undefined): void {
  if (quantization === undefined || x.dtype === 'float32') return;
  throw new OpError(`${op}: a quantised x must be float32, not ${printType(x)}`);
}

/** An element of the input as the layer's product sees it. */
export const asOperand = (x: Expr, quantization: Quantization | undefined): Expr =>
  quantization === undefined ? x : quantized(x, quantization);
