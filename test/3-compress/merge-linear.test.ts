import { describe, expect, test } from 'vitest';
import type { ValueId } from '../../compiler/ir/graph.ts';
import type { Attributes } from '../../compiler/ops/index.ts';
import { applyPass, expectUntouched, opsAfter, type Sketch } from './pass-case.ts';

describe('matmul-to-linear', () => {
  const pass = 'matmul-to-linear';

  test('before and after', () => {
    const { before, after } = applyPass(pass, (g) =>
      g.add('matmul', [g.input([1, 2]), g.constant([2, 3], [1, 2, 3, 4, 5, 6])]),
    );
    expect(before).toMatchInlineSnapshot(`
      "graph "case"
        %0 = input "x0" float32[1,2]
        %1 = constant "constant_1" float32[2,3] {1, 2, 3, 4, 5, 6}
        %2 = matmul(%0, %1) float32[1,3]  # "matmul"
        output "y0" = %2 float32[1,3]
      "
    `);
    expect(after).toMatchInlineSnapshot(`
      "graph "case"
        %0 = input "x0" float32[1,2]
        %1 = constant "matmul_2" float32[3,2] {1, 4, 2, 5, 3, 6}
        %2 = linear(%0, %1) float32[1,3]  # "matmul"
        output "y0" = %2 float32[1,3]
      "
    `);
  });

  test.each([[[2]], [[3, 2]], [[4, 3, 2]]])('x %j', (sizes) =>
    expect(opsAfter(pass, (g) => g.add('matmul', [g.input(sizes), g.constant([2, 3])]))).toEqual(['linear']),
  );

  test('tied weights stay one constant', () => {
    const { graph } = applyPass(pass, (g) => {
      const w = g.constant([2, 2]);
      return g.add('matmul', [g.add('matmul', [g.input([1, 2]), w]), w]);
    });
    expect(graph.constants.size).toBe(1);
  });

  const others: readonly [string, (g: Sketch) => ValueId][] = [
    ['live weights', (g) => g.add('matmul', [g.input([3, 2]), g.input([2, 3])])],
    ['a batch of weights', (g) => g.add('matmul', [g.input([4, 3, 2]), g.constant([4, 2, 3])])],
    ['a vector', (g) => g.add('matmul', [g.input([3, 2]), g.constant([2])])],
    ['weights on the left', (g) => g.add('matmul', [g.constant([3, 2]), g.input([2, 3])])],
    ['integers', (g) => g.add('matmul', [g.input([3, 2], 'int32'), g.constant([2, 3], 2, 'int32')])],
  ];
  test.each(others)('leaves %s', (_, draw) => expectUntouched(pass, draw));
});

