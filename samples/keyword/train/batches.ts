import { featuresOf, loudestSecond } from '../features.ts';
import { makeRandom } from './random.ts';
import type { Recording } from './recordings.ts';
import { vary } from './vary.ts';

interface Batch {
  readonly inputs: { readonly image: Float32Array };
  readonly labels: Int32Array;
}

/** Each recording as it is: what the page would make of it. */
export function* plain(recordings: readonly Recording[]): Generator<Batch> {
  for (const { digit, samples } of recordings)
    yield { inputs: { image: featuresOf(loudestSecond(samples)) }, labels: Int32Array.of(digit) };
}

/** `copies` of each recording, every one another; the same for the same seed. */
export function* varied(recordings: readonly Recording[], copies: number, seed: number): Generator<Batch> {
  const random = makeRandom(seed);
  for (let copy = 0; copy < copies; copy++)
    for (const { digit, samples } of recordings)
      yield { inputs: { image: featuresOf(loudestSecond(vary(samples, random))) }, labels: Int32Array.of(digit) };
}
