import { expect, test } from 'vitest';
import type { Graph } from '../../compiler/ir/graph.ts';
import { cutUnreadUnits } from '../../compiler/rewrite/cut-unread-units.ts';
import { sizesOf } from '../../compiler/tensor/shape.ts';
import { differenceOf, outputsOf } from '../2-train/methods/small-task.ts';
import { graphOf } from '../3-compress/pass-case.ts';

const shapesOf = ({ constants }: Graph): string[] =>
  [...constants.values()].flatMap(({ shape }) => (shape.length > 1 ? [sizesOf(shape).join('x')] : []));

test('unread units go, one of each reader stays, and what an output shows stays', () => {
  const graph = graphOf((g) => {
    const hidden = g.add('sigmoid', [g.add('linear', [g.input([1, 3]), g.constant([4, 3]), g.constant([4])])]);
    const columns = [1, 0, 2, 0, 3, 0, 4, 0];
    return g.add('linear', [hidden, g.constant([2, 4], columns)]);
  });
  const cut = cutUnreadUnits(graph);
  expect(shapesOf(cut)).toEqual(['2x3', '2x2']);
  expect(differenceOf(outputsOf(cut), outputsOf(graph))).toBeLessThan(1e-6);
  const silent = graphOf((g) =>
    g.add('linear', [g.add('relu', [g.add('linear', [g.input([1, 3]), g.constant([4, 3])])]), g.constant([2, 4], 0)]),
  );
  expect(shapesOf(cutUnreadUnits(silent))).toEqual(['1x3', '2x1']);
  const shown = graphOf((g) => {
    const hidden = g.add('linear', [g.input([1, 3]), g.constant([4, 3])]);
    g.output(hidden);
    return g.add('linear', [hidden, g.constant([2, 4], 0)]);
  });
  expect(shapesOf(cutUnreadUnits(shown))).toEqual(['4x3', '2x4']);
});
