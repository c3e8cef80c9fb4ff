import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { DataPort } from '../../compiler/data/data-set.ts';
import { openData } from '../../compiler/data/open.ts';
import { findOverlap } from '../../compiler/data/overlap.ts';
import { sharedFolder } from '../harness/shared.ts';

const folder = join(sharedFolder() ?? '', 'data');
const image: DataPort = { name: 'x', dtype: 'float32', shape: [1, 1, 28, 28] };
const countsOf = (values: Iterable<number>) =>
  [...values].reduce<number[]>((counts, label) => {
    counts[label] = (counts[label] ?? 0) + 1;
    return counts;
  }, []);

describe.skipIf(sharedFolder() === undefined)('real data', () => {
  test('MNIST, normalised as its model takes it', async () => {
    const file = join(folder, 'mnist/t10k-images-idx3-ubyte.gz');
    const data = await openData(`${file}?scale=1/255&mean=0.1307&std=0.3081`, [image]);
    expect(data.size).toBe(10000);
    expect(countsOf(data.labels!.values as Int32Array)).toEqual([
      980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]);
    const { x } = data.feedsOf(0);
    expect(x![0]).toBe(Math.fround(-0.1307 / 0.3081));
    expect(Math.max(...Array.from(x!, Number))).toBeCloseTo((254 / 255 - 0.1307) / 0.3081, 1);
  });

  test('the training and the test set of MNIST share nothing, two parts of one file what they share', async () => {
    const part = (name: string, offset: number) =>
      openData(join(folder, `mnist/${name}-images-idx3-ubyte.gz`), [image], { offset, limit: 500 });
    const [train, first, second] = await Promise.all([part('train', 0), part('t10k', 0), part('t10k', 400)]);
    expect(findOverlap(train, first).evaluation).toEqual([]);
    expect(findOverlap(first, second).evaluation).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  test('CIFAR-10, and enlarged', async () => {
    const file = join(folder, 'cifar10/test_batch_first2000.bin.gz');
    const data = await openData(file, [{ ...image, shape: [1, 3, 32, 32] }]);
    expect(data.size).toBe(2000);
    expect([...data.labels!.values.slice(0, 5)]).toEqual([3, 8, 8, 0, 6]);
    const large = await openData(`${file}?size=240x320&mean=127&std=128&limit=2`, [
      { ...image, shape: [1, 3, 240, 320] },
    ]);
    const values = Array.from(large.feedsOf(1).x!, Number);
    expect(values.length).toBe(230400);
    expect(Math.min(...values.slice(0, 1000))).toBeGreaterThanOrEqual(-127 / 128);
  });

  test('digits: a table without a header', async () => {
    const data = await openData(`${join(folder, 'digits/optdigits.tes')}?scale=1/16`, [{ ...image, shape: [1, 64] }]);
    expect(data.size).toBe(1797);
    expect(countsOf(data.labels!.values as Int32Array)).toEqual([178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
  });

  test('California housing: missing values are named; without their column it is read', async () => {
    const file = join(folder, 'california-housing/housing.csv');
    const query = '?labelColumn=median_house_value&labelType=value&ignore=ocean_proximity';
    await expect(openData(`${file}${query}`, [{ ...image, shape: [1, 8] }])).rejects.toThrow(
      'LCC7016: Row 292 has no value in column total_bedrooms.',
    );
    const data = await openData(`${file}${query},total_bedrooms`, [{ ...image, shape: [1, 7] }]);
    expect(data.size).toBe(20640);
    expect(data.labels).toMatchObject({ kind: 'value', width: 1 });
    expect(data.labels!.values[0]).toBe(452600);
  });
});
