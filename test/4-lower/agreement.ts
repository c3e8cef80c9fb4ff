import { expect } from 'vitest';
import { lower } from '../../compiler/4-lower/lower.ts';
import { type EvaluatedValue, evaluateGraph } from '../../compiler/ir/evaluate.ts';
import type { Graph } from '../../compiler/ir/graph.ts';
import { printGraph } from '../../compiler/ir/print.ts';
import type { Program } from '../../compiler/ir/program.ts';
import { tensorOf } from '../../compiler/tensor/convert.ts';
import { elementCount } from '../../compiler/tensor/shape.ts';
import type { Tensor } from '../../compiler/tensor/tensor.ts';
import { evaluateProgram } from '../harness/evaluate-program.ts';
import { arenaElements } from '../harness/op-program.ts';
import { makeRandom } from '../harness/random.ts';
import { runWasm } from '../harness/run-wasm.ts';

export type Outputs = ReadonlyMap<string, ArrayLike<number>>;
export type Feeds = Readonly<Record<string, Tensor>>;

export const numbersIn = (values: ReadonlyMap<string, EvaluatedValue | Tensor>): Outputs =>
  new Map([...values].map(([name, { data }]) => [name, Array.from(data, Number)]));

/** What a graph gives in float64, and how far float32 may be from it. */
export class Expectation {
  private readonly graph: Graph;
  private readonly feeds: Feeds;
  private readonly exact: Outputs;
  private readonly allowed: ReadonlyMap<string, number>;

  constructor(graph: Graph, feeds: Feeds) {
    this.graph = graph;
    this.feeds = feeds;
    this.exact = this.evaluate(graph, 'float64');
    this.allowed = tolerances(this.exact, this.evaluate(graph, 'float32'));
  }

  evaluate(graph: Graph, precision: 'float32' | 'float64' = 'float64'): Outputs {
    return numbersIn(evaluateGraph(graph, new Map(Object.entries(this.feeds)), precision));
  }

  check(what: string, outputs: Outputs): void {
    const found = disagreements(outputs, this.exact, this.allowed);
    expect(found, `${what}\n${printGraph(this.graph)}`).toEqual([]);
  }

  /** The program as JavaScript over one arena, and on wasm. */
  checkProgram(what: string, program: Program, wasm = true): void {
    const elements = Object.entries(this.feeds).map(([name, tensor]) => [name, arenaElements(tensor)] as const);
    this.check(what, evaluateProgram(program, Object.fromEntries(elements)));
    if (wasm) this.check(`${what}, on wasm`, numbersIn(runWasm(program, 'simd', this.feeds)));
  }
}

/** Lowers the graph, compares it with the evaluator on values from a seed, and returns the program. */
export function lowerAgreeing(graph: Graph): Program {
  const program = lower(graph);
  new Expectation(graph, randomFeeds(graph)).checkProgram('lowered', program);
  return program;
}

export function randomFeeds(graph: Graph, seed = 3): Feeds {
  const random = makeRandom(seed);
  return Object.fromEntries(
    graph.inputs.map((id) => {
      const { name, type } = graph.values.get(id)!;
      const values = [...random.reals(elementCount(type.shape))];
      const sizes = type.shape.map((d) => d.size);
      return [
        name,
        tensorOf(type.dtype, sizes, type.dtype === 'float32' ? values : values.map((v) => Math.round(9 * v))),
      ];
    }),
  );
}

/** Kernel names in the order of the steps. */
export const stepsOf = (program: Program): string[] =>
  program.steps.map((step) => (step.kind === 'call' ? program.kernels[step.kernel]!.name : 'repeat'));

/** Per output: 16 times what rounding to float32 after each op changes, at least 2e-5 of the largest value. */
function tolerances(exact: Outputs, rounded: Outputs): Map<string, number> {
  return new Map(
    [...exact].map(([name, values]) => {
      let [scale, difference] = [0.1, 0];
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
    if (given.length !== wanted.length) return [`${name}: ${given.length} elements instead of ${wanted.length}`];
    const bad = Array.from(wanted, (want, i) => ({ i, want, got: given[i] ?? Number.NaN })).filter(
      ({ want, got }) => !Object.is(want, got) && !(Math.abs(got - want) <= (allowed.get(name) ?? 0)),
    );
    const [first] = bad;
    return first
      ? [`${name}: ${bad.length} of ${wanted.length}, [${first.i}] ${first.got} instead of ${first.want}`]
      : [];
  });
}
