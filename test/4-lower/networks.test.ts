import { expect, test } from 'vitest';
import { optimise } from '../../compiler/3-compress/pipeline.ts';
import type { Graph } from '../../compiler/ir/graph.ts';
import { lowerAgreeing, stepsOf } from './agreement.ts';
import { mobileNetBlock, resNetBlocks, shuffleNetBlocks, transformerBlock, uNet } from './networks.ts';

const steps = (graph: Graph): string[] => stepsOf(lowerAgreeing(optimise(graph).graph));

test('residual blocks: batch norms in weights, sums and activations in epilogues', () =>
  expect(steps(resNetBlocks())).toMatchInlineSnapshot(`
    [
      "halo [1,3,32,32]",
      "copy [1,3,32,32]",
      "conv+relu [1,8,16,16]",
      "halo [1,8,8,8]",
      "maxPool [1,8,8,8]",
      "halo [1,8,8,8]",
      "conv+relu [1,8,8,8]",
      "halo [1,8,8,8]",
      "conv+add+relu [1,8,8,8]",
      "halo [1,16,4,4]",
      "conv+relu [1,16,4,4]",
      "conv [1,16,4,4]",
      "conv+add+relu [1,16,4,4]",
      "reduce [1,16,1,1]",
      "reshape+linear [1,10]",
    ]
  `));

test('inverted residual with a gate: the gate is finished by its layer', () =>
  expect(steps(mobileNetBlock())).toMatchInlineSnapshot(`
    [
      "halo [1,3,16,16]",
      "copy [1,3,16,16]",
      "conv+hardSwish [1,8,8,8]",
      "halo [1,24,8,8]",
      "conv+hardSwish [1,24,8,8]",
      "conv+hardSwish [1,24,8,8]",
      "reduce [1,24,1,1]",
      "conv+relu [1,6,1,1]",
      "conv+hardSigmoid [1,24,1,1]",
      "mul [1,24,8,8]",
      "conv+add+relu [1,8,8,8]",
    ]
  `));

test('channel shuffle: one copy of what passes, the shuffle is in the indices', () =>
  expect(steps(shuffleNetBlocks())).toMatchInlineSnapshot(`
    [
      "halo [1,3,16,16]",
      "copy [1,3,16,16]",
      "conv+relu [1,16,8,8]",
      "halo [1,8,8,8]",
      "slice+conv+relu [1,8,8,8]",
      "conv [1,8,8,8]",
      "conv+relu [1,8,8,8]",
      "slice [1,8,8,8]",
      "halo [1,8,8,8]",
      "reshape+transpose+reshape+slice+conv+relu [1,8,8,8]",
      "conv [1,8,8,8]",
      "conv+relu [1,8,8,8]",
      "reshape+transpose+reshape+slice [1,8,8,8]",
      "reshape+transpose+reshape+conv [1,8,8,8]",
    ]
  `));

test('U-Net: what is joined is written where it is joined', () =>
  expect(steps(uNet())).toMatchInlineSnapshot(`
  [
    "halo [1,3,16,16]",
    "copy [1,3,16,16]",
    "halo [1,24,16,16]",
    "conv+relu [1,8,16,16]",
    "halo [1,8,8,8]",
    "maxPool [1,8,8,8]",
    "halo [1,32,8,8]",
    "conv+relu [1,16,8,8]",
    "halo [1,16,4,4]",
    "maxPool [1,16,4,4]",
    "conv+relu [1,16,4,4]",
    "resize [1,16,8,8]",
    "conv+relu [1,16,8,8]",
    "resize [1,16,16,16]",
    "conv+relu [1,8,16,16]",
    "conv+sigmoid [1,1,16,16]",
  ]
`));

test('pre-norm transformer with four heads and a mask', () =>
  expect(steps(transformerBlock({ heads: 4, preNorm: true, masked: true }))).toMatchInlineSnapshot(`
    [
      "layerNorm [1,10,24]",
      "linear [1,10,24]",
      "linear [1,10,24]",
      "linear [1,10,24]",
      "reshape+transpose+reshape+transpose+transpose+matmul+mul+add [1,4,10,10]",
      "softmax [1,4,10,10]",
      "reshape+transpose+matmul [1,4,10,6]",
      "transpose+reshape+linear+add [1,10,24]",
      "layerNorm [1,10,24]",
      "linear+gelu [1,10,96]",
      "linear+add [1,10,24]",
    ]
  `));

test('post-norm transformer with three heads', () =>
  expect(steps(transformerBlock({ heads: 3, preNorm: false, masked: false }))).toMatchInlineSnapshot(`
    [
      "linear [1,10,24]",
      "linear [1,10,24]",
      "linear [1,10,24]",
      "reshape+transpose+reshape+transpose+transpose+matmul+mul [1,3,10,10]",
      "softmax [1,3,10,10]",
      "reshape+transpose+matmul [1,3,10,8]",
      "transpose+reshape+linear+add [1,10,24]",
      "layerNorm [1,10,24]",
      "linear+gelu [1,10,96]",
      "linear+add [1,10,24]",
      "layerNorm [1,10,24]",
    ]
  `));
