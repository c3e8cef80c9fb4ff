import type { DType, TypedArray } from '../tensor/dtype.ts';

/** One input of the model; shape includes the batch dimension, normally 1. */
export interface DataPort {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

export type Feeds = Readonly<Record<string, TypedArray>>;

/** What is known about samples: [sample, width] row-major. */
export type Labels =
  | {
      readonly kind: 'class';
      /** from 0; `ignoredLabel` where a position has none */
      readonly values: Int32Array;
      readonly width: number;
      /** by class, where the data names them */
      readonly names?: readonly string[] | undefined;
    }
  | { readonly kind: 'value'; readonly values: Float32Array; readonly width: number };

/** Marks a position without a label, such as padding (PyTorch's ignore_index). */
export const ignoredLabel = -100;

/** Samples of a model's inputs, checked when they were opened; arrays are typed as the model takes them. */
export interface DataSet {
  /** as the user named it */
  readonly name: string;
  readonly size: number;
  readonly labels?: Labels | undefined;
  /** Sample i by input name, in port order. */
  feedsOf(i: number): Feeds;
  /** Content hash of sample i: equal exactly where what is fed is equal. */
  hashOf(i: number): string;
}

/** Labels of sample i. */
export const labelsOf = ({ values, width }: Labels, i: number): Int32Array | Float32Array =>
  values.subarray(i * width, (i + 1) * width);

/** The samples at `indices`, in that order. */
export function selectSamples(data: DataSet, indices: readonly number[]): DataSet {
  const at = (i: number): number => {
    const index = indices[i];
    if (index === undefined) throw new RangeError(`sample ${i} of ${indices.length}`);
    return index;
  };
  return {
    name: data.name,
    size: indices.length,
    labels: data.labels && selectLabels(data.labels, indices),
    feedsOf: (i) => data.feedsOf(at(i)),
    hashOf: (i) => data.hashOf(at(i)),
  };
}

export function selectLabels(labels: Labels, indices: readonly number[]): Labels {
  const { width } = labels;
  const take = (into: Int32Array | Float32Array): void =>
    indices.forEach((index, i) => {
      into.set(labelsOf(labels, index), i * width);
    });
  if (labels.kind === 'class') {
    const values = new Int32Array(indices.length * width);
    take(values);
    return { ...labels, values };
  }
  const values = new Float32Array(indices.length * width);
  take(values);
  return { ...labels, values };
}
