import { onnxModel, tensorOf } from '../harness/onnx-model.ts';

/** fc1, relu, fc2 without biases, as an ONNX file. @param numbers draws so many weights */
export const twoLayers = (
  [inputs, hidden, outputs]: readonly [number, number, number],
  numbers: (count: number) => number[],
): Uint8Array =>
  onnxModel({
    inputs: [{ name: 'x', dtype: 'float32', shape: [1, inputs] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: [1, outputs] }],
    initializers: {
      w1: tensorOf('float32', [hidden, inputs], numbers(hidden * inputs)),
      w2: tensorOf('float32', [outputs, hidden], numbers(outputs * hidden)),
    },
    nodes: [
      { op: 'Gemm', name: 'fc1', inputs: ['x', 'w1'], outputs: ['h'], attributes: { transB: 1 } },
      { op: 'Relu', inputs: ['h'], outputs: ['a'] },
      { op: 'Gemm', name: 'fc2', inputs: ['a', 'w2'], outputs: ['y'], attributes: { transB: 1 } },
    ],
  });
