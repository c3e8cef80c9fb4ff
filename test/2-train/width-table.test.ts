import { expect, test } from 'vitest';
import { chooseWidths, measureWidths, sixteenths } from '../../compiler/2-train/width-table.ts';
import { evaluateGraph } from '../../compiler/ir/evaluate.ts';
import type { Graph, ValueId } from '../../compiler/ir/graph.ts';
import { tensorOf } from '../../compiler/tensor/convert.ts';
import { graphOf, type Sketch } from '../3-compress/pass-case.ts';
import { makeRandom } from '../harness/random.ts';

/** [1, 6] -> 32 units, of which the first `first` count -> 16 units, of which the first `second` count -> [1, 3] */
function network(first: number, second: number): Graph {
  const random = makeRandom(4);
  const layer = (g: Sketch, x: ValueId, n: number, k: number, read: number): ValueId => {
    const weights = [...random.reals(n * k, 0.2, 1)].map((w, i) => (i % k < read ? w : 0));
    return g.add('linear', [x, g.constant([n, k], weights), g.constant([n], [...random.reals(n)])]);
  };
  return graphOf((g) => {
    const one = g.add('sigmoid', [layer(g, g.input([1, 6]), 32, 6, 6)]);
    return layer(g, g.add('sigmoid', [layer(g, one, 16, 32, first)]), 3, 16, second);
  });
}

const parametersAt = (first: number, second: number): number =>
  first * 6 + first + second * first + second + 3 * second + 3;

const inputs = Array.from({ length: 8 }, (_, i) => [...makeRandom(i).reals(6)]);
const answers = (graph: Graph): number[] =>
  inputs.flatMap((x) =>
    [...evaluateGraph(graph, new Map([['x0', tensorOf('float32', [1, 6], x)]]), 'float64').values()].flatMap(
      ({ data }) => Array.from(data, Number),
    ),
  );
/** Squared error against the whole network. */
const errorOf = (graph: Graph) => {
  const wanted = answers(graph);
  return async (cut: Graph) => answers(cut).reduce((sum, v, i) => sum + (v - wanted[i]!) ** 2, 0);
};

const names = (graph: Graph): string[] =>
  graph.nodes.filter(({ op }) => op === 'linear').map(({ outputs }) => graph.values.get(outputs[0]!)!.name);

test('the table has a row for each fraction', async () => {
  const graph = network(8, 4);
  const [one, two] = names(graph);
  const rows = await measureWidths(graph, sixteenths, errorOf(graph));
  expect(rows.map(({ fraction, widths }) => [fraction * 16, widths[one!], widths[two!]])).toEqual(
    Array.from({ length: 16 }, (_, i) => [i + 1, 2 * (i + 1), i + 1]),
  );
  expect(rows.map(({ parameters }) => parameters)).toEqual(
    Array.from({ length: 16 }, (_, i) => parametersAt(2 * (i + 1), i + 1)),
  );
  rows.forEach(({ value }, i) => {
    if (i >= 3) expect(value).toBeLessThan(1e-10);
    else expect(value).toBeGreaterThan(1e-3);
  });
});

test('inverse scaling: readers count what is left as much as all', async () => {
  const graph = network(32, 16);
  const [half] = await measureWidths(graph, [1 / 2], async (cut) => cut.constants.size, { scale: 'inverse' });
  const plain = await measureWidths(graph, [1 / 2], async (cut) => answers(cut)[0]!);
  const scaled = await measureWidths(graph, [1 / 2], async (cut) => answers(cut)[0]!, { scale: 'inverse' });
  const whole = answers(graph)[0]!;
  expect(half!.value).toBe(graph.constants.size);
  // all weights are above 0: halves sum up to about half
  expect(Math.abs(scaled[0]!.value - whole)).toBeLessThan(Math.abs(plain[0]!.value - whole) / 4);
});

test('only layers that are named', async () => {
  const graph = network(8, 4);
  const [, two] = names(graph);
  const [half] = await measureWidths(graph, [1 / 2], errorOf(graph), { layers: [two!] });
  expect(half).toMatchObject({ widths: { [two!]: 8 }, parameters: parametersAt(32, 8) });
});

test('greedy widths leave what counts, each layer its own', async () => {
  const graph = network(8, 12);
  const [one, two] = names(graph);
  const chosen = await chooseWidths(graph, errorOf(graph), { drop: 1e-9, higherIsBetter: false });
  expect(chosen.widths).toEqual({ [one!]: 8, [two!]: 12 });
  expect(chosen.parameters).toBe(parametersAt(8, 12));
  expect(await errorOf(graph)(chosen.graph)).toBe(chosen.value);
  expect(chosen.steps.length).toBe(1 + 12 + 4);
  const sizes = chosen.steps.map(({ parameters }) => parameters);
  expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
});

test('down to a number of parameters, and no further than there is', async () => {
  const graph = network(8, 12);
  const error = errorOf(graph);
  const higherIsBetter = true;
  const to = (parameters: number) =>
    chooseWidths(graph, async (cut) => -(await error(cut)), { parameters, higherIsBetter });
  const budget = parametersAt(8, 12) - 1;
  const chosen = await to(budget);
  expect(chosen.parameters).toBeLessThanOrEqual(budget);
  expect(chosen.steps.at(-2)!.parameters).toBeGreaterThan(budget);
  expect((await to(1e6)).steps.length).toBe(1);
  const [one, two] = names(graph);
  expect((await to(1)).widths).toEqual({ [one!]: 1, [two!]: 1 });
});

test('a cheaper cut of one layer is taken before a dearer one of another', async () => {
  const graph = network(32, 4);
  const [one, two] = names(graph);
  const { steps } = await chooseWidths(graph, errorOf(graph), {
    parameters: parametersAt(32, 4),
    higherIsBetter: false,
  });
  expect(steps.at(-1)!.widths).toEqual({ [one!]: 32, [two!]: 4 });
});
