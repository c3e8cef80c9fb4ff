import { expect, test } from 'vitest';
import { optimise } from '../../compiler/3-compress/pipeline.ts';
import { lower } from '../../compiler/4-lower/lower.ts';
import { type EvaluatedValue, evaluateGraph } from '../../compiler/ir/evaluate.ts';
import type { Graph } from '../../compiler/ir/graph.ts';
import { printGraph } from '../../compiler/ir/print.ts';
import type { Tensor } from '../../compiler/tensor/tensor.ts';
import { evaluateProgram } from '../harness/evaluate-program.ts';
import { arenaElements } from '../harness/op-program.ts';
import { runWasm } from '../harness/run-wasm.ts';
import { randomGraph } from './random-graph.ts';

const seeds = Array.from(
  { length: Number(process.env.LCC_FUZZ ?? 150) },
  (_, i) => i + Number(process.env.LCC_FUZZ_FROM ?? 1),
);

type Outputs = ReadonlyMap<string, ArrayLike<number>>;

const numbers = (values: ReadonlyMap<string, EvaluatedValue>): Outputs =>
  new Map([...values].map(([name, { data }]) => [name, Array.from(data, Number)]));

/** Per output: 16 times what rounding to float32 after each op changes, at least 2e-5 of the largest value. */
function tolerances(graph: Graph, feeds: ReadonlyMap<string, Tensor>, exact: Outputs): Map<string, number> {
  const rounded = numbers(evaluateGraph(graph, feeds, 'float32'));
  return new Map(
    [...exact].map(([name, values]) => {
      let [scale, difference] = [0.01, 0];
      Array.from(values).forEach((v, i) => {
        if (!Number.isFinite(v)) return;
        scale = Math.max(scale, Math.abs(v));
        difference = Math.max(difference, Math.abs(v - (rounded.get(name)?.[i] ?? v)));
      });
      return [name, Math.max(16 * difference, 2e-5 * scale)];
    }),
  );
}

function disagreements(actual: Outputs, exact: Outputs, allowed: ReadonlyMap<string, number>): string[] {
  return [...exact].flatMap(([name, wanted]) => {
    const given = actual.get(name) ?? [];
    const bad = Array.from(wanted, (want, i) => ({ i, want, got: given[i] ?? Number.NaN })).filter(
      ({ want, got }) => !Object.is(want, got) && !(Math.abs(got - want) <= (allowed.get(name) ?? 0)),
    );
    const [first] = bad;
    return first
      ? [`${name}: ${bad.length} of ${wanted.length}, [${first.i}] ${first.got} instead of ${first.want}`]
      : [];
  });
}

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
