import { expect, test } from 'vitest';
import { optimise } from '../compiler/3-compress/pipeline.ts';
import { proveFolds } from '../compiler/prove-folds.ts';
import { graphOf } from './3-compress/pass-case.ts';

/** relu(x - threshold), which random inputs below 1 see nothing of where the threshold is 1.5. */
const network = (threshold: number, slope: number) =>
  graphOf((g) => {
    const over = g.add('relu', [g.add('sub', [g.input([1, 4]), g.constant([], threshold)])]);
    return g.add('linear', [g.add('mul', [over, g.constant([], slope)]), g.constant([3, 4])]);
  });

test('the exact passes are proven on random inputs', () => {
  const graph = network(0, 2);
  const { graph: exact } = optimise(graph);
  expect(exact.nodes.length).toBeLessThan(graph.nodes.length);
  proveFolds(graph, exact);
  expect(() => proveFolds(graph, network(0, 2.1))).toThrowError(
    'the exact passes changed output "y0" by 5.00 % on input 0',
  );
});

test('and on inputs of the caller, which may see more', () => {
  const graph = network(1.5, 2);
  const sample = { x0: Float32Array.of(3, 2, 1, 5) };
  proveFolds(graph, network(1.5, 3));
  proveFolds(graph, optimise(graph).graph, [sample]);
  expect(() => proveFolds(graph, network(1.5, 3), [sample])).toThrowError('changed output "y0" by 50.0 % on input 2');
});
