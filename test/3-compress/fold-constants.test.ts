import { expect, test } from 'vitest';
import { applyPass, expectUntouched, opsAfter } from './pass-case.ts';

const pass = 'fold-constants';

test('before and after', () => {
  const { before, after } = applyPass(pass, (g) => {
    const weights = g.add('mul', [g.constant([2, 2], [1, 2, 3, 4]), g.constant([], 0.5)]);
    return g.add('linear', [g.input([1, 2]), g.add('transpose', [weights], { perm: [1, 0] })]);
  });
  expect(before).toMatchInlineSnapshot(`
    "graph "case"
      %0 = input "x0" float32[1,2]
      %1 = constant "constant_0" float32[2,2] {1, 2, 3, 4}
      %2 = constant "constant_1" float32[] {0.5}
      %3 = mul(%1, %2) float32[2,2]  # "mul"
      %4 = transpose(%3, perm=[1,0]) float32[2,2]  # "transpose"
      %5 = linear(%0, %4) float32[1,2]  # "linear"
      output "y0" = %5 float32[1,2]
    "
  `);
  expect(after).toMatchInlineSnapshot(`
    "graph "case"
      %0 = input "x0" float32[1,2]
      %1 = constant "transpose_4" float32[2,2] {0.5, 1.5, 1, 2}
      %2 = linear(%0, %1) float32[1,2]  # "linear"
      output "y0" = %2 float32[1,2]
    "
  `);
});

test('a graph of constants becomes a constant', () => {
  const { graph } = applyPass(pass, (g) => g.add('exp', [g.constant([3])]));
  expect(graph.nodes).toEqual([]);
});

test('what depends on an input stays', () =>
  expectUntouched(pass, (g) => g.add('add', [g.input([2]), g.constant([2])])));

test('copies that grow by more than 64 KiB stay', () => {
  expectUntouched(pass, (g) => g.add('expand', [g.constant([1, 8])], { shape: [4096, 8] }));
  expectUntouched(pass, (g) => g.add('tile', [g.constant([16, 16])], { repeats: [10, 10] }));
  expect(opsAfter(pass, (g) => g.add('expand', [g.constant([1, 8])], { shape: [2048, 8] }))).toEqual([]);
});

test('a copy that grows little folds however large it is', () =>
  expect(opsAfter(pass, (g) => g.add('transpose', [g.constant([256, 256])], { perm: [1, 0] }))).toEqual([]));
