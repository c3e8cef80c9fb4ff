import { test } from 'vitest';
import { optimise } from '../../compiler/3-compress/pipeline.ts';
import { lower } from '../../compiler/4-lower/lower.ts';
import { Expectation } from './agreement.ts';
import { randomGraph } from './random-graph.ts';

/** LCC_FUZZ graphs from seed LCC_FUZZ_FROM on; the seeds are fixed unless somebody asks for others. */
const count = Number(process.env.LCC_FUZZ ?? 150);
const first = Number(process.env.LCC_FUZZ_FROM ?? 1);
const seeds = Array.from({ length: count }, (_, i) => first + i);

test.each(seeds)('random graph %i', (seed) => {
  const { graph, feeds } = randomGraph(seed, 4 + (seed % 23));
  const expectation = new Expectation(graph, feeds);
  expectation.checkProgram('lowered as it is', lower(graph), false);
  const { graph: optimised } = optimise(graph);
  expectation.check('optimised', expectation.evaluate(optimised));
  expectation.checkProgram('optimised and lowered', lower(optimised));
});
