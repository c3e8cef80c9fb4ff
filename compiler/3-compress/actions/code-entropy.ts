import { encodeFloat16 } from '../../tensor/convert.ts';
import type { Stored } from '../../tensor/stored.ts';

/**
 * Bits that the codes of a tensor take under an ideal coder of single codes (their order-0 entropy), about what brotli
 * leaves of them; of float16 the two halves count for themselves, as they are stored.
 */
export function codeEntropy(form: Stored, data: ArrayLike<number | bigint>): number {
  if (form.kind !== 'float16') return entropyOf(form.codes);
  const halves = Uint16Array.from({ length: data.length }, (_, i) => encodeFloat16(Number(data[i])));
  return entropyOf(halves.map((bits) => bits & 255)) + entropyOf(halves.map((bits) => bits >> 8));
}

/** sum over symbols of -n log2(n / all) */
function entropyOf(codes: ArrayLike<number>): number {
  const counts = new Uint32Array(256);
  for (let i = 0; i < codes.length; i++) {
    const symbol = (codes[i] ?? 0) & 255;
    counts[symbol] = (counts[symbol] ?? 0) + 1;
  }
  return counts.reduce((sum, n) => (n === 0 ? sum : sum - n * Math.log2(n / codes.length)), 0);
}
