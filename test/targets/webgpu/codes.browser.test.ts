import { expect, it } from 'vitest';
import { lower } from '../../../compiler/4-lower/lower.ts';
import { evaluateGraph } from '../../../compiler/ir/evaluate.ts';
import type { Graph, ValueId } from '../../../compiler/ir/graph.ts';
import { graphOf, type Sketch } from '../../3-compress/pass-case.ts';
import { randomFeeds } from '../../4-lower/agreement.ts';
import { describeInBrowser } from '../../harness/browser.ts';
import { arenaElements } from '../../harness/op-program.ts';
import { makeRandom } from '../../harness/random.ts';
import { runOnGpu } from './run-on-gpu.ts';

const random = makeRandom(11);
const codes = (g: Sketch, sizes: readonly number[]): ValueId => {
  const count = sizes.reduce((a, b) => a * b, 1);
  return g.constant(
    sizes,
    [...random.reals(count, -127, 127)].map((v) => Math.round(v)),
  );
};
const signed = { inputScale: 0.02, inputZero: 60 };
const window = (pad: number, group = 1) => ({ pads: [pad, pad, pad, pad], strides: [1, 1], dilations: [1, 1], group });
const conv = (g: Sketch, x: ValueId, sizes: readonly number[], pad = 0, group = 1): ValueId =>
  g.add('conv', [x, codes(g, sizes)], { ...window(pad, group), ...signed });

/** Everything here is whole or a power of two, so that no order of additions can show. */
const graphs: Readonly<Record<string, Graph>> = {
  'a row': graphOf((g) => g.add('linear', [g.input([1, 256]), codes(g, [20, 256])], signed)),
  'rows and columns of a tile and one more': graphOf((g) =>
    g.add('linear', [g.input([33, 64]), codes(g, [65, 64])], signed),
  ),
  'one column': graphOf((g) => g.add('linear', [g.input([5, 12]), codes(g, [1, 12])], signed)),
  'scales beside codes': graphOf((g) => {
    const y = g.add('linear', [g.input([9, 32]), codes(g, [24, 32])], signed);
    const scaled = g.add('mul', [
      y,
      g.constant(
        [24],
        [...Array(24).keys()].map((i) => 2 ** ((i % 5) - 2)),
      ),
    ]);
    return g.add('add', [scaled, g.constant([24], [...Array(24).keys()])]);
  }),
  'a residual of padded convolutions': graphOf((g) => {
    const x = g.add('relu', [conv(g, g.input([1, 4, 9, 7]), [8, 4, 1, 1])]);
    const scaled = g.add('mul', [x, g.constant([], 2 ** -12)]);
    const inner = g.add('mul', [g.add('relu', [conv(g, scaled, [8, 8, 3, 3], 1)]), g.constant([], 2 ** -14)]);
    return g.add('relu', [g.add('add', [conv(g, inner, [8, 8, 3, 3], 1), x])]);
  }),
  groups: graphOf((g) => conv(g, g.input([2, 8, 5, 6]), [12, 4, 3, 3], 1, 2)),
  'groups of four filled up': graphOf((g) => conv(g, g.input([1, 3, 9, 7]), [20, 3, 3, 3], 1)),
  'a row of filled up groups': graphOf((g) => g.add('linear', [g.input([2, 71]), codes(g, [20, 71])], signed)),
  'two values': graphOf((g) =>
    g.add('matmul', [g.input([2, 37, 40]), g.input([2, 40, 33])], { ...signed, rightScale: 0.02 }),
  ),
  'two values, few rows': graphOf((g) =>
    g.add('matmul', [g.input([1, 2, 18]), g.input([1, 18, 5])], { ...signed, rightScale: 0.02 }),
  ),
  'loops of the same meaning': graphOf((g) => conv(g, g.input([1, 4, 5, 5]), [4, 1, 3, 3], 1, 4)),
};

describeInBrowser('int8 codes on WebGPU', (browser) => {
  it('give the integers of the evaluator exactly', async () => {
    const cases = Object.entries(graphs).map(([name, graph]) => ({ name, graph, feeds: randomFeeds(graph) }));
    const results = await runOnGpu(
      browser(),
      cases.map(({ graph, feeds }) => ({
        program: lower(graph),
        feeds: Object.fromEntries(Object.entries(feeds).map(([input, tensor]) => [input, arenaElements(tensor)])),
      })),
    );
    cases.forEach(({ name, graph, feeds }, i) => {
      const result = results[i]!;
      if ('error' in result) throw new Error(`${name}: ${result.error}`);
      const wanted = evaluateGraph(graph, new Map(Object.entries(feeds)), 'float64').get('y0')!;
      expect(Array.from(result.outputs.get('y0')!), name).toEqual(Array.from(wanted.data, Number));
    });
  });
});
