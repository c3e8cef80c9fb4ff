import type { TypedArray } from '../tensor/dtype.ts';

/** Plain numbers (float16 already decoded), or BigInts where the file has 64-bit integers. */
export type Values = TypedArray | readonly number[];

/** An array as a file has it: row-major, float16 decoded. */
export interface StoredArray {
  readonly values: TypedArray;
  readonly shape: readonly number[];
  readonly isInteger: boolean;
}

/** Element e of a sample is of channel `floor(e / inner) % count`. */
export interface Channels {
  readonly count: number;
  readonly inner: number;
}

export interface Sample {
  readonly values: Values;
  readonly channels: Channels;
}

/** Labels as a file has them: [sample, width] row-major; texts are class names or numbers. */
export interface RawLabels {
  /** where they stand, if not in the data's own file */
  readonly file?: string;
  readonly values: ArrayLike<number> | readonly string[];
  readonly width: number;
  /** floats are quantities, integers classes; of what says nothing, whole numbers are classes */
  readonly storedAs: 'integers' | 'floats' | 'unknown';
}

/** What a format reads; nothing is checked against the model yet. */
export interface Samples {
  readonly file: string;
  readonly size: number;
  readonly labels?: RawLabels | undefined;
  /** Made of bytes: no value can be wrong, and looking at one sample is enough. */
  readonly isAlwaysValid: boolean;
  /** Sample i by input name. */
  sampleOf(i: number): Readonly<Record<string, Sample>>;
}

/** A sample of n features: each its own channel. */
export const features = (values: Values): Sample => ({ values, channels: { count: values.length, inner: 1 } });
