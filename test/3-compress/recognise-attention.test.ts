import { describe, expect, test } from 'vitest';
import type { ValueId } from '../../compiler/ir/graph.ts';
import { applyPass, expectUntouched, type Sketch } from './pass-case.ts';

const pass = 'recognise-attention';

interface Spelling {
  readonly q?: readonly number[];
  readonly k?: readonly number[];
  readonly v?: readonly number[];
  readonly perm?: readonly number[];
  readonly axis?: number;
  readonly scores?: (g: Sketch, scores: ValueId) => ValueId;
  readonly probabilities?: (g: Sketch, probabilities: ValueId) => ValueId;
  readonly scaleQ?: (g: Sketch, q: ValueId) => ValueId;
  readonly scaleK?: (g: Sketch, k: ValueId) => ValueId;
}

function attend(g: Sketch, spelling: Spelling = {}): ValueId {
  const { q = [2, 3, 5, 4], k = [2, 3, 7, 4], v = [2, 3, 7, 6] } = spelling;
  const rank = k.length;
  const perm = spelling.perm ?? k.map((_, i) => (i === rank - 1 ? rank - 2 : i === rank - 2 ? rank - 1 : i));
  const left = g.input(q);
  const right = g.input(k);
  const turned = g.add('transpose', [spelling.scaleK?.(g, right) ?? right], { perm });
  const product = g.add('matmul', [spelling.scaleQ?.(g, left) ?? left, turned]);
  const scores = spelling.scores?.(g, product) ?? product;
  const softmax = g.add('softmax', [scores], { axis: spelling.axis ?? q.length - 1 });
  return g.add('matmul', [spelling.probabilities?.(g, softmax) ?? softmax, g.input(v)]);
}

const scaled = (g: Sketch, x: ValueId): ValueId => g.add('mul', [x, g.constant([], 0.5)]);

test('before and after', () => {
  const { before, after } = applyPass(pass, (g) =>
    attend(g, {
      q: [1, 2, 5, 4],
      k: [1, 2, 5, 4],
      v: [1, 2, 5, 4],
      scores: (s, x) => s.add('add', [scaled(s, x), s.input([1, 1, 5, 5])]),
    }),
  );
  expect(before).toMatchInlineSnapshot(`
    "graph "case"
      %0 = input "x0" float32[1,2,5,4]
      %1 = input "x1" float32[1,2,5,4]
      %2 = input "x2" float32[1,1,5,5]
      %3 = input "x3" float32[1,2,5,4]
      %4 = constant "constant_4" float32[] {0.5}
      %5 = transpose(%1, perm=[0,1,3,2]) float32[1,2,4,5]  # "transpose"
      %6 = matmul(%0, %5) float32[1,2,5,5]  # "matmul"
      %7 = mul(%6, %4) float32[1,2,5,5]  # "mul"
      %8 = add(%7, %2) float32[1,2,5,5]  # "add"
      %9 = softmax(%8, axis=3) float32[1,2,5,5]  # "softmax"
      %10 = matmul(%9, %3) float32[1,2,5,4]  # "matmul"
      output "y0" = %10 float32[1,2,5,4]
    "
  `);
  expect(after).toMatchInlineSnapshot(`
    "graph "case"
      %0 = input "x0" float32[1,2,5,4]
      %1 = input "x1" float32[1,2,5,4]
      %2 = input "x2" float32[1,1,5,5]
      %3 = input "x3" float32[1,2,5,4]
      %4 = attention(%0, %1, %3, %2, scale=0.5) float32[1,2,5,4]  # "matmul"
      output "y0" = %4 float32[1,2,5,4]
    "
  `);
});

const scaleOf = (spelling: Spelling): unknown => {
  const { graph } = applyPass(pass, (g) => attend(g, spelling));
  const node = graph.nodes.find((n) => n.op === 'attention');
  return node?.attributes.scale;
};

const scales: readonly [string, Spelling, number][] = [
  ['no scale', {}, 1],
  ['a scale on the scores', { scores: scaled }, 0.5],
  ['a division of the scores', { scores: (g, x) => g.add('div', [x, g.constant([1], 4)]) }, 0.25],
  ['a scale on q', { scaleQ: scaled }, 0.5],
  ['a scale on k', { scaleK: scaled }, 0.5],
  ['scales on q, k and the scores', { scaleQ: scaled, scaleK: scaled, scores: scaled }, 0.125],
  ['a mask without a scale', { scores: (g, x) => g.add('add', [g.constant([5, 7]), x]) }, 1],
  ['a mask per batch', { scores: (g, x) => g.add('add', [scaled(g, x), g.constant([2, 1, 1, 7])]) }, 0.5],
  ['keys that all batches share', { k: [7, 4] }, 1],
  ['two dimensions', { q: [5, 4], k: [7, 4], v: [7, 6] }, 1],
];

describe('finds', () => {
  test.each(scales)('%s', (_, spelling, scale) => expect(scaleOf(spelling)).toBe(scale));

  test('keys turned from [S, heads, d] by one permutation', () => {
    const { graph } = applyPass(pass, (g) => attend(g, { k: [2, 7, 3, 4], perm: [0, 2, 3, 1] }));
    expect(graph.nodes.map((n) => n.op)).toEqual(['transpose', 'attention']);
    expect(graph.nodes[0]?.attributes.perm).toEqual([0, 2, 1, 3]);
  });
});

const others: readonly [string, Spelling][] = [
  ['softmax over queries', { axis: 2 }],
  ['a scale per head', { scores: (g, x) => g.add('mul', [x, g.constant([3, 1, 1])]) }],
  [
    'a scale that adds dimensions',
    { q: [5, 4], k: [7, 4], v: [1, 7, 6], axis: 2, scores: (g, x) => g.add('mul', [x, g.constant([1, 1, 1])]) },
  ],
  ['a live scale', { scores: (g, x) => g.add('mul', [x, g.input([])]) }],
  ['c / scores', { scores: (g, x) => g.add('div', [g.constant([], 2), x]) }],
  ['a scale after the mask', { scores: (g, x) => scaled(g, g.add('add', [x, g.constant([5, 7])])) }],
  ['a product of the probabilities', { probabilities: (g, p) => g.add('mul', [p, g.constant([5, 1])]) }],
  [
    'probabilities that are an output',
    {
      probabilities: (g, p) => {
        g.output(p);
        return p;
      },
    },
  ],
  [
    'a mask that enlarges the batch',
    {
      q: [1, 3, 5, 4],
      k: [1, 3, 7, 4],
      v: [1, 3, 7, 6],
      scores: (g, x) => g.add('add', [x, g.constant([2, 1, 5, 7])]),
    },
  ],
  ['values of more batches than the scores', { q: [1, 3, 5, 4], k: [1, 3, 7, 4], v: [2, 3, 7, 6] }],
  ['values of higher rank', { q: [5, 4], k: [7, 4], v: [2, 7, 6], axis: 1 }],
];

describe('leaves', () => {
  test.each(others)('%s', (_, spelling) => expectUntouched(pass, (g) => attend(g, spelling)));

  test('scores whose scale is read elsewhere keep that scale', () => {
    const { graph } = applyPass(pass, (g) => {
      const shared = (s: Sketch, q: ValueId): ValueId => {
        const half = scaled(s, q);
        s.output(half);
        return half;
      };
      return attend(g, { scaleQ: shared });
    });
    const attention = graph.nodes.find((n) => n.op === 'attention');
    expect(attention?.attributes.scale).toBe(1);
  });
});
