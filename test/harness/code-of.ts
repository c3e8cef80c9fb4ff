import type { Quantization } from '../../compiler/kernel/quantization.ts';

/** The code of an activation. Written anew, so that it can disagree with the compiler's own. */
export function codeOf(x: number, { inverseScale, zero }: Quantization): number {
  const product = Math.fround(Math.fround(x) * Math.fround(inverseScale));
  if (Number.isNaN(product)) return 0;
  const low = Math.floor(product);
  const isUp = product - low > 0.5 || (product - low === 0.5 && low % 2 !== 0);
  return Math.min(127, Math.max(0, low + Number(isUp) + zero));
}

/** The code of a right operand that is quantised too. */
export function signedCodeOf(x: number, inverseScale: number): number {
  const product = Math.fround(Math.fround(x) * Math.fround(inverseScale));
  if (Number.isNaN(product)) return -127;
  const low = Math.floor(product);
  const isUp = product - low > 0.5 || (product - low === 0.5 && low % 2 !== 0);
  return Math.min(127, Math.max(-127, low + Number(isUp)));
}
