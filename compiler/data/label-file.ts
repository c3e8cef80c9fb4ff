import { labelCountWrong } from '../diagnostics/data.ts';
import { isIdx, parseIdx } from './idx-array.ts';
import { isNpy, parseNpy } from './npy-array.ts';
import { decodeText, readBytes, resolveBeside } from './read-source.ts';
import type { RawLabels, StoredArray } from './samples.ts';

/**
 * Labels for `size` samples in order: an IDX or .npy array, or text with one label on each line.
 * @param given from the current folder, or beside the data
 * @throws LccError LCC7001, LCC7002, LCC7012
 */
export function readLabelFile(data: string, given: string, size: number): RawLabels {
  const file = resolveBeside(data, given);
  const bytes = readBytes(file);
  if (isNpy(bytes)) return arrayLabels(parseNpy(bytes, 'labels', file), file, size);
  if (isIdx(bytes)) return arrayLabels(parseIdx(bytes, file), file, size);
  const lines = linesOf(decodeText(bytes, 'utf-8', file));
  if (lines.length !== size) throw labelCountWrong(file, lines.length, size);
  return { file, values: lines, width: 1, storedAs: 'unknown' };
}

/** Lines that are not empty, trimmed. */
export const linesOf = (text: string): string[] =>
  text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** An array of labels, first axis the samples. @throws LccError LCC7012 */
export function arrayLabels({ values, shape, isInteger }: StoredArray, file: string, size: number): RawLabels {
  const labels = shape[0] ?? 0;
  if (labels !== size) throw labelCountWrong(file, labels, size);
  const width = labels === 0 ? 1 : values.length / labels;
  return { file, values: Float64Array.from(values, Number), width, storedAs: isInteger ? 'integers' : 'floats' };
}
