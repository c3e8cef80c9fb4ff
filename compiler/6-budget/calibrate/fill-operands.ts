import type { places } from './kernels.ts';

/**
 * Runs in pages, as its own text: numbers for the calibration kernels to multiply. Rates are of numbers: of memory that was never
 * written they are a tenth lower.
 */
export function fillOperands(buffer: ArrayBuffer, { floatA, integerA, read }: typeof places): void {
  new Float32Array(buffer, floatA, (integerA - floatA) / 4).forEach((_, i, floats) => {
    floats[i] = ((i * 7) % 11) / 16 - 0.3;
  });
  new Uint8Array(buffer, integerA, read - integerA).forEach((_, i, bytes) => {
    bytes[i] = i & 63;
  });
}
