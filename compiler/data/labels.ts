import { labelInvalid, labelOutOfRange } from '../diagnostics/data.ts';
import { type DataSet, ignoredLabel, type Labels } from './data-set.ts';
import type { CompleteOptions } from './options.ts';
import type { RawLabels } from './samples.ts';

/** Classes are kept as int32. */
const mostClass = 2 ** 31 - 1;

/**
 * Classes or quantities. Texts that are not all numbers are class names: their order is that of the option `classes`,
 * or alphabetical. Otherwise labelType decides, or else how they are stored, or else whether all are whole numbers.
 * @throws LccError LCC7013 for a class below 0 or beyond `classes`, LCC7014 for a label that cannot be read
 */
export function readLabels(raw: RawLabels, file: string, options: CompleteOptions): Labels {
  const { width } = raw;
  const numbers = isListed(raw.values, options) ? undefined : numbersOf(raw.values);
  if (numbers === undefined) return { kind: 'class', width, ...namedClasses(raw.values, width, file, options) };
  const wholeAt = (e: number) => Number.isInteger(numbers[e]);
  const isClass = options.labelType
    ? options.labelType === 'class'
    : raw.storedAs === 'integers' || (raw.storedAs === 'unknown' && numbers.every((_, e) => wholeAt(e)));
  numbers.forEach((label, e) => {
    const sample = Math.floor(e / width);
    if (!Number.isFinite(label)) throw labelInvalid(file, sample, String(label), 'a finite number');
    if (isClass && !wholeAt(e)) throw labelInvalid(file, sample, String(label), 'a whole number, as classes are');
    if (isClass && Math.abs(label) > mostClass)
      throw labelInvalid(file, sample, String(label), `a class, ${mostClass} at most`);
  });
  if (!isClass) return { kind: 'value', values: Float32Array.from(numbers), width };
  const { classes } = options;
  const names = typeof classes === 'object' ? classes : undefined;
  const labels: Labels = { kind: 'class', values: Int32Array.from(numbers), width, names };
  checkClasses(labels, typeof classes === 'number' ? classes : classes?.length, file);
  if (width > 1) requireSome(labels, file);
  return labels;
}

/** Names may be digits: where they are listed, they are names. */
const isListed = (values: RawLabels['values'], { classes }: CompleteOptions): boolean =>
  typeof classes === 'object' && Array.prototype.every.call(values, (value) => classes.includes(value));

/** Undefined where some text is not a number. */
function numbersOf(values: RawLabels['values']): Float64Array | undefined {
  const isNumeric = (value: number | string | undefined) =>
    typeof value === 'number' || (value !== undefined && value.trim() !== '' && !Number.isNaN(Number(value)));
  return Array.prototype.every.call(values, isNumeric) ? Float64Array.from(values, Number) : undefined;
}

function namedClasses(
  values: RawLabels['values'],
  width: number,
  file: string,
  { labelType, classes }: CompleteOptions,
) {
  const texts = Array.from(values, String);
  const at = (text: string): number => Math.floor(texts.indexOf(text) / width);
  const odd = texts.find((text) => text.trim() === '' || (labelType === 'value' && Number.isNaN(Number(text))));
  if (odd !== undefined) throw labelInvalid(file, at(odd), odd, labelType === 'value' ? 'a number' : 'a class');
  const names = typeof classes === 'object' ? classes : [...new Set(texts)].sort();
  const stranger = texts.find((text) => !names.includes(text));
  if (stranger !== undefined) throw labelInvalid(file, at(stranger), stranger, `one of ${names.join(', ')}`);
  if (typeof classes === 'number' && names.length > classes) {
    const beyond = names[classes] ?? '';
    throw labelInvalid(file, at(beyond), beyond, `one of ${classes} classes, there are ${names.length}`);
  }
  const indices = new Map(names.map((name, index) => [name, index]));
  return { values: Int32Array.from(texts, (text) => indices.get(text) ?? ignoredLabel), names };
}

/** Later means would have nothing to be the mean of. */
function requireSome({ values, width }: Labels, file: string): void {
  for (let at = 0; at < values.length; at += width) {
    if (values.subarray(at, at + width).every((label) => label === ignoredLabel)) {
      throw labelInvalid(file, at / width, `${ignoredLabel} everywhere`, 'there at any position');
    }
  }
}

function checkClasses({ values, width }: Labels, classes: number | undefined, file: string): void {
  values.forEach((label, e) => {
    if (label === ignoredLabel && width > 1) return;
    if (label < 0 || (classes !== undefined && label >= classes)) {
      throw labelOutOfRange(file, Math.floor(e / width), label, classes);
    }
  });
}

/** Once the model's output is known. @throws LccError LCC7013 */
export function requireClasses(data: DataSet, classes: number): void {
  if (data.labels?.kind === 'class') checkClasses(data.labels, classes, data.name);
}
