import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../compiler/2-train/random.ts';

const take = <T>(count: number, next: () => T): T[] => Array.from({ length: count }, next);

describe('random numbers of training', () => {
  it('are those of sfc32, computed elsewhere in whole numbers of any length', () => {
    const words = (seed: number): number[] =>
      take(
        3,
        (
          (r) => () =>
            r.uniform() * 2 ** 32
        )(makeRandom(seed)),
      );
    expect(words(1)).toEqual([2012149540, 1872316204, 1707632675]);
    expect(words(2 ** 40 + 7)).toEqual([1614752920, 2544231158, 2841167337]);
  });

  it('continue from a kept state, through JSON too', () => {
    const random = makeRandom(5);
    take(7, random.normal);
    const kept = JSON.parse(JSON.stringify(random.state));
    const draw = (r: typeof random) => [r.uniform(), r.normal(), [...r.permutation(9)], r.uniform(-3, 3)];
    const ahead = draw(random);
    const resumed = makeRandom(1);
    resumed.state = kept;
    expect(draw(resumed)).toEqual(ahead);
    expect(resumed.state).toEqual(random.state);
    expect(draw(resumed)).not.toEqual(ahead);
  });

  it('have the moments they should', () => {
    const random = makeRandom(9);
    const n = 40_000;
    const moments = (values: readonly number[]): number[] => {
      const mean = values.reduce((sum, v) => sum + v, 0) / n;
      const moment = (k: number) => values.reduce((sum, v) => sum + (v - mean) ** k, 0) / n;
      return [mean, moment(2), moment(4)];
    };
    const uniforms = take(n, () => random.uniform(-1, 1));
    expect(Math.min(...uniforms)).toBeGreaterThanOrEqual(-1);
    expect(Math.max(...uniforms)).toBeLessThan(1);
    // bounds of 4 standard errors
    const [mean = 1, variance = 0, fourth = 0] = moments(uniforms);
    expect(Math.abs(mean)).toBeLessThan(0.012);
    expect(Math.abs(variance - 1 / 3)).toBeLessThan(0.006);
    expect(Math.abs(fourth - 1 / 5)).toBeLessThan(0.0055);
    const [middle = 1, spread = 0, tails = 0] = moments(take(n, random.normal));
    expect(Math.abs(middle)).toBeLessThan(0.02);
    expect(Math.abs(spread - 1)).toBeLessThan(0.03);
    expect(Math.abs(tails - 3)).toBeLessThan(0.2);
  });

  it('permute evenly', () => {
    const random = makeRandom(2);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = [...random.permutation(3)].join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(['012', '021', '102', '120', '201', '210']);
    // 1000 each, within 5 standard deviations of 29
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(145);
    expect([...random.permutation(0)]).toEqual([]);
    expect([...random.permutation(500)].sort((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, i) => i));
  });
});
