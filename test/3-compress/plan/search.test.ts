import { describe, expect, it } from 'vitest';
import { type Arm, armsOf } from '../../../compiler/3-compress/plan/arms.ts';
import { bestOf, efficient, nearestOf, totalOf } from '../../../compiler/3-compress/plan/limits.ts';
import type { Limits } from '../../../compiler/3-compress/plan/options.ts';
import { type Attempt, measureGrid, type Offer, search } from '../../../compiler/3-compress/plan/search.ts';

const none: Limits = { size: undefined, latency: undefined, memory: undefined, drop: undefined };
const arms = armsOf([], ['trim-width', 'truncate-rank']);

/** How much an arm loses, beside the others. */
const lossOf: Readonly<Record<string, number>> = {
  'trim-width + truncate-rank': 1,
  'trim-width': 0.8,
  'truncate-rank': 1.5,
  'weights alone': 1,
};
/** Storing weights in fewer bits alone leaves more than this. */
const floor = 400;

/** A model whose size falls from 1000 to 100 and whose loss rises from 0 to 1 over the decades of the price. */
const attempt = async ({ arm, price, structure, bytes }: Offer): Promise<Attempt> => {
  const along = Math.min(1, Math.max(0, (Math.log10(price) + 6) / 8));
  const left = arm.name === 'weights alone' ? floor - 50 : 50;
  const size = {
    code: 50,
    weights: left + (950 - left) * (1 - along),
    macs: 1,
    milliseconds: 10 * (1 - along),
    memory: 1,
  };
  // Another balance loses less at the same size.
  const error = along ** 3 * (structure === 3 ? 0.9 : 1) * (lossOf[arm.name] ?? 1);
  return { arm, price, structure, bytes, size, loss: { error, metric: undefined } };
};

async function find(limits: Limits, of: readonly Arm[] = arms) {
  let builds = 0;
  const counted = (offer: Offer): Promise<Attempt> => {
    builds++;
    return attempt(offer);
  };
  const all = await search(limits, await measureGrid(limits, of, counted), counted);
  const best = bestOf(limits, all);
  return { found: best ?? nearestOf(limits, all), isFeasible: best !== undefined, builds, all };
}

describe('search', () => {
  it.each([150, 333, 500, 720, 990])('meets a size of %d at the least loss, near it', async (size) => {
    const { found, isFeasible } = await find({ ...none, size });
    expect(isFeasible).toBe(true);
    expect(found && totalOf(found)).toBeLessThanOrEqual(size);
    expect(found && totalOf(found)).toBeGreaterThan(0.9 * size);
    expect(found?.arm.name).toBe('trim-width');
  });

  it.each([0.001, 0.03, 0.4])('finds the smallest within a loss of %d', async (drop) => {
    const { found } = await find({ ...none, drop });
    expect(found?.loss.error).toBeLessThanOrEqual(drop);
    expect(found?.loss.error).toBeGreaterThan(0.8 * drop);
  });

  it('takes another balance where it is better', async () => {
    expect((await find({ ...none, drop: 0.03 })).found?.structure).toBe(3);
  });

  it('takes the arm of least loss, whatever the order', async () => {
    const { found } = await find({ ...none, size: 300 }, [...arms].reverse());
    expect(found?.arm.name).toBe('trim-width');
  });

  it('goes on from the end of the grid where that promises least', async () => {
    // all arms but this one meet the limit within the grid, and lose much by then
    const slow = 'truncate-rank';
    const figuresOf = ({ arm, price, ...offer }: Offer): Attempt => {
      const decades = Math.log10(price) + 5;
      const along = arm.name === slow ? decades / 10 : decades / 6;
      const size = { code: 0, weights: 1000 * (1 - along), macs: 1, milliseconds: 1, memory: 1 };
      const error = along ** 3 * (arm.name === slow ? 0.2 : 1);
      return { arm, price, ...offer, size, loss: { error, metric: undefined } };
    };
    const attempt = async (offer: Offer): Promise<Attempt> => figuresOf(offer);
    const limits = { ...none, size: 400 };
    const all = await search(limits, await measureGrid(limits, arms, attempt), attempt);
    expect(bestOf(limits, all)?.arm.name).toBe(slow);
  });

  it('says that nothing fits, with the nearest', async () => {
    const { found, isFeasible } = await find({ ...none, size: 90 });
    expect(isFeasible).toBe(false);
    expect(found && totalOf(found)).toBeLessThan(110);
    expect((await find({ ...none, size: 200, drop: 0.01 })).isFeasible).toBe(false);
  });

  it('meets latency', async () => {
    const { found } = await find({ ...none, latency: 4 });
    expect(found?.size.milliseconds).toBeLessThanOrEqual(4);
    expect(found?.size.milliseconds).toBeGreaterThan(3.5);
  });

  it('measures the same grid for every limit, and little besides', async () => {
    const grid = async (limits: Limits) =>
      (await find(limits)).all.slice(0, 20).map(({ arm, price }) => `${arm.name} ${price}`);
    expect(await grid({ ...none, size: 300 })).toEqual(await grid({ ...none, drop: 0.2 }));
    expect((await find({ ...none, size: 300 })).builds).toBeLessThanOrEqual(20 + 3 * 4 + 2 * 4);
  });
});

describe('armsOf', () => {
  const names = (all: readonly Arm[]) => all.map(({ name }) => name);

  it('is every combination of few passes, all of them first', () => {
    expect(names(arms)).toEqual(['trim-width + truncate-rank', 'trim-width', 'truncate-rank', 'weights alone']);
  });

  it('has forced passes everywhere', () => {
    expect(names(armsOf(['collapse-layers'], ['trim-width']))).toEqual([
      'collapse-layers + trim-width',
      'collapse-layers',
    ]);
  });

  it('is all, all but one, each and none of many', () => {
    const all = armsOf([], ['drop-blocks', 'collapse-layers', 'trim-width', 'truncate-rank']);
    expect(all).toHaveLength(10);
    expect(all.map(({ passes }) => passes.size)).toEqual([4, 3, 3, 3, 3, 1, 1, 1, 1, 0]);
  });
});

describe('efficient', () => {
  it('leaves out what another is neither larger nor worse than', () => {
    const figures = (weights: number, error: number) => ({
      size: { code: 0, weights, macs: 0, milliseconds: 0, memory: 0 },
      loss: { error, metric: undefined },
    });
    const all = [figures(30, 0.1), figures(10, 0.5), figures(20, 0.1), figures(15, 0.6), figures(20, 0.2)];
    expect(efficient(all)).toEqual([figures(10, 0.5), figures(20, 0.1)]);
  });
});
