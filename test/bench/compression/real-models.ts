import type { Feeds } from '../../../compiler/ir/trial.ts';
import type { EnlargedImages } from './enlarged-images.ts';

const imageNet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const imageNetScale = (pixel: number, channel: number): number =>
  (pixel / 255 - (imageNet.mean[channel] ?? 0)) / (imageNet.std[channel] ?? 1);

export interface RealModel {
  readonly name: string;
  /** image i as its inputs take it */
  readonly feedsOf: (images: EnlargedImages, i: number) => Feeds;
}

/** Models that others trained, of `models/`. */
export const realModels: readonly RealModel[] = [
  {
    name: 'ultraface-slim-320',
    feedsOf: (images, i) => ({ input: images.at(i, 240, 320, (pixel) => (pixel - 127) / 128) }),
  },
  {
    name: 'vittrack',
    feedsOf: (images, i) => ({
      template: images.at(i, 128, 128, imageNetScale),
      search: images.at(i, 256, 256, imageNetScale),
    }),
  },
];
