import { describe, expect, test } from 'vitest';
import { adam, adamW, type Optimiser, sgd } from '../../compiler/2-train/optimisers/index.ts';
import { constantRate, cosine, stepwise } from '../../compiler/2-train/schedules.ts';

/** Values after each of the gradients, from 1 and -2. */
function follow(optimiser: Optimiser, gradients: readonly (readonly number[])[], decays = true): number[][] {
  const update = optimiser.start({ name: 'w', size: 2, decays });
  const values = Float32Array.of(1, -2);
  return gradients.map((gradient) => {
    update.step(values, gradient, optimiser.rate);
    return Array.from(values);
  });
}

const close = (found: readonly (readonly number[])[], wanted: readonly (readonly number[])[]): void => {
  expect(found.map((row) => row.length)).toEqual(wanted.map((row) => row.length));
  found.forEach((row, i) => {
    row.forEach((value, j) => {
      expect(value).toBeCloseTo(wanted[i]![j]!, 5);
    });
  });
};

describe('sgd', () => {
  test('adds up velocity: v = 0.9 v + g, w -= 0.1 v', () => {
    close(
      follow(sgd({ rate: 0.1, momentum: 0.9 }), [
        [1, 2],
        [1, 0],
      ]),
      [
        [0.9, -2.2],
        [0.71, -2.38],
      ],
    );
  });

  test('looks ahead with Nesterov: w -= 0.1 (g + 0.9 v)', () => {
    close(follow(sgd({ rate: 0.1, nesterov: true }), [[1, 2]]), [[1 - 0.1 * 1.9, -2 - 0.1 * 3.8]]);
  });

  test('decays weights as part of the gradient, and only those that decay', () => {
    close(follow(sgd({ rate: 0.1, momentum: 0, weightDecay: 0.5 }), [[0, 0]]), [[0.95, -1.9]]);
    close(follow(sgd({ rate: 0.1, momentum: 0, weightDecay: 0.5 }), [[0, 0]], false), [[1, -2]]);
  });
});

describe('adam', () => {
  test('moves by the rate at first, whatever the size of the gradient', () => {
    close(follow(adam({ rate: 0.01 }), [[5, -0.001]]), [[0.99, -1.99]]);
  });

  test('follows the formula of algorithm 1', () => {
    const [g1, g2] = [3, -1];
    const mean = (0.1 * (0.9 * g1 + g2)) / (1 - 0.9 ** 2);
    const square = (0.001 * (0.999 * g1 ** 2 + g2 ** 2)) / (1 - 0.999 ** 2);
    const [, second] = follow(adam({ rate: 0.01 }), [
      [g1, 0],
      [g2, 0],
    ]);
    expect(second![0]).toBeCloseTo(0.99 - (0.01 * mean) / Math.sqrt(square), 5);
    expect(second![1]).toBe(-2);
  });

  test('coupled decay passes through the moments, decoupled decay beside them', () => {
    close(follow(adam({ rate: 0.01, weightDecay: 0.1 }), [[0, 0]]), [[0.99, -1.99]]);
    close(follow(adamW({ rate: 0.01, weightDecay: 0.1 }), [[0, 0]]), [[1 - 0.001, -2 + 0.002]]);
    close(follow(adamW({ rate: 0.01, weightDecay: 0.1 }), [[0, 0]], false), [[1, -2]]);
  });

  test('goes on from what it remembers', () => {
    const optimiser = adam({ rate: 0.01 });
    const [first, second] = [0, 1].map(() => optimiser.start({ name: 'w', size: 1, decays: false }));
    const values = Float32Array.of(1);
    first!.step(values, [2], 0.01);
    first!.memory.forEach((array, i) => {
      second!.memory[i]!.set(array);
    });
    const again = values.slice();
    first!.step(values, [-1], 0.01);
    second!.step(again, [-1], 0.01);
    expect(again).toEqual(values);
  });
});

describe('schedules', () => {
  test('cosine rises over its warm-up and falls to its end', () => {
    const rate = cosine({ warmUp: 0.1, to: 0.2 });
    expect([0, 0.05, 0.1, 0.55, 1].map((at) => Math.round(1000 * rate(at)) / 1000)).toEqual([0, 0.5, 1, 0.6, 0.2]);
  });

  test('stepwise falls by its factor at each share; constant stays', () => {
    const rate = stepwise([0.5, 0.75], 0.1);
    expect([0, 0.49, 0.5, 0.75].map((at) => Math.round(1000 * rate(at)) / 1000)).toEqual([1, 1, 0.1, 0.01]);
    expect(constantRate()(0.7)).toBe(1);
  });
});
