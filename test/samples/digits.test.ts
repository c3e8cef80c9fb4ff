import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { check } from '../../compiler/6-budget/check.ts';
import { downloadOf } from '../../compiler/6-budget/check-result.ts';
import { compile } from '../../compiler/compile.ts';
import type { Bundle } from '../../compiler/ir/bundle.ts';
import type { Model } from '../../runtime/abi.ts';
import { type Stroke, side, strokesToImage } from '../../samples/digits/page/strokes-to-image.ts';
import { augment } from '../../samples/digits/train/augment.ts';
import { readMnist } from '../../samples/digits/train/mnist.ts';
import { makeRandom } from '../../samples/digits/train/random.ts';
import { sharedFolder } from '../harness/shared.ts';
import { repository } from '../harness/source-imports.ts';
import { drawnDigits } from './drawn-digits.ts';
import { statedSize } from './stated-size.ts';

const sample = join(repository, 'samples/digits');
const shared = sharedFolder();

const imageOf = (strokes: readonly Stroke[]): Float32Array => {
  const image = strokesToImage(strokes);
  if (!image) throw new Error('nothing was drawn');
  return image;
};

describe('strokes become images as MNIST has them', () => {
  const ink = (image: Float32Array) =>
    [...image].flatMap((v, i) => (v > 0 ? [{ v, x: i % side, y: Math.floor(i / side) }] : []));

  test.each(drawnDigits.map((strokes, digit) => ({ strokes, digit })))('a drawn $digit', ({ strokes }) => {
    const inked = ink(imageOf(strokes));
    const mass = inked.reduce((sum, { v }) => sum + v, 0);
    const heights = inked.map(({ y }) => y);
    const widths = inked.map(({ x }) => x);
    const extent = Math.max(Math.max(...heights) - Math.min(...heights), Math.max(...widths) - Math.min(...widths)) + 1;
    expect(extent).toBeGreaterThanOrEqual(20);
    expect(extent).toBeLessThanOrEqual(22);
    expect(inked.reduce((sum, { v, x }) => sum + v * (x + 0.5), 0) / mass).toBeCloseTo(14, 1);
    expect(inked.reduce((sum, { v, y }) => sum + v * (y + 0.5), 0) / mass).toBeCloseTo(14, 1);
    expect(Math.max(...inked.map(({ v }) => v))).toBe(1);
  });

  test('where on the pad and how large it was drawn does not matter', () => {
    const [, , , three = []] = drawnDigits;
    const moved = three.map((stroke) => stroke.map(({ x, y }) => ({ x: 90 + 300 * x, y: 7 + 300 * y })));
    const expected = imageOf(three);
    imageOf(moved).forEach((v, i) => {
      expect(v).toBeCloseTo(expected[i] ?? Number.NaN, 4);
    });
  });

  test('a dot is a disc in the middle, nothing is nothing', () => {
    const dot = ink(imageOf([[{ x: 300, y: 12 }]]));
    expect(dot.filter(({ v }) => v === 1).map(({ x, y }) => `${x},${y}`)).toEqual(['13,13', '14,13', '13,14', '14,14']);
    expect(dot).toHaveLength(12);
    expect(strokesToImage([])).toBeUndefined();
    expect(strokesToImage([[]])).toBeUndefined();
  });
});

describe('training data', () => {
  test('the same seed gives the same numbers, another one others', () => {
    const draw = (seed: number) => Array.from({ length: 5 }, () => makeRandom(seed).normal());
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect([...makeRandom(3).permutation(100)].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  test('augmented digits stay in 0..1 and keep most of their ink', () => {
    const image = Uint8Array.from(imageOf(drawnDigits[8] ?? []), (v) => 255 * v);
    const mass = image.reduce((sum, v) => sum + v, 0) / 255;
    const random = makeRandom(5);
    for (let i = 0; i < 50; i++) {
      const out = new Float32Array(image.length);
      augment(image, out, random);
      expect(out.every((v) => v >= 0 && v <= 1)).toBe(true);
      const kept = out.reduce((sum, v) => sum + v, 0) / mass;
      expect(kept).toBeGreaterThan(0.4);
      expect(kept).toBeLessThan(2.5);
    }
  });
});

describe('the compiled model', () => {
  let bundle: Bundle;
  let model: Model;
  beforeAll(async () => {
    bundle = await compile(join(sample, 'model.onnx'), { target: 'mobile-webgpu' });
    model = await bundle.load();
  });

  test('is as small as is stated', async () => {
    const total = downloadOf(await check(bundle, { limits: [] }));
    expect(Math.abs(total / statedSize('digits') - 1)).toBeLessThan(0.01);
  });

  const read = async (image: Float32Array): Promise<number> => {
    const { probabilities } = await model.run({ image });
    const list = Array.from(probabilities ?? [], Number);
    return list.indexOf(Math.max(...list));
  };

  test('reads drawn digits', async () => {
    const answers: number[] = [];
    for (const strokes of drawnDigits) answers.push(await read(imageOf(strokes)));
    expect(answers).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test.skipIf(shared === undefined)('is as accurate on the test images of MNIST as training measured', async () => {
    const { testImages, correct } = JSON.parse(readFileSync(join(sample, 'accuracy.json'), 'utf8'));
    const { count, images, labels } = readMnist(join(shared ?? '', 'data/mnist'), 't10k');
    let found = 0;
    for (let i = 0; i < count; i++) {
      const image = Float32Array.from(images.subarray(i * side * side, (i + 1) * side * side), (v) => v / 255);
      if ((await read(image)) === labels[i]) found++;
    }
    expect(count).toBe(testImages);
    // Rounding differs from the training's: a tie may fall the other way.
    expect(Math.abs(found - correct)).toBeLessThanOrEqual(2);
    expect(found / count).toBeGreaterThanOrEqual(0.985);
  });
});
