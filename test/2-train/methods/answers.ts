import { expect } from 'vitest';
import { makeRandom } from '../../../compiler/2-train/random.ts';
import { evaluateGraph } from '../../../compiler/ir/evaluate.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { tensorOf } from '../../../compiler/tensor/convert.ts';
import { elementCount, sizesOf } from '../../../compiler/tensor/shape.ts';

/** Normal numbers for each input: name, sizes, values. */
export const feedsFor = (graph: Graph, seed: number): [string, number[], number[]][] =>
  graph.inputs.map((id) => {
    const { name, type } = graph.values.get(id)!;
    const random = makeRandom(seed);
    return [name, sizesOf(type.shape), Array.from({ length: elementCount(type.shape) }, () => random.normal())];
  });

/** All outputs for these inputs, by the reference evaluation. */
export const answersOf = (graph: Graph, seed: number): number[] => {
  const feeds = feedsFor(graph, seed).map(
    ([name, sizes, values]) => [name, tensorOf('float32', sizes, values)] as const,
  );
  return [...evaluateGraph(graph, new Map(feeds), 'float64').values()].flatMap(({ data }) => Array.from(data, Number));
};

/** All are within 1e-4 of the largest. */
export function expectSame(found: readonly number[], wanted: readonly number[]): void {
  const most = Math.max(...wanted.map(Math.abs));
  expect(most).toBeGreaterThan(0);
  expect(found.length).toBe(wanted.length);
  expect(Math.max(...found.map((v, i) => Math.abs(v - wanted[i]!))) / most).toBeLessThan(1e-4);
}
