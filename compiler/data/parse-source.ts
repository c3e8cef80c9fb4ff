import { dataOptionInvalid, dataOptionUnknown } from '../diagnostics/data.ts';
import { type DataOptions, mergeOptions, type PictureSize, type Preprocess } from './options.ts';

/** One option as it is written after `?`: what it takes, and its meaning; undefined where the text is not that. */
interface Written {
  readonly form: string;
  read(text: string): DataOptions | undefined;
}

const row = <T>(form: string, parse: (text: string) => T | undefined, put: (value: T) => DataOptions): Written => ({
  form,
  read: (text) => {
    const value = parse(text);
    return value === undefined ? undefined : put(value);
  },
});

const prepared = <T>(form: string, parse: (text: string) => T | undefined, put: (value: T) => Preprocess): Written =>
  row(form, parse, (value) => ({ preprocess: put(value) }));

const oneOf =
  <T extends string>(...all: readonly T[]) =>
  (text: string): T | undefined =>
    all.find((one) => one.toLowerCase() === text.toLowerCase());

const text = (given: string): string | undefined => given || undefined;
const list = (given: string): string[] | undefined => (given === '' ? undefined : given.split(','));

/** `0.5`, `1/255`. */
function number(given: string): number | undefined {
  const parts = given.split('/').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const value = parts.length > 2 ? Number.NaN : (parts[0] ?? Number.NaN) / (parts[1] ?? 1);
  return Number.isFinite(value) ? value : undefined;
}

function numbers(given: string): number[] | undefined {
  const all = given.split(',').map(number);
  const known = all.filter((value) => value !== undefined);
  return known.length === all.length ? known : undefined;
}

/** `224`, `240x320` (height first). */
function pictureSize(given: string): PictureSize | undefined {
  const [, height, width] = /^(\d+)(?:x(\d+))?$/.exec(given) ?? [];
  if (height === undefined) return undefined;
  return width === undefined ? Number(height) : [Number(height), Number(width)];
}

const delimiterNames: Readonly<Record<string, string>> = {
  tab: '\t',
  '\\t': '\t',
  comma: ',',
  semicolon: ';',
  space: ' ',
};
const size = 'a size such as 224 or 240x320';

const written: Readonly<Record<string, Written>> = {
  scale: prepared('a number such as 1/255', number, (scale) => ({ scale })),
  mean: prepared('numbers such as 0.485,0.456,0.406', numbers, (mean) => ({ mean })),
  std: prepared('numbers such as 0.229,0.224,0.225', numbers, (std) => ({ std })),
  layout: prepared('NCHW or NHWC', oneOf('NCHW', 'NHWC'), (layout) => ({ layout })),
  colors: prepared('rgb, bgr or grey', oneOf('rgb', 'bgr', 'grey'), (colors) => ({ colors })),
  size: prepared(size, pictureSize, (value) => ({ size: value })),
  crop: prepared(size, pictureSize, (crop) => ({ crop })),
  labels: row('a file', text, (labels) => ({ labels })),
  labelType: row('class or value', oneOf('class', 'value'), (labelType) => ({ labelType })),
  classes: row('a number of classes, or their names in order', list, (names) => ({
    classes: names.length === 1 && /^\d+$/.test(names[0] ?? '') ? Number(names[0]) : names,
  })),
  input: row("the name of one of the model's inputs", text, (input) => ({ input })),
  limit: row('a whole number above 0', number, (limit) => ({ limit })),
  offset: row('a whole number from 0', number, (offset) => ({ offset })),
  delimiter: row('a character, or tab', text, (given) => ({ delimiter: delimiterNames[given] ?? given })),
  header: row('true or false', oneOf('true', 'false'), (given) => ({ header: given === 'true' })),
  labelColumn: row('a column name, a position, or none', text, (labelColumn) => ({ labelColumn })),
  ignore: row('column names or positions', list, (ignore) => ({ ignore })),
  encoding: row('the name of a text encoding, such as utf-8 or latin1', text, (encoding) => ({ encoding })),
  tokenizer: row('a file', text, (tokenizer) => ({ tokenizer })),
  maxLength: row('a whole number above 0', number, (maxLength) => ({ maxLength })),
  rate: row('a whole number above 0', number, (rate) => ({ rate })),
};

export interface WrittenSource {
  readonly path: string;
  readonly options: DataOptions;
}

/**
 * `mnist/train-images-idx3-ubyte.gz?scale=1/255&limit=2000`: a path, and options after `?`. %26 stands for `&`.
 * @throws LccError LCC7004 for a value that an option does not take, LCC7005 for an unknown option
 */
export function parseSource(source: string): WrittenSource {
  const [, path = source, query = ''] = /^(.*?)(?:\?(.*))?$/s.exec(source) ?? [];
  let options: DataOptions = {};
  for (const pair of query.split('&').filter((part) => part !== '')) {
    const [, name = '', given = ''] = /^([^=]*)=?(.*)$/s.exec(pair) ?? [];
    const option = Object.hasOwn(written, name) ? written[name] : undefined;
    if (option === undefined) throw dataOptionUnknown(name, Object.keys(written));
    const value = option.read(decode(given));
    if (value === undefined) throw dataOptionInvalid(name, given, option.form);
    options = mergeOptions(options, value);
  }
  return { path, options };
}

function decode(given: string): string {
  try {
    return decodeURIComponent(given);
  } catch {
    return given; // a lone % is itself
  }
}
