import type { CompleteOptions } from './options.ts';

/** Indices of the samples that offset and limit leave. */
export function partOf(
  size: number,
  { offset, limit = Infinity }: Pick<CompleteOptions, 'offset' | 'limit'>,
): number[] {
  return Array.from({ length: Math.max(0, Math.min(size - offset, limit)) }, (_, i) => offset + i);
}
