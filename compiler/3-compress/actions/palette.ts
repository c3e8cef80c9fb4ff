import { storeCodes } from '../../tensor/stored.ts';
import type { Tensor } from '../../tensor/tensor.ts';

const rounds = 100;

/**
 * k-means over the values of a tensor (Lloyd, from evenly spaced quantiles; one dimension, so the clusters are intervals
 * and a round is one walk over the sorted values). Left alone where there are fewer values than entries.
 */
export function storePalette(tensor: Tensor, entryCount: number): Tensor {
  if (!(tensor.data instanceof Float32Array) || tensor.data.length <= entryCount) return tensor;
  const sorted = Float64Array.from(tensor.data).sort();
  if (!sorted.every((v) => Number.isFinite(v))) return tensor;
  const sums = new Float64Array(sorted.length + 1);
  for (let i = 0; i < sorted.length; i++) sums[i + 1] = (sums[i] ?? 0) + (sorted[i] ?? 0);
  let entries = Float64Array.from(
    { length: entryCount },
    (_, i) => sorted[Math.floor(((i + 0.5) * sorted.length) / entryCount)] ?? 0,
  );
  for (let round = 0; round < rounds; round++) {
    let start = 0;
    const next = entries.map((entry, i) => {
      const edge = i + 1 < entryCount ? (entry + (entries[i + 1] ?? 0)) / 2 : Number.POSITIVE_INFINITY;
      const end = lowerBound(sorted, edge, start);
      const mean = end > start ? ((sums[end] ?? 0) - (sums[start] ?? 0)) / (end - start) : entry;
      start = end;
      return mean;
    });
    if (next.every((v, i) => v === entries[i])) break;
    entries = next;
  }
  const table = Float32Array.from(entries);
  const bits = Math.ceil(Math.log2(entryCount));
  const codes = Uint8Array.from(tensor.data, (v) => nearestEntry(table, v));
  return storeCodes(tensor.shape, { kind: 'palette', bits: bitsFor(bits), codes, entries: table });
}

const bitCounts = [1, 2, 3, 4, 5, 6, 7, 8] as const;

function bitsFor(bits: number): (typeof bitCounts)[number] {
  const found = bitCounts.find((count) => count === bits);
  if (found === undefined) throw new RangeError(`a palette of ${bits} bits`);
  return found;
}

/** First position from `from` on whose value is not below `edge`. */
function lowerBound(sorted: Float64Array, edge: number, from: number): number {
  let [low, high] = [from, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < edge) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Position of the entry nearest to v; entries ascend. */
export function nearestEntry(entries: Float32Array, v: number): number {
  let [low, high] = [0, entries.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    const edge = ((entries[middle] ?? 0) + (entries[middle + 1] ?? 0)) / 2;
    if (v < edge) high = middle;
    else low = middle + 1;
  }
  return low;
}
