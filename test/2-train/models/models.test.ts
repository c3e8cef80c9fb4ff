import { describe, expect, it } from 'vitest';
import { models } from '../../../compiler/2-train/models/index.ts';
import { optimise } from '../../../compiler/3-compress/pipeline.ts';
import type { Graph, ValueId } from '../../../compiler/ir/graph.ts';
import { verifyGraph } from '../../../compiler/ir/verify.ts';
import { dim } from '../../../compiler/tensor/shape.ts';
import { makeTensor } from '../../../compiler/tensor/tensor.ts';
import { makeRunner } from '../../../compiler/trial/make-runner.ts';
import { batched } from './batched.ts';
import { logitsOf, modelCases, randomFeed, relativeDifference } from './model-cases.ts';

const namesOf = (graph: Graph, ids: Iterable<ValueId>): string[] => [...ids].map((id) => graph.values.get(id)!.name);

const floatsOf = (graph: Graph): number[] =>
  [...graph.constants.values()].flatMap(({ dtype, data }) => (dtype === 'float32' ? Array.from(data, Number) : []));

it('every model has a case', () => {
  expect(new Set(modelCases.map(({ name }) => name))).toEqual(new Set(Object.keys(models)));
});

describe.each(modelCases)('$name $of', ({ make, vocabulary, sizes }) => {
  const graph = make(1);
  const feeds = [1, 2, 3].map((seed) => randomFeed(graph, vocabulary, seed));

  it('verifies, and gives finite logits that depend on the input', () => {
    verifyGraph(graph);
    const results = feeds.map((feed) => logitsOf(graph, feed));
    for (const result of results) {
      expect(result.sizes).toEqual(sizes);
      expect(result.logits.every(Number.isFinite)).toBe(true);
    }
    expect(relativeDifference(results[0]!.logits, results[1]!.logits)).toBeGreaterThan(1e-3);
  });

  it('lowers, and runs as wasm to the same logits', () => {
    const runner = makeRunner(graph);
    for (const [name, values] of feeds) {
      const { logits } = runner.run({ [name]: values.data });
      expect(relativeDifference(logits as Float32Array, logitsOf(graph, [name, values]).logits)).toBeLessThan(1e-5);
    }
  });

  it('is the same after the exact passes', () => {
    const optimised = optimise(graph).graph;
    for (const feed of feeds) {
      expect(relativeDifference(logitsOf(optimised, feed).logits, logitsOf(graph, feed).logits)).toBeLessThan(1e-5);
    }
  });

  it('runs several inputs at once, each to the logits that it gives alone', () => {
    const [name, { dtype, shape, data }] = feeds[0]!;
    const all = feeds.flatMap(([, values]) => Array.from(values.data, Number));
    const joined = makeTensor(
      dtype,
      [dim(feeds.length), ...shape.slice(1)],
      data instanceof Int32Array ? Int32Array.from(all) : Float32Array.from(all),
    );
    const together = logitsOf(verifyGraph(batched(graph, feeds.length)), [name, joined]);
    expect(together.sizes).toEqual([feeds.length, ...sizes.slice(1)]);
    const alone = feeds.flatMap((feed) => logitsOf(graph, feed).logits);
    expect(relativeDifference(together.logits, alone)).toBeLessThan(1e-12);
  });

  it('is one for a seed', () => {
    expect(make(1)).toEqual(graph);
    const other = make(2);
    expect(other.nodes).toEqual(graph.nodes);
    expect(floatsOf(other)).not.toEqual(floatsOf(graph));
  });

  it('names every node and value once', () => {
    const nodes = graph.nodes.map(({ name }) => name);
    expect(nodes.filter((name, i) => nodes.indexOf(name) < i)).toEqual([]);
    const values = namesOf(graph, graph.values.keys());
    expect(values.filter((name, i) => values.indexOf(name) < i)).toEqual([]);
  });

  it('has no float32 constants but parameters and the statistics of norms', () => {
    const floats = [...graph.constants].flatMap(([id, { dtype }]) => (dtype === 'float32' ? [id] : []));
    const statistics = graph.nodes.flatMap(({ op, inputs }) => (op === 'batchNorm' ? inputs.slice(3) : []));
    const parameters = floats.filter((id) => !statistics.includes(id));
    expect(namesOf(graph, statistics).filter((name) => !/\.(mean|variance)$/.test(name))).toEqual([]);
    expect(namesOf(graph, parameters).filter((name) => !/\.(weight|bias|scale|slope)$/.test(name))).toEqual([]);
  });
});
