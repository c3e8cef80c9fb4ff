import { describe, expect, it } from 'vitest';
import { Network } from '../../compiler/2-train/models/network.ts';
import { evaluateGraph } from '../../compiler/ir/evaluate.ts';
import type { Graph } from '../../compiler/ir/graph.ts';
import { verifyGraph } from '../../compiler/ir/verify.ts';
import { multiply } from '../../compiler/linalg/multiply.ts';
import { splitProduct } from '../../compiler/linalg/split-product.ts';
import { factorNames, rewriteProducts } from '../../compiler/rewrite/layer-product.ts';
import { tensorOf } from '../../compiler/tensor/convert.ts';
import { sizesOf } from '../../compiler/tensor/shape.ts';

/** image -> strided conv -> linear, both with a bias that is not 0 */
function network(): Graph {
  const net = new Network('small', 1);
  const image = net.input('image', 'float32', [1, 2, 7, 7]);
  const weight = net.weight('conv.weight', [3, 2, 3, 3], { inputs: 18, outputs: 27 }, (random) => random.normal());
  const attributes = { group: 1, strides: [2, 2], dilations: [1, 1], pads: [1, 0, 1, 0] };
  const y = net.node('conv', 'conv', [image, weight, net.filled('conv.bias', [3], 0.5)], attributes);
  const flat = net.flatten('flat', y);
  const head = net.weight('head.weight', [4, net.size(flat, 1)], { inputs: 1, outputs: 1 }, (random) =>
    random.normal(),
  );
  return net.finish(net.node('head', 'linear', [flat, head, net.filled('head.bias', [4], -0.5)]));
}

const graph = network();
const feed = tensorOf(
  'float32',
  [1, 2, 7, 7],
  Array.from({ length: 98 }, (_, i) => Math.sin(i)),
);
const logitsOf = (of: Graph): number[] =>
  Array.from(evaluateGraph(of, new Map([['image', feed]]), 'float64').get('logits')!.data, Number);
const weightsOf = (of: Graph): string[] =>
  [...of.constants].map(([id, { shape }]) => `${of.values.get(id)!.name} ${sizesOf(shape)}`).sort();
const both = (count: number) =>
  new Map([
    ['conv.weight', count],
    ['head.weight', count],
  ]);

function expectClose(a: readonly number[], b: readonly number[]): void {
  for (const [i, v] of a.entries()) expect(v).toBeCloseTo(b[i]!, 4);
}

describe('rewriteProducts', () => {
  const { graph: split } = rewriteProducts(graph, both(1), ([w]) => splitProduct(w!, 3));

  it('writes layers in a row, the bias at the last', () => {
    expect(split.nodes.map(({ op, name, inputs }) => `${op} ${name} ${inputs.length}`)).toEqual([
      'conv conv.factor1 2',
      'conv conv.factor2 2',
      'conv conv 3',
      'reshape flat 1',
      'linear head.factor1 2',
      'linear head.factor2 2',
      'linear head 3',
    ]);
    expect(weightsOf(split)).toEqual([
      'conv.bias 3',
      'conv.weight.factor1 3,2,3,3',
      'conv.weight.factor2 3,3,1,1',
      'conv.weight.factor3 3,3,1,1',
      'head.bias 4',
      'head.weight.factor1 4,36',
      'head.weight.factor2 4,4',
      'head.weight.factor3 4,4',
    ]);
    verifyGraph(split);
    expectClose(logitsOf(split), logitsOf(graph));
  });

  it('and one again', () => {
    const { graph: merged, missed } = rewriteProducts(split, both(3), (factors) => [
      factors.reduce((inner, outer) => multiply(outer, inner)),
    ]);
    expect(missed).toEqual([]);
    expect(merged.nodes.map(({ name, attributes }) => [name, attributes])).toEqual(
      graph.nodes.map(({ name, attributes }) => [name, attributes]),
    );
    expect(weightsOf(merged)).toEqual(weightsOf(graph));
    expectClose(logitsOf(merged), logitsOf(graph));
  });

  it('names what is not there as it should be', () => {
    const { graph: same, missed } = rewriteProducts(graph, both(2), () => []);
    expect(missed).toEqual(['conv.weight', 'head.weight']);
    expect(logitsOf(same)).toEqual(logitsOf(graph));
  });

  it('does not take a bias between factors for none', () => {
    const net = new Network('two', 1);
    const x = net.linear('one.factor1', net.input('image', 'float32', [1, 2, 7, 7]), 7);
    const two = net.finish(net.linear('two', x, 4));
    const renamed = {
      ...two,
      values: new Map([...two.values].map(([id, value]) => [id, { ...value, name: nameFor(value.name) }])),
    };
    expect(rewriteProducts(renamed, new Map([['w', 2]]), (factors) => factors).missed).toEqual(['w']);
  });
});

const nameFor = (name: string): string =>
  ({ 'one.factor1.weight': 'w.factor1', 'two.weight': 'w.factor2' })[name] ?? name;

it('one factor is the layer itself', () => {
  expect(factorNames('w', 1)).toEqual(['w']);
  expect(factorNames('w', 2)).toEqual(['w.factor1', 'w.factor2']);
});
