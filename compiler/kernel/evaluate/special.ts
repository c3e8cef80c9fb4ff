/** Scalar functions in float64 that JavaScript lacks or defines otherwise. */

/** 2/sqrt(pi) * integral of exp(-t^2) from 0 to x, to about 1e-15 relative. */
export function erf(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude < 2.5) return erfSeries(x);
  if (magnitude > 6) return Math.sign(x);
  return Number.isNaN(x) ? x : Math.sign(x) * (1 - erfcFraction(magnitude));
}

/** 2/sqrt(pi) * exp(-x^2) * sum of 2^n x^(2n+1) / (2n+1)!! : all terms have one sign (Abramowitz and Stegun 7.1.6). */
function erfSeries(x: number): number {
  const square = x * x;
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-17; n++) {
    term *= (2 * square) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-square) * sum;
}

/** erfc(x) = exp(-x^2)/sqrt(pi) / (x + (1/2)/(x + 1/(x + (3/2)/(x + ...)))) for x > 2 (Abramowitz and Stegun 7.1.14). */
function erfcFraction(x: number): number {
  let fraction = x;
  for (let n = 60; n > 0; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}

/** 1 / (1 + exp(-x)) without overflow: the small tail keeps its relative accuracy. */
export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}

/** pow of C: 1 to any power, and -1 to an infinite one, are 1. */
export function pow(x: number, y: number): number {
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y;
}

const scratch = new DataView(new ArrayBuffer(4));

export function floatBits(x: number): number {
  scratch.setFloat32(0, x);
  return scratch.getInt32(0);
}

export function bitsFloat(bits: number): number {
  scratch.setInt32(0, bits);
  return scratch.getFloat32(0);
}

/** Truncates and saturates; NaN gives 0. */
export const toInt32 = (x: number): number => Math.max(-2147483648, Math.min(2147483647, x)) | 0;

/** Truncates and saturates; NaN gives 0. */
export const toUint32 = (x: number): number => Math.max(0, Math.min(4294967295, x)) >>> 0;

/** Truncates and saturates; NaN gives 0. */
export function toInt64(x: number): bigint {
  if (Number.isNaN(x)) return 0n;
  if (x >= 2 ** 63) return 2n ** 63n - 1n;
  return x <= -(2 ** 63) ? -(2n ** 63n) : BigInt(Math.trunc(x));
}

/** Truncates and saturates; NaN gives 0. */
export function toUint64(x: number): bigint {
  if (!(x > 0)) return 0n;
  return x >= 2 ** 64 ? 2n ** 64n - 1n : BigInt(Math.trunc(x));
}
