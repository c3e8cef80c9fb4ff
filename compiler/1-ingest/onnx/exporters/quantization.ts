import { maxActivationCode, maxWeightCode, type Quantization } from '../../../kernel/quantization.ts';
import { type Call, call, scalar, type Term } from '../term.ts';

/** What kernel/quantization.ts says, in float32 operators: the same codes, one by one. */

/** clamp(roundToEven(x * inverseScale) + zero, 0, 127); 0 for NaN */
export function codesOf(x: Term, { inverseScale, zero }: Quantization): Call {
  const rounded = roundedProduct(x, inverseScale);
  return clamped(zero === 0 ? rounded : call('Add', [rounded, scalar('float32', zero)]), 0, maxActivationCode);
}

/** codesOf(x) - zero */
export function centredCodesOf(x: Term, quantization: Quantization): Call {
  const codes = codesOf(x, quantization);
  return quantization.zero === 0 ? codes : call('Sub', [codes, scalar('float32', quantization.zero)]);
}

/** clamp(roundToEven(x * inverseScale), -127, 127); -127 for NaN */
export const signedCodesOf = (x: Term, inverseScale: number): Call =>
  clamped(roundedProduct(x, inverseScale), -maxWeightCode, maxWeightCode);

const roundedProduct = (x: Term, inverseScale: number): Call =>
  call('Round', [call('Mul', [x, scalar('float32', inverseScale)])]);

/** NaN is not above `low`. */
function clamped(code: Term, low: number, high: number): Call {
  const lowest = scalar('float32', low);
  const above = call('Where', [call('Less', [lowest, code]), code, lowest]);
  return call('Min', [above, scalar('float32', high)]);
}
