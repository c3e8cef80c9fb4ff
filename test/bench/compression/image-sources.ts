import { join } from 'node:path';
import type { DataPort, DataSet } from '../../../compiler/data/data-set.ts';
import { openData } from '../../../compiler/data/open.ts';

/** A set of 28 x 28 images with ten classes, and how its pixels become inputs. */
export interface ImageSet {
  readonly folder: 'mnist' | 'fashion-mnist';
  /** options of the data source, without offset and limit */
  readonly preprocess: string;
}

/** (p / 255 - 0.1307) / 0.3081, as burn-mnist was trained. */
export const mnist: ImageSet = { folder: 'mnist', preprocess: 'scale=1/255&mean=0.1307&std=0.3081' };
/** p / 255. */
export const plainMnist: ImageSet = { folder: 'mnist', preprocess: 'scale=1/255' };
export const fashionMnist: ImageSet = { folder: 'fashion-mnist', preprocess: 'scale=1/255' };

/** A run of training images. */
export interface ImageRange {
  /** the first, counted from 0 */
  readonly from: number;
  readonly count: number;
}

/** What classifiers are evaluated on while they are built; fashion-mlp.onnx is trained without them. */
export const evaluationImages: ImageRange = { from: 20_000, count: 6000 };

/** Training images as a data source; the labels beside them count where they are asked for. */
export const trainingImages = (shared: string, set: ImageSet, offset: number, limit: number): string =>
  `${fileOf(shared, set, 'train')}?${set.preprocess}&offset=${offset}&limit=${limit}`;

/** All 10,000 test images. They decide nothing. */
export const openTestImages = (shared: string, set: ImageSet, ports: readonly DataPort[]): Promise<DataSet> =>
  openData(`${fileOf(shared, set, 't10k')}?${set.preprocess}`, ports);

const fileOf = (shared: string, { folder }: ImageSet, half: 'train' | 't10k'): string =>
  join(shared, 'data', folder, `${half}-images-idx3-ubyte.gz`);
