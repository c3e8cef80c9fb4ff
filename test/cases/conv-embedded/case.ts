import { onnxModel, tensorOf } from '../../harness/onnx-model.ts';
import type { GoldenCase } from '../case.ts';

const ramp = (count: number) => Array.from({ length: count }, (_, i) => ((i * 5) % 13) / 8 - 0.75);

/** A padded convolution, a pool and an argmax, for wasm's first version and browsers without BigInt. */
export const golden: GoldenCase = {
  model: onnxModel({
    name: 'conv',
    inputs: [{ name: 'input.1', dtype: 'float32', shape: [1, 2, 6, 6] }],
    outputs: [
      { name: '7', dtype: 'float32' },
      { name: 'best class', dtype: 'int64' },
    ],
    nodes: [
      { op: 'Conv', inputs: ['input.1', 'w', 'b'], outputs: ['4'], attributes: { pads: [1, 1, 1, 1] } },
      { op: 'Relu', inputs: ['4'], outputs: ['5'] },
      { op: 'GlobalAveragePool', inputs: ['5'], outputs: ['6'] },
      { op: 'Flatten', inputs: ['6'], outputs: ['7'] },
      { op: 'ArgMax', inputs: ['7'], outputs: ['best class'], attributes: { axis: 1, keepdims: 0 } },
    ],
    initializers: { w: tensorOf('float32', [3, 2, 3, 3], ramp(54)), b: tensorOf('float32', [3], ramp(3)) },
  }),
  options: { target: 'embedded-wasm' },
};
