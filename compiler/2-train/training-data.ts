import * as tf from '@tensorflow/tfjs';
import type { DataPort, DataSet } from '../data/data-set.ts';
import { dtypes } from '../tensor/dtype.ts';
import type { Augment } from './augment.ts';
import { typeInTensorFlow } from './engine/scalars.ts';
import { elementsFor } from './engine/tensors.ts';
import type { Random } from './random.ts';

/** Bytes of inputs that are held decoded; what is beyond is decoded for each batch. */
const mostBytes = 2 ** 30;

export interface Batch {
  /** [B, sizes...] by input */
  readonly feeds: Record<string, tf.Tensor>;
  /** [B * width] classes, or quantities */
  readonly labels: tf.Tensor;
}

/** Batches of a labelled data set, as tensors. */
export interface TrainingData {
  readonly size: number;
  /** the samples at these positions; the caller disposes of the tensors */
  batch(positions: Uint32Array, augment: readonly Augment[], random: Random): Batch;
}

export function makeTrainingData(data: DataSet, ports: readonly DataPort[]): TrainingData {
  const samples = holdIfSmall(data, ports);
  const { labels } = data;
  const width = labels?.width ?? 0;
  return {
    size: data.size,
    batch(positions, augment, random) {
      const feeds = Object.fromEntries(
        ports.map((port) => {
          const each = sizeOf(port);
          const type = typeInTensorFlow(port.dtype);
          const elements = new arrays[type](positions.length * each);
          positions.forEach((position, i) => {
            const sample = elementsFor(type, samples(position, port.name));
            const own = elements.subarray(i * each, (i + 1) * each);
            own.set(sample);
            if (own instanceof Float32Array) for (const change of augment) change(own, imageSizes(port), random);
          });
          return [port.name, tf.tensor(elements, [positions.length, ...port.shape], type)];
        }),
      );
      const isClass = labels?.kind === 'class';
      const chosen = new (isClass ? Int32Array : Float32Array)(positions.length * width);
      positions.forEach((position, i) => {
        if (labels) chosen.set(labels.values.subarray(position * width, (position + 1) * width), i * width);
      });
      return { feeds, labels: tf.tensor1d(chosen, isClass ? 'int32' : 'float32') };
    },
  };
}

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

const sizeOf = ({ shape }: DataPort): number => shape.reduce((product, n) => product * n, 1);

/** [.., C, H, W]; a row is an image one high. */
function imageSizes({ shape }: DataPort): [number, number, number] {
  const [width = 1, height = 1, channels = 1] = [...shape].reverse();
  return [channels, height, width];
}

/** Inputs by position and name, from memory where they fit. */
function holdIfSmall(data: DataSet, ports: readonly DataPort[]) {
  const bytes = ports.reduce((sum, port) => sum + sizeOf(port) * dtypes[port.dtype].bytes, 0);
  const fed = (position: number, name: string) => data.feedsOf(position)[name] ?? new Float32Array();
  if (bytes * data.size > mostBytes) return fed;
  const held = Array.from({ length: data.size }, (_, i) => data.feedsOf(i));
  return (position: number, name: string) => held[position]?.[name] ?? fed(position, name);
}
