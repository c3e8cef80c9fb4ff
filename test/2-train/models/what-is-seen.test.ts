import { describe, expect, it } from 'vitest';
import { models } from '../../../compiler/2-train/models/index.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { makeTensor } from '../../../compiler/tensor/tensor.ts';
import { makeRunner } from '../../../compiler/trial/make-runner.ts';

const text = { vocabulary: 11, length: 6 };
const encoder = { ...text, width: 8, depth: 2, heads: 2, hidden: 12 };

const logitsOf = (graph: Graph, tokens: readonly number[]): number[] =>
  Array.from(makeRunner(graph).run({ tokens: Int32Array.from(tokens) }).logits!, Number);

/** The graph with other numbers in one row of a table. */
function withRow(graph: Graph, table: string, row: number): Graph {
  const constants = [...graph.constants].map(([id, tensor]) => {
    if (graph.values.get(id)!.name !== table) return [id, tensor] as const;
    const data = Float32Array.from(tensor.data, Number);
    const width = tensor.shape[1]!.size;
    for (let i = row * width; i < (row + 1) * width; i++) data[i] = 3 - 2 * data[i]! - (i % 2);
    return [id, makeTensor(tensor.dtype, tensor.shape, data)] as const;
  });
  return { ...graph, constants: new Map(constants) };
}

describe.each([true, false])('gpt, tied %s', (tied) => {
  const graph = models.gpt({ ...encoder, tied })(4);
  const tokens = [3, 1, 4, 1, 5, 9];
  const before = logitsOf(graph, tokens);

  it.each([0, 1, 2, 3, 4, 5])('what stands at %i is seen from there on, and not before', (position) => {
    const after = logitsOf(graph, tokens.with(position, 7));
    const isChanged = (i: number): boolean =>
      before.slice(11 * i, 11 * i + 11).join() !== after.slice(11 * i, 11 * i + 11).join();
    expect(tokens.map((_, i) => isChanged(i))).toEqual(tokens.map((_, i) => i >= position));
  });
});

describe.each([
  ['meanEmbedding', models.meanEmbedding({ ...text, width: 8, blocks: 1, classes: 3 })],
  ['bert, mean', models.bert({ ...encoder, classes: 3 })],
  ['bert, first', models.bert({ ...encoder, classes: 3, pooling: 'first' })],
  ['bert, pre-norm', models.bert({ ...encoder, classes: 3, norm: 'pre' })],
])('%s', (name, make) => {
  const graph = make(4);
  const tokens = [3, 1, 4, 1, 0, 0];
  const before = logitsOf(graph, tokens);

  it('does not see padding, neither its vector nor its positions', () => {
    expect(logitsOf(withRow(graph, 'embedding.weight', 0), tokens)).toEqual(before);
    expect(logitsOf(withRow(graph, 'positions.weight', 4), tokens)).toEqual(before);
  });

  it('sees every token of the text', () => {
    for (const token of [3, 1, 4]) {
      expect(logitsOf(withRow(graph, 'embedding.weight', token), tokens)).not.toEqual(before);
    }
    expect(logitsOf(graph, [3, 1, 4, 1, 6, 0])).not.toEqual(before);
    if (name.startsWith('bert')) expect(logitsOf(withRow(graph, 'positions.weight', 3), tokens)).not.toEqual(before);
  });

  it('gives finite logits for an empty text', () => {
    expect(logitsOf(graph, [0, 0, 0, 0, 0, 0]).filter(Number.isFinite)).toHaveLength(3);
  });
});

it('meanEmbedding takes the mean over the text alone', () => {
  const make = (length: number) => models.meanEmbedding({ ...text, length, width: 8, classes: 3, padding: 2 })(4);
  const wanted = logitsOf(make(3), [5, 1, 8]);
  logitsOf(make(7), [5, 1, 8, 2, 2, 2, 2]).forEach((logit, i) => {
    expect(logit).toBeCloseTo(wanted[i]!, 6);
  });
  expect(logitsOf(make(7), [5, 1, 8, 0, 0, 0, 0])).not.toEqual(wanted);
});
