import { describe, expect, test } from 'vitest';
import { checkFolds } from '../../compiler/3-compress/check-folds.ts';
import { optimise } from '../../compiler/3-compress/pipeline.ts';
import type { Graph, ValueId } from '../../compiler/ir/graph.ts';
import { makeRunner } from '../../compiler/trial/make-runner.ts';
import { makeSamples } from './actions/level-case.ts';
import { graphOf, type Sketch } from './pass-case.ts';

/** batchNorm(linear(x)), then what `draw` adds; `by` scales the weights. */
const network = (by: number, draw: (g: Sketch, y: ValueId) => ValueId = (_, y) => y): Graph =>
  graphOf((g) => {
    const weights = Array.from({ length: 20 }, (_, i) => by * Math.sin(i));
    const y = g.add('linear', [g.input([1, 5]), g.constant([4, 5], weights)]);
    const parameters = [1, 2, 3, 4].map((seed) => g.constant([4], [seed, 1, 0.5, 2]));
    return draw(g, g.add('batchNorm', [y, ...parameters]));
  });

const inputs = makeSamples(network(1), 3, 5);

test('folds that keep the outputs pass', () => {
  const graph = network(1);
  const { graph: folded } = optimise(graph);
  expect(folded.nodes.map(({ op }) => op)).toEqual(['linear']);
  checkFolds(graph, folded, inputs, makeRunner);
});

describe('a fold that does not', () => {
  test('is a bug that names the output', () =>
    expect(() => checkFolds(network(1), network(1.05), inputs, makeRunner)).toThrowError(
      /^LCC9001: internal: the exact passes changed output "y0" by [\d.]+ % on input 0\n/,
    ));

  test('is one where the output was 0', () =>
    expect(() =>
      checkFolds(
        network(1, (g, y) => g.add('mul', [y, g.constant([], 0)])),
        network(1),
        inputs,
        makeRunner,
      ),
    ).toThrowError('the exact passes changed output "y0" by Infinity % on input 0'));

  test('is one where its values are no numbers', () =>
    expect(() =>
      checkFolds(
        network(1),
        network(1, (g, y) => g.add('log', [g.add('neg', [g.add('abs', [y])])])),
        inputs,
        makeRunner,
      ),
    ).toThrowError('the exact passes changed output "y0" by NaN % on input 0'));
});

test('outputs that jump are left out, others are not', () => {
  const jumping = (by: number) =>
    network(by, (g, y) => {
      g.output(g.add('floor', [y]));
      return g.add('round', [y]);
    });
  checkFolds(jumping(1), jumping(1.05), inputs, makeRunner);
  const both = (by: number) =>
    network(by, (g, y) => {
      g.output(g.add('floor', [y]));
      return g.add('relu', [y]);
    });
  expect(() => checkFolds(both(1), both(1.05), inputs, makeRunner)).toThrowError('changed output "y1"');
});
