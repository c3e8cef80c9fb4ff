import { expect, test } from 'vitest';
import { optimise } from '../../compiler/3-compress/pipeline.ts';
import { lower } from '../../compiler/4-lower/lower.ts';
import { evaluateGraph } from '../../compiler/ir/evaluate.ts';
import { printGraph } from '../../compiler/ir/print.ts';
import { disagreements, numbers, type Outputs, tolerances } from '../harness/agreement.ts';
import { evaluateProgram } from '../harness/evaluate-program.ts';
import { arenaElements } from '../harness/op-program.ts';
import { runWasm } from '../harness/run-wasm.ts';
import { randomGraph } from './random-graph.ts';

const seeds = Array.from(
  { length: Number(process.env.LCC_FUZZ ?? 150) },
  (_, i) => i + Number(process.env.LCC_FUZZ_FROM ?? 1),
);

test.each(seeds)('random graph %i', (seed) => {
  const { graph, feeds } = randomGraph(seed, 4 + (seed % 23));
  const byName = new Map(Object.entries(feeds));
  const arenaFeeds = Object.fromEntries(Object.entries(feeds).map(([name, t]) => [name, arenaElements(t)]));
  const exact = numbers(evaluateGraph(graph, byName, 'float64'));
  const allowed = tolerances(graph, byName, exact);
  const small = optimise(graph).graph;
  const check = (what: string, outputs: Outputs) =>
    expect(disagreements(outputs, exact, allowed), `${what}\n${printGraph(graph)}`).toEqual([]);
  check('lowered as it is', evaluateProgram(lower(graph), arenaFeeds));
  check('optimised', numbers(evaluateGraph(small, byName, 'float64')));
  const program = lower(small);
  check('optimised and lowered', evaluateProgram(program, arenaFeeds));
  const wasm = runWasm(program, 'simd', feeds);
  check('wasm', new Map([...wasm].map(([name, t]) => [name, Array.from(t.data, Number)])));
});
