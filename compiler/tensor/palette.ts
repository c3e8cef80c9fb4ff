import { type SortedElements, sortElements } from './sorted-elements.ts';
import { storeCodes } from './stored.ts';
import type { Tensor } from './tensor.ts';

const rounds = 100;

/**
 * k-means over the values of a tensor (Lloyd; one dimension, so the clusters are intervals and a round is one walk over the
 * sorted values). Where elements weigh differently (GWK, papers.md 4.8, by what an error of each costs), an entry is
 *
 *     c = sum of h_i w_i / sum of h_i over its cluster.
 *
 * Left alone where there are fewer elements than entries, or one is not finite.
 */
export function storePalette(tensor: Tensor, entryCount: number, sorted = sortElements(tensor)): Tensor {
  if (!(tensor.data instanceof Float32Array) || !sorted || tensor.data.length <= entryCount) return tensor;
  const table = Float32Array.from(distinctValues(sorted, entryCount) ?? refineEntries(sorted, entryCount));
  const codes = Uint8Array.from(tensor.data, (v) => nearestEntry(table, v));
  return storeCodes(tensor.shape, {
    kind: 'palette',
    bits: bitsFor(Math.ceil(Math.log2(entryCount))),
    codes,
    entries: table,
  });
}

/** The values, where there are no more of them than entries; filled up with the last. */
function distinctValues({ values }: SortedElements, entryCount: number): Float64Array | undefined {
  const found: number[] = [];
  for (const value of values) {
    if (value === found.at(-1)) continue;
    if (found.length === entryCount) return undefined;
    found.push(value);
  }
  return Float64Array.from({ length: entryCount }, (_, i) => found[i] ?? found.at(-1) ?? 0);
}

function refineEntries(sorted: SortedElements, entryCount: number): Float64Array {
  const { values, mass, moment } = sorted;
  let entries = firstEntries(sorted, entryCount);
  for (let round = 0; round < rounds; round++) {
    let start = 0;
    const next = entries.map((entry, i) => {
      const edge = i + 1 < entryCount ? (entry + (entries[i + 1] ?? 0)) / 2 : Number.POSITIVE_INFINITY;
      const end = lowerBound(values, edge, start);
      const weight = (mass[end] ?? 0) - (mass[start] ?? 0);
      const mean = weight > 0 ? ((moment[end] ?? 0) - (moment[start] ?? 0)) / weight : entry;
      start = end;
      return mean;
    });
    if (next.every((v, i) => v === entries[i])) break;
    entries = next;
  }
  return entries;
}

const firstRuns = 1024;

/**
 * Entries as dense as the cube root of the values' density, which is the best there is for many entries (Panter and Dite
 * 1951) and few rounds away for few: evenly spaced along the sum over runs of values of mass^(1/3) width^(2/3).
 */
function firstEntries({ values, mass }: SortedElements, entryCount: number): Float64Array {
  const last = values.length - 1;
  const edges = Array.from({ length: firstRuns + 1 }, (_, run) => Math.floor((run * last) / firstRuns));
  const widthOf = (run: number): number => (values[edges[run + 1] ?? 0] ?? 0) - (values[edges[run] ?? 0] ?? 0);
  const along = new Float64Array(firstRuns + 1);
  for (let run = 0; run < firstRuns; run++) {
    const weight = (mass[edges[run + 1] ?? 0] ?? 0) - (mass[edges[run] ?? 0] ?? 0);
    along[run + 1] = (along[run] ?? 0) + Math.cbrt(weight * widthOf(run) ** 2);
  }
  let run = 0;
  return Float64Array.from({ length: entryCount }, (_, i) => {
    const wanted = ((i + 0.5) / entryCount) * (along[firstRuns] ?? 0);
    while (run < firstRuns - 1 && (along[run + 1] ?? 0) < wanted) run++;
    const step = (along[run + 1] ?? 0) - (along[run] ?? 0);
    const share = step > 0 ? (wanted - (along[run] ?? 0)) / step : 0;
    return (values[edges[run] ?? 0] ?? 0) + share * widthOf(run);
  });
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
