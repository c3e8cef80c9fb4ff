import { expect } from 'vitest';
import { exactPasses } from '../../compiler/3-compress/pipeline.ts';
import { GraphBuilder } from '../../compiler/ir/build.ts';
import { evaluateGraph } from '../../compiler/ir/evaluate.ts';
import type { Graph, ValueId } from '../../compiler/ir/graph.ts';
import { printGraph } from '../../compiler/ir/print.ts';
import { verifyGraph } from '../../compiler/ir/verify.ts';
import type { Attributes, OpName } from '../../compiler/ops/index.ts';
import { rebuild } from '../../compiler/rewrite/rebuild.ts';
import { tensorOf } from '../../compiler/tensor/convert.ts';
import type { DType } from '../../compiler/tensor/dtype.ts';
import { elementCount, shapeOf } from '../../compiler/tensor/shape.ts';
import type { Tensor } from '../../compiler/tensor/tensor.ts';
import { makeRandom } from '../harness/random.ts';

/** A small graph in the making. */
export interface Sketch {
  input(sizes: readonly number[], dtype?: DType): ValueId;
  /** One number for each element, one for all, or values made from a seed when left out. */
  constant(sizes: readonly number[], values?: number | readonly number[], dtype?: DType): ValueId;
  add(op: OpName, inputs: readonly ValueId[], attributes?: Attributes): ValueId;
  output(value: ValueId): void;
}

const countOf = (sizes: readonly number[]): number => elementCount(shapeOf(sizes));

/** The graph that `draw` sketches; what it returns is an output too. */
export function graphOf(draw: (g: Sketch) => ValueId): Graph {
  const builder = new GraphBuilder('case');
  const random = makeRandom(1);
  let inputs = 0;
  let outputs = 0;
  const sketch: Sketch = {
    input: (sizes, dtype = 'float32') => builder.input(`x${inputs++}`, { dtype, shape: shapeOf(sizes) }),
    constant: (sizes, values, dtype = 'float32') => {
      const count = countOf(sizes);
      const list = typeof values === 'number' ? new Array<number>(count).fill(values) : values;
      return builder.constant(tensorOf(dtype, sizes, list ?? [...random.reals(count, 0.5, 1.5)]));
    },
    add: (op, operands, attributes) => builder.add(op, operands, attributes),
    output: (value) => builder.output(`y${outputs++}`, value),
  };
  sketch.output(draw(sketch));
  return builder.build();
}

export interface Applied {
  readonly before: string;
  readonly after: string;
  readonly graph: Graph;
  readonly changes: number;
}

/** Runs one pass of the pipeline over the graph, and fails unless the outputs stay the same. */
export function applyPass(name: string, draw: (g: Sketch) => ValueId): Applied {
  const pass = exactPasses.find((p) => p.name === name);
  if (!pass) throw new Error(`no pass ${name}`);
  const graph = verifyGraph(graphOf(draw));
  const { graph: next, changes } = rebuild(graph, pass.rules, pass.options);
  verifyGraph(next);
  expectSameOutputs(graph, next);
  return { before: printNumbered(graph), after: printNumbered(next), graph: next, changes };
}

/** Values numbered in order, so that equal graphs print alike. */
const printNumbered = (graph: Graph): string => printGraph(rebuild(rebuild(graph, []).graph, []).graph);

/** The ops left by a pass, in order. */
export const opsAfter = (name: string, draw: (g: Sketch) => ValueId): string[] =>
  applyPass(name, draw).graph.nodes.map((node) => node.op);

/** Fails when the pass changes anything. */
export function expectUntouched(name: string, draw: (g: Sketch) => ValueId): void {
  const { before, after, changes } = applyPass(name, draw);
  expect(after).toBe(before);
  expect(changes).toBe(0);
}

/** Within 1e-6 of the largest value, on values of both signs and, for floats, zeros. */
function expectSameOutputs(before: Graph, after: Graph): void {
  const random = makeRandom(2);
  const feeds = new Map(
    before.inputs.map((id): [string, Tensor] => {
      const { name, type } = before.values.get(id)!;
      const values = [...random.reals(elementCount(type.shape), -4, 4)].map((v, i) => (i % 11 === 5 ? 0 : v));
      const whole = type.dtype.startsWith('float') ? values : values.map(Math.round);
      return [
        name,
        tensorOf(
          type.dtype,
          type.shape.map((d) => d.size),
          whole,
        ),
      ];
    }),
  );
  const [wanted, given] = [before, after].map((graph) => evaluateGraph(graph, feeds, 'float64'));
  for (const [name, { data }] of wanted!) {
    const numbers = Array.from(data, Number);
    const scale = Math.max(1e-3, ...numbers.filter(Number.isFinite).map(Math.abs));
    Array.from(given!.get(name)!.data, Number).forEach((value, i) => {
      if (Object.is(value, numbers[i])) return;
      expect(Math.abs(value - numbers[i]!), `${name}[${i}]`).toBeLessThanOrEqual(1e-6 * scale);
    });
  }
}
