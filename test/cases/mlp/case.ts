import { onnxModel, tensorOf } from '../../harness/onnx-model.ts';
import type { GoldenCase } from '../case.ts';

const ramp = (count: number) => Array.from({ length: count }, (_, i) => ((i * 7) % 11) / 8 - 0.5);

/** Two layers, an activation between, softmax at the end. */
export const golden: GoldenCase = {
  model: onnxModel({
    name: 'mlp',
    inputs: [{ name: 'image', dtype: 'float32', shape: ['batch', 12] }],
    outputs: [{ name: 'probabilities', dtype: 'float32' }],
    nodes: [
      { op: 'Gemm', inputs: ['image', 'w1', 'b1'], outputs: ['h1'] },
      { op: 'Relu', inputs: ['h1'], outputs: ['h2'] },
      { op: 'Gemm', inputs: ['h2', 'w2', 'b2'], outputs: ['logits'] },
      { op: 'Softmax', inputs: ['logits'], outputs: ['probabilities'] },
    ],
    initializers: {
      w1: tensorOf('float32', [12, 10], ramp(120)),
      b1: tensorOf('float32', [10], ramp(10)),
      w2: tensorOf('float32', [10, 5], ramp(50)),
      b2: tensorOf('float32', [5], ramp(5)),
    },
  }),
  options: { target: 'mobile-wasm' },
};
