import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../compiler/ir/build.ts';
import { evaluateNode } from '../../compiler/ir/evaluate.ts';
import type { Graph, Node } from '../../compiler/ir/graph.ts';
import { printGraph } from '../../compiler/ir/print.ts';
import { verifyGraph } from '../../compiler/ir/verify.ts';
import { tensorOf } from '../../compiler/tensor/convert.ts';
import { shapeOf } from '../../compiler/tensor/shape.ts';
import { tensorType } from '../../compiler/tensor/tensor.ts';

function twoLayers(): Graph {
  const b = new GraphBuilder('two');
  const x = b.input('x', tensorType('float32', shapeOf([1, 2])));
  const w = b.constant(tensorOf('float32', [3, 2], [1, 2, 3, 4, 5, 6]), 'w');
  b.constant(tensorOf('float32', [1], [0]), 'unread');
  const h = b.add('linear', [x, w], {}, 'fc');
  const y = b.add('leakyRelu', [h], { alpha: 0.5 }, 'act');
  b.output('y', y);
  return b.build();
}

describe('GraphBuilder and printGraph', () => {
  it('prints one line per thing, and leaves unread constants out', () => {
    expect(printGraph(twoLayers())).toBe(
      [
        'graph "two"',
        '  %0 = input "x" float32[1,2]',
        '  %1 = constant "w" float32[3,2] {1, 2, 3, 4, 5, 6}',
        '  %3 = linear(%0, %1) float32[1,3]  # "fc"',
        '  %4 = leakyRelu(%3, alpha=0.5) float32[1,3]  # "act"',
        '  output "y" = %4 float32[1,3]',
        '',
      ].join('\n'),
    );
  });

  it('folds known nodes when it may', () => {
    const b = new GraphBuilder('folded', evaluateNode);
    const two = b.constant(tensorOf('int64', [2], [2, 3]));
    const product = b.add('mul', [two, two]);
    expect(b.known(product)?.data).toEqual(BigInt64Array.of(4n, 9n));
    b.output('y', product);
    expect(b.build().nodes).toEqual([]);
  });

  it('refuses tensors of 2 GiB and more', () => {
    const b = new GraphBuilder('large');
    const scalar = b.input('x', tensorType('float32', []));
    expect(() => b.add('expand', [scalar], { shape: [65536, 8192] })).toThrow('a tensor holds at most 2147483647');
  });
});

describe('verifyGraph', () => {
  const graph = twoLayers();
  const [fc, act] = graph.nodes as [Node, Node];
  const float = (sizes: number[]) => tensorType('float32', shapeOf(sizes));

  it('returns a sound graph as it is', () => expect(verifyGraph(graph)).toBe(graph));

  const broken: readonly [string, Graph, string][] = [
    ['a read before its definition', { ...graph, nodes: [act, fc] }, 'reads value "fc_3" before it is defined'],
    ['a second definition', { ...graph, nodes: [fc, fc, act] }, 'defines value "fc_3" a second time'],
    [
      'a type its op does not give',
      { ...graph, values: new Map(graph.values).set(4, { id: 4, name: 'y', type: float([1, 4]) }) },
      'node "act" (leakyRelu) makes "y" a float32[1,3], the graph lists float32[1,4]',
    ],
    [
      'attributes an op refuses',
      { ...graph, nodes: [fc, { ...act, attributes: { alpha: 'steep' } }] },
      'node "act" (leakyRelu): attribute "alpha" of leakyRelu must be a number, not "steep"',
    ],
    [
      'a missing output',
      { ...graph, outputs: [{ name: 'y', value: 9 }] },
      'output "y" is value 9, which nothing defines',
    ],
    [
      'two outputs of one name',
      { ...graph, outputs: [...graph.outputs, ...graph.outputs] },
      'two outputs are named "y"',
    ],
    [
      'a listed value nothing defines',
      { ...graph, values: new Map(graph.values).set(7, { id: 7, name: 'loose', type: float([1]) }) },
      'value "loose" is listed but nothing defines it',
    ],
    [
      'a constant of another type',
      { ...graph, constants: new Map([[1, tensorOf('float32', [2, 3], [1, 2, 3, 4, 5, 6])]]) },
      'the constant table makes "w" a float32[2,3], the graph lists float32[3,2]',
    ],
    [
      'an unlisted value',
      { ...graph, nodes: [fc, { ...act, outputs: [12] }] },
      'defines value 12, which the graph does not list',
    ],
    [
      'a node with too few outputs',
      { ...graph, nodes: [fc, { ...act, outputs: [] }] },
      'has 0 outputs, its op makes 1',
    ],
  ];
  it.each(broken)('refuses %s as a bug', (_, wrong, text) => {
    expect(() => verifyGraph(wrong)).toThrow(text);
    expect(() => verifyGraph(wrong)).toThrow('LCC9001: internal:');
  });
});
