import { join } from 'node:path';
import { type DataSet, selectSamples } from '../../../compiler/data/data-set.ts';
import { inputPorts } from '../../../compiler/data/graph-ports.ts';
import { openData } from '../../../compiler/data/open.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';

/** Training, validation and test images for a network. */
export interface OpenStudyData {
  readonly train: DataSet;
  /** every twelfth training image, which training never sees */
  readonly validation: DataSet;
  readonly test: DataSet;
}

export interface StudyData {
  readonly name: string;
  /** of `image` [1, C, H, W] */
  readonly sizes: readonly [number, number, number];
  readonly classes: number;
  open(graph: Graph): Promise<OpenStudyData>;
}

const every = 12;

const digits = (name: string, mean: number, std: number, shared: string): StudyData => ({
  name,
  sizes: [1, 28, 28],
  classes: 10,
  async open(graph) {
    const ports = inputPorts(graph);
    const read = (part: string) =>
      openData(
        `${join(shared, 'data', name, `${part}-images-idx3-ubyte.gz`)}?scale=1/255&mean=${mean}&std=${std}`,
        ports,
      );
    return { ...split(await read('train')), test: await read('t10k') };
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

/** Standardised by the mean and deviation of all training pixels. */
export const studyData = (shared: string): readonly StudyData[] => [
  digits('mnist', 0.1307, 0.3081, shared),
  digits('fashion-mnist', 0.286, 0.353, shared),
];
