import type { Model } from '../../../runtime/abi.ts';

type Inputs = Parameters<Model['run']>[0];

/** Median milliseconds of a run of each, in turns whose order is reversed every round, in this process. */
export async function timeModels(models: readonly Model[], inputs: Inputs, rounds: number): Promise<number[]> {
  const seen = models.map((model) => ({ model, times: [] as number[] }));
  for (const { model } of seen) for (let i = 0; i < 5; i++) await model.run(inputs);
  for (let round = 0; round < rounds; round++) {
    for (const one of round % 2 === 0 ? seen : [...seen].reverse()) {
      const start = performance.now();
      await one.model.run(inputs);
      one.times.push(performance.now() - start);
    }
  }
  return seen.map(({ times }) => times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN);
}
