import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { pixels, side } from '../../samples/digits/train/mnist.ts';
import { makeRandom } from '../../samples/digits/train/random.ts';
import { affine, affineStarts } from '../bench/compression/train/affine.ts';
import { sgd } from '../bench/compression/train/sgd.ts';
import { type Recipe, trainClassifier } from '../bench/compression/train/train-classifier.ts';

const count = 32;
const recipe: Recipe = {
  starts: affineStarts('layer', pixels, 10),
  classify: (p, images) => affine(p, images, 'layer'),
  optimiser: sgd({ momentum: 0.9, weightDecay: 0 }),
  epochs: 2,
  batchSize: 4,
  rate: 0.1,
};
const folders: string[] = [];
beforeAll(() => {
  vi.spyOn(console, 'log').mockImplementation(() => {});
});
afterAll(() => {
  vi.restoreAllMocks();
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const idx = (sizes: readonly number[], bytes: Uint8Array): Buffer => {
  const header = Buffer.alloc(4 * (1 + sizes.length));
  [0x800 + sizes.length, ...sizes].forEach((word, i) => {
    header.writeUInt32BE(word, 4 * i);
  });
  return gzipSync(Buffer.concat([header, bytes]));
};

/** The four files, image i and its label as `inkOf` and `labelOf` say. */
function writeData(inkOf: (i: number) => number, labelOf: (i: number) => number): string {
  const folder = mkdtempSync(join(tmpdir(), 'lcc-'));
  folders.push(folder);
  const images = Uint8Array.from({ length: count * pixels }, (_, at) => inkOf(Math.floor(at / pixels)) + (at % 5));
  const labels = Uint8Array.from({ length: count }, (_, i) => labelOf(i));
  for (const half of ['train', 't10k']) {
    writeFileSync(join(folder, `${half}-images-idx3-ubyte.gz`), idx([count, side, side], images));
    writeFileSync(join(folder, `${half}-labels-idx1-ubyte.gz`), idx([count], labels));
  }
  return folder;
}

async function train(folder: string, heldOut: Recipe['heldOut']): Promise<readonly (readonly number[])[]> {
  const { parameters } = await trainClassifier({ ...recipe, ...(heldOut && { heldOut }) }, folder, makeRandom(1));
  tf.disposeVariables();
  return Object.values(parameters).map(({ data }) => Array.from(data, Number));
}

const inkOf = (i: number): number => 7 * i;
const labelOf = (i: number): number => i % 10;
const heldOut = { from: 8, count: 8 };
const isHeldOut = (i: number): boolean => i >= heldOut.from && i < heldOut.from + heldOut.count;
/** `whole`, one of its images another. */
const changedAt = (at: number): string =>
  writeData(
    (i) => (i === at ? 250 : inkOf(i)),
    (i) => (i === at ? 9 - labelOf(i) : labelOf(i)),
  );

test('images that are held out leave no trace in the parameters, each of the others does', async () => {
  const parameters = await train(writeData(inkOf, labelOf), heldOut);
  for (const at of [0, 7, 8, 15, 16, 31]) {
    const changed = await train(changedAt(at), heldOut);
    if (isHeldOut(at)) expect(changed).toEqual(parameters);
    else expect(changed).not.toEqual(parameters);
  }
});

test('without a range every image is learnt from', async () => {
  const parameters = await train(writeData(inkOf, labelOf), undefined);
  for (const at of [8, 15]) expect(await train(changedAt(at), undefined)).not.toEqual(parameters);
});
