import { dataOptionInvalid } from '../diagnostics/data.ts';

/** Height and width; one number is the shorter side of a picture (size) or both sides (crop). */
export type PictureSize = number | readonly [height: number, width: number];

/** x -> (x * scale - mean) / std, per channel; and how pictures come to the model's size. */
export interface Preprocess {
  /** default 1 */
  readonly scale?: number;
  /** one value, or one per channel */
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  /** of the model's input; found from its shape by default */
  readonly layout?: 'NCHW' | 'NHWC';
  /** order of the channels that the model takes; grey or rgb by their number by default */
  readonly colors?: 'rgb' | 'bgr' | 'grey';
  /** resize first: keep the proportions (number) or not (pair) */
  readonly size?: PictureSize;
  /** then cut out the middle */
  readonly crop?: PictureSize;
}

/** How data is read. Paths are taken from the current folder, or else from beside the data. */
export interface DataOptions {
  readonly preprocess?: Preprocess;
  /** a file of labels; .npz: an array of that name; text: `next` makes each token's label the one after it */
  readonly labels?: string;
  readonly labelType?: 'class' | 'value';
  /** class names in order, or how many there are */
  readonly classes?: number | readonly string[];
  /** the input to feed, for formats that feed one */
  readonly input?: string;
  readonly limit?: number;
  readonly offset?: number;
  /** of a table; `,`, `;` or tab by default, whichever its first line has most of */
  readonly delimiter?: string;
  /** whether the first row of a table names the columns; found by default */
  readonly header?: boolean;
  /** name, or position from 0 (negative: from the end), or `none`; the last column by default */
  readonly labelColumn?: string | number;
  /** columns to leave out, by name or position */
  readonly ignore?: readonly string[];
  /** of text files; utf-8 by default */
  readonly encoding?: string;
  /** tokenizer.json or a vocabulary with one token on each line */
  readonly tokenizer?: string;
  /** tokens of a text that are kept; the length of the input by default */
  readonly maxLength?: number;
  /** samples a second that sounds must have; that of the first file by default */
  readonly rate?: number;
}

/** Every option, checked. */
export interface CompleteOptions extends Omit<DataOptions, 'preprocess' | 'offset' | 'encoding' | 'ignore'> {
  readonly preprocess: Preprocess & Required<Pick<Preprocess, 'scale' | 'mean' | 'std'>>;
  readonly offset: number;
  readonly encoding: string;
  readonly ignore: readonly string[];
}

/** @throws LccError LCC7004 for a value out of range */
export function completeOptions(options: DataOptions): CompleteOptions {
  const { preprocess = {}, offset = 0, encoding = 'utf-8', ignore = [] } = options;
  const { scale = 1, mean = [0], std = [1] } = preprocess;
  requireOption('scale', scale, Number.isFinite(scale), 'a finite number');
  requireOption('mean', mean, mean.length > 0 && mean.every(Number.isFinite), 'finite numbers');
  requireOption(
    'std',
    std,
    std.length > 0 && std.every((s) => Number.isFinite(s) && s !== 0),
    'finite numbers other than 0',
  );
  for (const [name, size] of [
    ['size', preprocess.size],
    ['crop', preprocess.crop],
  ] as const) {
    requireOption(name, size, size === undefined || [size].flat().every(isCount), 'a size such as 224 or 240x320');
  }
  requireOption('offset', offset, Number.isInteger(offset) && offset >= 0, 'a whole number from 0');
  for (const name of ['limit', 'maxLength', 'rate'] as const) {
    const value = options[name];
    requireOption(name, value, value === undefined || isCount(value), 'a whole number above 0');
  }
  const { classes } = options;
  const isClasses = typeof classes === 'number' ? isCount(classes) : new Set(classes).size === (classes?.length ?? 0);
  requireOption('classes', classes, isClasses, 'a number of classes, or their different names in order');
  requireOption('encoding', encoding, isEncoding(encoding), 'the name of a text encoding, such as utf-8 or latin1');
  return { ...options, preprocess: { ...preprocess, scale, mean, std }, offset, encoding, ignore };
}

const isCount = (value: unknown): boolean => typeof value === 'number' && Number.isInteger(value) && value > 0;

function isEncoding(name: string): boolean {
  try {
    return new TextDecoder(name).encoding !== '';
  } catch {
    return false;
  }
}

function requireOption(name: string, given: unknown, holds: boolean, form: string): void {
  if (!holds) throw dataOptionInvalid(name, String(given), form);
}

/** `over` wins. */
export const mergeOptions = (under: DataOptions, over: DataOptions): DataOptions => ({
  ...under,
  ...over,
  ...(under.preprocess || over.preprocess ? { preprocess: { ...under.preprocess, ...over.preprocess } } : {}),
});
