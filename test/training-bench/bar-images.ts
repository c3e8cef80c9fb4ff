import { bars } from '../2-train/toy-data.ts';
import type { ImageData } from '../bench/training/data.ts';

/** Bars of two classes as the data of a study, the same to train on, to decide by and to measure on. */
export function barImages(count: number): ImageData {
  const samples = bars(count, 3);
  return {
    kind: 'images',
    name: 'bars',
    sizes: [1, 8, 8],
    classes: 2,
    open: async () => ({ train: samples, validation: samples, test: samples }),
  };
}
