import { expect, it } from 'vitest';
import { findLayers, shared } from '../../compiler/ir/layers.ts';

const constant = (name: string) => ({ name, form: 'float32', bytes: 4 });

it('layers are modules of weights, scopes of paths, or values by their names', () => {
  const { ofCall, ofKernel, ofConstant } = findLayers({
    calls: [
      { kernel: 1, value: '/Relu_output_0', constants: [] },
      { kernel: 0, value: '/Relu_output_0', constants: [1, 0] },
      { kernel: 2, value: '/blocks.0/attn/MatMul_output_0', constants: [2] },
      { kernel: 2, value: 'logits', constants: [3] },
    ],
    constants: [
      constant('conv1.weight.codes'),
      constant('scale'),
      constant('onnx::MatMul_12'),
      constant('w'),
      constant('unread'),
    ],
  });
  expect([0, 1, 2, 3].map(ofCall)).toEqual(['conv1', 'conv1', 'blocks.0/attn', 'logits']);
  expect([0, 1, 2, 3].map(ofKernel)).toEqual(['conv1', 'conv1', 'blocks.0/attn', shared]);
  expect([0, 1, 2, 3, 4].map(ofConstant)).toEqual(['conv1', 'conv1', 'blocks.0/attn', 'logits', shared]);
});

it('tells the layers of a long run in a time that grows with its length', () => {
  const count = 40_000;
  const calls = Array.from({ length: count }, (_, i) => ({ kernel: i, value: `v${i}`, constants: [i] }));
  const layers = findLayers({ calls, constants: calls.map(({ value }) => constant(value)) });
  const start = performance.now();
  const found = calls.map((_, i) => [layers.ofKernel(i), layers.ofConstant(i)]);
  expect(found.at(-1)).toEqual([`v${count - 1}`, `v${count - 1}`]);
  expect(performance.now() - start).toBeLessThan(1000);
});
