import { expect, test } from 'vitest';
import { evaluateGraph } from '../../compiler/ir/evaluate.ts';
import type { Graph, ValueId } from '../../compiler/ir/graph.ts';
import { makeMatrix } from '../../compiler/linalg/matrix.ts';
import { cutReader, makeNarrower, type Refit } from '../../compiler/rewrite/cut-width.ts';
import { replaceNodes } from '../../compiler/rewrite/replace-nodes.ts';
import { tensorOf } from '../../compiler/tensor/convert.ts';
import { sizesOf } from '../../compiler/tensor/shape.ts';
import { graphOf } from '../3-compress/pass-case.ts';
import { makeRandom } from '../harness/random.ts';

const run = (graph: Graph): number[] => {
  const feeds = new Map(
    graph.inputs.map((id) => {
      const { name, type } = graph.values.get(id)!;
      const sizes = sizesOf(type.shape);
      const count = sizes.reduce((a, b) => a * b, 1);
      return [name, tensorOf(type.dtype, sizes, [...makeRandom(3).reals(count)])] as const;
    }),
  );
  return [...evaluateGraph(graph, feeds, 'float64').values()].flatMap(({ data }) => Array.from(data, Number));
};

const sizesOfWeights = (graph: Graph): number[][] =>
  [...graph.constants.values()].map(({ shape }) => sizesOf(shape)).filter((sizes) => sizes.length > 1);

/** The kept units as they are and nothing for the others. */
function withoutRefit(units: number, kept: readonly number[]): Refit {
  const mix = makeMatrix(units, kept.length);
  kept.forEach((unit, q) => {
    mix.data[unit * kept.length + q] = 1;
  });
  return { kept, mix, shift: new Float64Array(units) };
}

test('a prefix of the units, the rest left out: as if the reader had zeros for them', () => {
  const kept = [0, 1, 2];
  const build = (isMasked: boolean): { graph: Graph; y: ValueId } => {
    let y = 0;
    const graph = graphOf((g) => {
      const w = g.constant([5, 2, 1, 1]);
      const filters = g.constant([5, 1, 3, 3]);
      const slopes = g.constant([5, 1, 1]);
      const columns = Array.from({ length: 2 * 5 * 4 }, (_, i) => (isMasked && Math.floor(i / 4) % 5 > 2 ? 0 : i % 7));
      const made = g.add('prelu', [g.add('conv', [g.input([1, 2, 4, 4]), w]), slopes]);
      const filtered = g.add('conv', [made, filters], { group: 5 });
      y = g.add('linear', [g.add('reshape', [filtered], { shape: [1, 20] }), g.constant([2, 20], columns)]);
      return y;
    });
    return { graph, y };
  };
  const { graph, y } = build(false);
  const units = Array.from({ length: 20 }, (_, c) => Math.floor(c / 4));
  const rule = cutReader({ axis: 1, units }, () => withoutRefit(5, kept), makeNarrower());
  const { graph: cut, values } = replaceNodes(graph, new Map([[y, rule]]));
  expect([...values]).toEqual([y]);
  expect(sizesOfWeights(cut)).toEqual([
    [3, 2, 1, 1],
    [3, 1, 1],
    [3, 1, 3, 3],
    [2, 12],
  ]);
  run(cut).forEach((v, i) => {
    expect(v).toBeCloseTo(run(build(true).graph)[i]!, 5);
  });
});

test('no answer where the features come from an input', () => {
  let y = 0;
  const graph = graphOf((g) => {
    y = g.add('linear', [g.add('relu', [g.input([1, 4])]), g.constant([2, 4])]);
    return y;
  });
  const rule = cutReader({ axis: 1, units: [0, 1, 2, 3] }, () => withoutRefit(4, [0]), makeNarrower());
  const { graph: same, values } = replaceNodes(graph, new Map([[y, rule]]));
  expect(values.size).toBe(0);
  expect(same.nodes.length).toBe(2);
});