describe('merge-linear', () => {
  const pass = 'merge-linear';
  const linear = (g: Sketch, x: ValueId, n: number, k: number, bias = true): ValueId =>
    g.add('linear', [x, g.constant([n, k]), ...(bias ? [g.constant([n])] : [])]);
  const conv = (g: Sketch, x: ValueId, weights: readonly number[], attributes: Attributes = {}, bias = true) =>
    g.add('conv', [x, g.constant(weights), ...(bias ? [g.constant([weights[0]!])] : [])], attributes);

  test('before and after', () => {
    const { before, after } = applyPass(pass, (g) => {
      const first = g.add('linear', [g.input([1, 2]), g.constant([2, 2], [1, 2, 3, 4]), g.constant([2], [1, -1])]);
      return g.add('linear', [first, g.constant([2, 2], [1, 0, 1, 1]), g.constant([2], [10, 20])]);
    });
    expect(before).toMatchInlineSnapshot(`
      "graph "case"
        %0 = input "x0" float32[1,2]
        %1 = constant "constant_1" float32[2,2] {1, 2, 3, 4}
        %2 = constant "constant_2" float32[2] {1, -1}
        %3 = constant "constant_4" float32[2,2] {1, 0, 1, 1}
        %4 = constant "constant_5" float32[2] {10, 20}
        %5 = linear(%0, %1, %2) float32[1,2]  # "linear"
        %6 = linear(%5, %3, %4) float32[1,2]  # "linear"
        output "y0" = %6 float32[1,2]
      "
    `);
    expect(after).toMatchInlineSnapshot(`
      "graph "case"
        %0 = input "x0" float32[1,2]
        %1 = constant "constant_4" float32[2,2] {1, 2, 4, 6}
        %2 = constant "constant_5" float32[2] {11, 20}
        %3 = linear(%0, %1, %2) float32[1,2]  # "linear"
        output "y0" = %3 float32[1,2]
      "
    `);
  });

  test.each([
    [false, false],
    [true, false],
    [false, true],
  ])('biases: first %s, second %s', (first, second) =>
    expect(opsAfter(pass, (g) => linear(g, linear(g, g.input([2, 3]), 4, 3, first), 3, 4, second))).toEqual(['linear']),
  );

  test('a chain of three', () =>
    expect(opsAfter(pass, (g) => linear(g, linear(g, linear(g, g.input([2, 3]), 5, 3), 5, 5), 2, 5))).toEqual([
      'linear',
    ]));

  const convs: readonly [string, (g: Sketch) => ValueId][] = [
    ['pointwise twice', (g) => conv(g, conv(g, g.input([2, 3, 4, 4]), [4, 3, 1, 1]), [3, 4, 1, 1])],
    [
      'pointwise with strides',
      (g) => conv(g, conv(g, g.input([1, 3, 9]), [4, 3, 1], { strides: [2] }), [3, 4, 1], { strides: [3] }),
    ],
    [
      'a padded convolution, then pointwise',
      (g) =>
        conv(g, conv(g, g.input([1, 3, 5, 5]), [4, 3, 3, 3], { pads: [1, 1, 1, 1], dilations: [2, 1] }), [2, 4, 1, 1]),
    ],
    [
      'padded pointwise, then pointwise with strides',
      (g) =>
        conv(
          g,
          conv(g, g.input([1, 3, 5]), [4, 3, 1], { pads: [2, 1], strides: [2] }),
          [3, 4, 1],
          { strides: [2] },
          false,
        ),
    ],
  ];
  test.each(convs)('%s', (_, draw) => expect(opsAfter(pass, draw)).toEqual(['conv']));

  const transposed = (g: Sketch, x: ValueId, weights: readonly number[], attributes: Attributes = {}, bias = true) => {
    const outputs = weights[1]! * Number(attributes.group ?? 1);
    const parameters = [g.constant(weights), ...(bias ? [g.constant([outputs])] : [])];
    return g.add('convTranspose', [x, ...parameters], attributes);
  };
  const between: readonly [string, readonly string[], (g: Sketch) => ValueId][] = [
    [
      'pointwise, then a convolution of several taps',
      ['conv'],
      (g) => conv(g, conv(g, g.input([1, 3, 7]), [4, 3, 1]), [3, 4, 3], { strides: [2] }),
    ],
    [
      'pointwise without bias, then a padded convolution of several taps',
      ['conv'],
      (g) =>
        conv(g, conv(g, g.input([1, 3, 5, 5]), [3, 3, 1, 1], {}, false), [2, 3, 3, 3], {
          pads: [1, 1, 1, 1],
          dilations: [1, 2],
        }),
    ],
    [
      'pointwise, then a transposed convolution',
      ['convTranspose'],
      (g) =>
        transposed(g, conv(g, g.input([1, 3, 4]), [4, 3, 1], {}, false), [4, 2, 3], { strides: [2], pads: [1, 0] }),
    ],
    [
      'a transposed convolution, then pointwise',
      ['convTranspose'],
      (g) => conv(g, transposed(g, g.input([1, 3, 4]), [3, 4, 3], { strides: [2], pads: [0, 1] }), [2, 4, 1], {}),
    ],
    ['groups behind', ['conv'], (g) => conv(g, conv(g, g.input([1, 4, 5]), [4, 4, 1]), [4, 2, 1], { group: 2 })],
    ['groups before', ['conv'], (g) => conv(g, conv(g, g.input([1, 4, 5]), [4, 2, 1], { group: 2 }), [4, 4, 1])],
    [
      'a scale by channel ahead of a convolution, spelt as a convolution',
      ['conv'],
      (g) => conv(g, conv(g, g.input([1, 4, 5]), [4, 1, 1], { group: 4 }), [3, 4, 3]),
    ],
    [
      'groups of a transposed convolution',
      ['convTranspose'],
      (g) => conv(g, transposed(g, g.input([1, 4, 3]), [4, 1, 2], { group: 2 }), [1, 2, 1]),
    ],
    [
      'linear layers with a reshape between that keeps rows',
      ['linear', 'reshape'],
      (g) => linear(g, g.add('reshape', [linear(g, g.input([2, 3, 4]), 5, 4)], { shape: [6, 5] }), 4, 5),
    ],
    [
      'a convolution, then a linear layer over its channels (patches)',
      ['conv', 'reshape', 'transpose'],
      (g) => {
        const patches = conv(g, g.input([1, 3, 4, 4]), [8, 3, 2, 2], { strides: [2, 2] });
        const rows = g.add('transpose', [g.add('reshape', [patches], { shape: [1, 8, 4] })], { perm: [0, 2, 1] });
        return linear(g, rows, 6, 8);
      },
    ],
    [
      'a linear layer, then a convolution of one tap over its features',
      ['linear', 'transpose', 'reshape'],
      (g) => {
        const turned = g.add('transpose', [linear(g, g.input([1, 6, 3]), 5, 3)], { perm: [0, 2, 1] });
        return conv(g, g.add('reshape', [turned], { shape: [1, 5, 2, 3] }), [4, 5, 1, 1]);
      },
    ],
    [
      'a linear layer, then a convolution of several taps over its features',
      ['transpose', 'conv'],
      (g) => conv(g, g.add('transpose', [linear(g, g.input([1, 6, 3]), 5, 3)], { perm: [0, 2, 1] }), [4, 5, 3]),
    ],
    [
      'pointwise, then a linear layer over the flattened image',
      ['reshape', 'linear'],
      (g) => {
        const image = conv(g, g.input([2, 3, 2, 2]), [5, 3, 1, 1]);
        return linear(g, g.add('reshape', [image], { shape: [2, 20] }), 4, 20);
      },
    ],
  ];
  test.each(between)('%s', (_, ops, draw) => expect(opsAfter(pass, draw)).toEqual(ops));

  const others: readonly [string, (g: Sketch) => ValueId][] = [
    ['a bottleneck, which is smaller as it is', (g) => linear(g, linear(g, g.input([2, 8]), 2, 8), 8, 2)],
    ['an activation between', (g) => linear(g, g.add('relu', [linear(g, g.input([2, 3]), 4, 3)]), 3, 4)],
    [
      'a hidden value read elsewhere',
      (g) => {
        const hidden = linear(g, g.input([2, 3]), 3, 3);
        return g.add('add', [g.add('exp', [hidden]), linear(g, hidden, 3, 3)]);
      },
    ],
    [
      'a hidden value that is an output',
      (g) => {
        const hidden = linear(g, g.input([2, 3]), 3, 3);
        g.output(hidden);
        return linear(g, hidden, 3, 3);
      },
    ],
    [
      'channels mixed ahead of several taps, which are fewer weights (Tucker)',
      (g) => conv(g, conv(g, g.input([1, 8, 5]), [2, 8, 1]), [8, 2, 3]),
    ],
    [
      'several taps to few channels, then one tap to many',
      (g) => conv(g, conv(g, g.input([1, 8, 5]), [2, 8, 3]), [8, 2, 1]),
    ],
    [
      'few channels ahead of a flattened image',
      (g) => {
        const image = conv(g, g.input([1, 8, 2, 2]), [2, 8, 1, 1]);
        return linear(g, g.add('reshape', [image], { shape: [1, 8] }), 6, 8);
      },
    ],
    [
      'a bias ahead of a padded convolution',
      (g) => conv(g, conv(g, g.input([1, 3, 5]), [3, 3, 1]), [3, 3, 3], { pads: [1, 1] }),
    ],
    [
      'a bias ahead of a transposed convolution',
      (g) => transposed(g, conv(g, g.input([1, 3, 5]), [3, 3, 1]), [3, 3, 3]),
    ],
    [
      'pointwise with strides, then several taps',
      (g) => conv(g, conv(g, g.input([1, 3, 9]), [3, 3, 1], { strides: [2] }), [3, 3, 3]),
    ],
    ['several taps, then several taps', (g) => conv(g, conv(g, g.input([1, 2, 9]), [2, 2, 3]), [2, 2, 3])],
    [
      'one tap ahead of many outputs, of which padding makes more: fewer weights, more multiply-adds',
      (g) => conv(g, conv(g, g.input([1, 3, 2]), [2, 3, 1], {}, false), [1, 2, 5], { pads: [20, 20] }),
    ],
    [
      'depthwise, then pointwise, which are fewer weights',
      (g) => conv(g, conv(g, g.input([1, 8, 9]), [8, 1, 3], { group: 8 }), [8, 8, 1]),
    ],
    [
      'a reshape that mixes features and rows',
      (g) => linear(g, g.add('reshape', [linear(g, g.input([2, 4]), 6, 4)], { shape: [4, 3] }), 3, 3),
    ],
    [
      'a permutation of rows and features',
      (g) => linear(g, g.add('transpose', [linear(g, g.input([4, 4]), 4, 4)], { perm: [1, 0] }), 3, 4),
    ],
    [
      'a permuted value read elsewhere',
      (g) => {
        const turned = g.add('transpose', [linear(g, g.input([1, 5, 3]), 4, 3)], { perm: [1, 0, 2] });
        return g.add('concat', [linear(g, turned, 4, 4), turned], { axis: 0 });
      },
    ],
    ['live weights', (g) => g.add('linear', [linear(g, g.input([2, 3]), 3, 3), g.input([3, 3])])],
    ['a live bias', (g) => linear(g, g.add('linear', [g.input([2, 3]), g.constant([3, 3]), g.input([3])]), 3, 3)],
    [
      'pointwise with padding behind',
      (g) => conv(g, conv(g, g.input([1, 3, 5]), [3, 3, 1]), [3, 3, 1], { pads: [1, 0] }),
    ],
    [
      'tied weights',
      (g) => {
        const w = g.constant([3, 3]);
        return g.add('linear', [g.add('linear', [g.input([2, 3]), w]), w]);
      },
    ],
  ];
  test.each(others)('leaves %s', (_, draw) => expectUntouched(pass, draw));
});
