import { describe, expect, it } from 'vitest';
import { optimise } from '../../compiler/3-compress/pipeline.ts';
import { GraphBuilder } from '../../compiler/ir/build.ts';
import type { Graph } from '../../compiler/ir/graph.ts';
import { dropUnused, rebuild } from '../../compiler/rewrite/rebuild.ts';
import { groupByChannel } from '../../compiler/tensor/groups.ts';
import { shapeOf } from '../../compiler/tensor/shape.ts';
import { printStored, storeFloat16, storeInteger } from '../../compiler/tensor/stored.ts';
import type { Tensor } from '../../compiler/tensor/tensor.ts';
import { lowerAgreeing } from '../4-lower/agreement.ts';
import { makeRandom } from '../harness/random.ts';
import { randomTensor, storedModel, storings } from '../harness/stored-model.ts';

/** The form of each constant, by name. */
const formsIn = (graph: Graph): Record<string, string | undefined> =>
  Object.fromEntries(
    [...graph.constants].map(([id, { stored }]) => [graph.values.get(id)?.name, stored && printStored(stored)]),
  );

/** x w^T for each of the weights, equal data in all of them. */
function products(weights: readonly Tensor[]): Graph {
  const builder = new GraphBuilder('products');
  const x = builder.input('x', { dtype: 'float32', shape: shapeOf([1, 20]) });
  for (const [i, w] of weights.entries()) {
    builder.output(`y${i}`, builder.add('linear', [x, builder.constant(w, `w${i}`)]));
  }
  return builder.build();
}

const w = storeInteger(randomTensor(makeRandom(1), [9, 20]), 8, groupByChannel(shapeOf([9, 20])));
const { stored: _, ...plain } = w;

describe('the stored form of a constant', () => {
  it('stays when a graph is copied, and when all exact passes ran', () => {
    const graph = storedModel(Object.values(storings));
    const forms = formsIn(graph);
    expect(Object.values(forms).filter((form) => form !== undefined).length).toBeGreaterThan(7);
    expect(formsIn(rebuild(graph, [], { share: true }).graph)).toEqual(forms);
    expect(formsIn(dropUnused(graph))).toEqual(forms);
    expect(formsIn(optimise(graph).graph)).toEqual(forms);
  });

  it.each([[[w, plain]], [[plain, w]], [[w, w]]])('does not keep nodes of equal data from being shared', (weights) => {
    const { graph, changes } = rebuild(products(weights), [], { share: true });
    expect([changes, graph.nodes.length, graph.constants.size]).toEqual([1, 1, 1]);
    lowerAgreeing(graph);
  });

  it('goes when a pass computes another tensor', () => {
    const builder = new GraphBuilder('scaled');
    const x = builder.input('x', { dtype: 'float32', shape: shapeOf([1, 20]) });
    const scale = builder.constant(randomTensor(makeRandom(4), [9]));
    builder.output('y', builder.add('mul', [builder.add('linear', [x, builder.constant(w, 'w')]), scale]));
    const { graph } = optimise(builder.build());
    expect(graph.nodes.map(({ op }) => op)).toEqual(['linear']);
    expect(Object.values(formsIn(graph))).toEqual([undefined]);
  });

  it('is the smaller one where lowering meets equal data twice', () => {
    const both = lowerAgreeing(products([storeFloat16({ ...plain }), w]));
    expect(both.constants.entries.map(({ stored }) => stored?.name)).toEqual(['float16', 'int8']);
    const same = lowerAgreeing(products([plain, w]));
    expect(same.constants.entries.map(({ stored }) => stored?.name)).toEqual(['int8']);
  });
});
