import { describe, expect, it } from 'vitest';
import type { Limits } from '../../../compiler/3-compress/plan/options.ts';
import { type Attempt, type Offer, search } from '../../../compiler/3-compress/plan/search.ts';

const none: Limits = { size: undefined, latency: undefined, memory: undefined, drop: undefined };

/** A model whose size falls from 1000 to 100 and whose loss rises from 0 to 1 over the decades of the price. */
const attempt = async ({ price, structure }: Offer): Promise<Attempt> => {
  const along = Math.min(1, Math.max(0, (Math.log10(price) + 6) / 8));
  const size = { code: 50, weights: 50 + 900 * (1 - along), macs: 1, milliseconds: 10 * (1 - along), memory: 1 };
  // Another balance loses less at the same size.
  const error = along ** 3 * (structure === 3 ? 0.9 : 1);
  return { price, structure, size, loss: { error, metric: undefined } };
};
const total = ({ size }: Attempt) => size.code + size.weights;

describe('search', () => {
  it.each([150, 333, 500, 720, 990])('meets a size of %d at the least loss, near it', async (size) => {
    const { chosen: found, isFeasible } = await search({ ...none, size }, attempt);
    expect(isFeasible).toBe(true);
    expect(total(found)).toBeLessThanOrEqual(size);
    expect(total(found)).toBeGreaterThan(0.9 * size);
  });

  it.each([0.001, 0.03, 0.4])('finds the smallest within a loss of %d', async (drop) => {
    const { chosen: found } = await search({ ...none, drop }, attempt);
    expect(found.loss.error).toBeLessThanOrEqual(drop);
    expect(found.loss.error).toBeGreaterThan(0.8 * drop);
  });

  it('takes another balance where it is better', async () => {
    expect((await search({ ...none, drop: 0.03 }, attempt)).chosen.structure).toBe(3);
  });

  it('says that nothing fits, with the nearest', async () => {
    const { chosen: found, isFeasible } = await search({ ...none, size: 90 }, attempt);
    expect(isFeasible).toBe(false);
    expect(total(found)).toBeLessThan(110);
    const both = await search({ ...none, size: 200, drop: 0.01 }, attempt);
    expect(both.isFeasible).toBe(false);
  });

  it('meets latency', async () => {
    const { chosen: found } = await search({ ...none, latency: 4 }, attempt);
    expect(found.size.milliseconds).toBeLessThanOrEqual(4);
    expect(found.size.milliseconds).toBeGreaterThan(3.5);
  });
});
