import { join } from 'node:path';
import { type DataSet, selectSamples } from '../../../compiler/data/data-set.ts';
import { inputPorts } from '../../../compiler/data/graph-ports.ts';
import { openData } from '../../../compiler/data/open.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { sentences, shakespeare, type TokenData } from './text-data.ts';

/** Samples to train on, to decide by and to measure on, for a network. */
export interface OpenStudyData {
  readonly train: DataSet;
  /** which training never sees */
  readonly validation: DataSet;
  readonly test: DataSet;
}

export interface ImageData {
  readonly kind: 'images';
  readonly name: string;
  /** of `image` [1, C, H, W] */
  readonly sizes: readonly [number, number, number];
  readonly classes: number;
  open(graph: Graph): Promise<OpenStudyData>;
}

export type StudyData = ImageData | TokenData;

/** For arms of image classifiers. */
export function imagesOf({ data }: { readonly data: StudyData }): ImageData {
  if (data.kind !== 'images') throw new Error(`${data.name} has no images`);
  return data;
}

/** For arms of text classifiers and language models. */
export function tokensOf({ data }: { readonly data: StudyData }): TokenData {
  if (data.kind !== 'tokens') throw new Error(`${data.name} has no tokens`);
  return data;
}

/** Every so many training images, one is kept from training to decide by. */
const every = 12;

interface ImageFiles {
  readonly train: string;
  readonly test: string;
  /** of the channels' pixels from 0 to 1, over all training images */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

const images = (
  folder: string,
  name: string,
  sizes: ImageData['sizes'],
  { train, test, mean, std }: ImageFiles,
): ImageData => ({
  kind: 'images',
  name,
  sizes,
  classes: 10,
  async open(graph) {
    const ports = inputPorts(graph);
    const read = (file: string) => openData(`${join(folder, file)}?scale=1/255&mean=${mean}&std=${std}`, ports);
    return { ...split(await read(train)), test: await read(test) };
  },
});

function split(all: DataSet): Omit<OpenStudyData, 'test'> {
  const positions = Array.from({ length: all.size }, (_, i) => i);
  return {
    train: selectSamples(
      all,
      positions.filter((i) => i % every !== 0),
    ),
    validation: selectSamples(
      all,
      positions.filter((i) => i % every === 0),
    ),
  };
}

const idxFiles = { train: 'train-images-idx3-ubyte.gz', test: 't10k-images-idx3-ubyte.gz' };
const cifarFiles = { train: 'data_batch_1.bin.gz', test: 'test_batch_first2000.bin.gz' };

/** Pixels are standardised by the mean and deviation of all training pixels. */
export const studyData = (shared: string): readonly StudyData[] => {
  const folder = (name: string): string => join(shared, 'data', name);
  return [
    images(folder('mnist'), 'mnist', [1, 28, 28], { ...idxFiles, mean: [0.1307], std: [0.3081] }),
    images(folder('fashion-mnist'), 'fashion-mnist', [1, 28, 28], { ...idxFiles, mean: [0.286], std: [0.353] }),
    images(folder('cifar10'), 'cifar10', [3, 32, 32], {
      ...cifarFiles,
      mean: [0.4914, 0.4822, 0.4465],
      std: [0.247, 0.2435, 0.2616],
    }),
    sentences(folder('sst2')),
    shakespeare(folder('tinyshakespeare')),
  ];
};
