import { describe, expect, it } from 'vitest';
import { ingestOnnx } from '../../compiler/1-ingest/onnx/ingest.ts';
import { evaluateGraph } from '../../compiler/ir/evaluate.ts';
import { sizesOf } from '../../compiler/tensor/shape.ts';
import type { Tensor } from '../../compiler/tensor/tensor.ts';
import { onnxModel, tensorOf, type WrittenNode } from '../harness/onnx-model.ts';

interface Case {
  readonly node: Omit<WrittenNode, 'inputs' | 'outputs'>;
  readonly opset: number;
  /** fed; in the order of the node's inputs, before `known` */
  readonly feeds: readonly (Tensor | undefined)[];
  /** initializers, after the feeds */
  readonly known?: readonly (Tensor | undefined)[];
  readonly outputs?: number;
  readonly shape: readonly number[];
  readonly values: readonly number[];
  /** lcc's ops in order */
  readonly ops?: readonly string[];
}

const f = (sizes: readonly number[], values: readonly number[]): Tensor => tensorOf('float32', sizes, values);
const i64 = (...values: number[]): Tensor => tensorOf('int64', [values.length], values);
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const ramp = (...sizes: number[]): Tensor => f(sizes, upTo(sizes.reduce((a, b) => a * b, 1)));

function runCase({ node, opset, feeds, known = [], outputs = 1 }: Case) {
  const tensors = [...feeds, ...known];
  const inputs = tensors.map((tensor, i) => (tensor === undefined ? '' : `i${i}`));
  const ports = feeds.flatMap((tensor, i) =>
    tensor === undefined ? [] : [{ name: `i${i}`, dtype: tensor.dtype, shape: sizesOf(tensor.shape) }],
  );
  const initializers = Object.fromEntries(
    known.flatMap((tensor, k) => (tensor === undefined ? [] : [[`i${feeds.length + k}`, tensor] as const])),
  );
  const names = upTo(outputs).map((i) => `o${i}`);
  const bytes = onnxModel({
    opset,
    inputs: ports,
    outputs: [{ name: `o${outputs - 1}`, dtype: 'undefined' }],
    initializers,
    nodes: [{ ...node, inputs, outputs: names }],
  });
  const { graph } = ingestOnnx({ bytes });
  const results = evaluateGraph(
    graph,
    new Map(feeds.flatMap((tensor, i) => (tensor === undefined ? [] : [[`i${i}`, tensor] as const]))),
    'float64',
  );
  const result = results.get(`o${outputs - 1}`)!;
  return {
    ops: graph.nodes.map((n) => n.op),
    shape: sizesOf(result.type.shape),
    values: Array.from(result.data, Number),
  };
}

const cases: Readonly<Record<string, Case>> = {
  'Slice 1: attributes, clamped ends, negative axes': {
    node: { op: 'Slice', attributes: { starts: [1, -3], ends: [9, -1], axes: [0, -1] } },
    opset: 9,
    feeds: [ramp(3, 4)],
    shape: [2, 2],
    values: [5, 6, 9, 10],
    ops: ['slice'],
  },
  'Slice 13: a step backwards over the whole': {
    node: { op: 'Slice' },
    opset: 13,
    feeds: [ramp(4)],
    known: [i64(-1), i64(-(2 ** 63)), i64(0), i64(-2)],
    shape: [2],
    values: [3, 1],
  },
  'Slice of nothing': {
    node: { op: 'Slice' },
    opset: 13,
    feeds: [ramp(4)],
    known: [i64(3), i64(1)],
    shape: [0],
    values: [],
  },
  'Clip 6: attributes': {
    node: { op: 'Clip', attributes: { min: { float: 1 }, max: { float: 2 } } },
    opset: 7,
    feeds: [ramp(4)],
    shape: [4],
    values: [1, 1, 2, 2],
    ops: ['clip'],
  },
  'Clip 13: a bound that is computed': {
    node: { op: 'Clip' },
    opset: 13,
    feeds: [ramp(4), f([], [1])],
    known: [f([], [2])],
    shape: [4],
    values: [1, 1, 2, 2],
    ops: ['max', 'min'],
  },
  'Clip 13: int64 bounds beyond 2^53': {
    node: { op: 'Clip' },
    opset: 13,
    feeds: [i64(5, -7)],
    known: [tensorOf('int64', [], [-(2n ** 63n)]), tensorOf('int64', [], [2n ** 63n - 1n])],
    shape: [2],
    values: [5, -7],
    ops: ['max', 'min'],
  },
  'Squeeze 11: attribute': {
    node: { op: 'Squeeze', attributes: { axes: [-1] } },
    opset: 11,
    feeds: [ramp(1, 3, 1)],
    shape: [1, 3],
    values: [0, 1, 2],
  },
  'Squeeze 13: every dimension of 1': {
    node: { op: 'Squeeze' },
    opset: 13,
    feeds: [ramp(1, 3, 1)],
    shape: [3],
    values: [0, 1, 2],
  },
  'Unsqueeze 11: attribute': {
    node: { op: 'Unsqueeze', attributes: { axes: [3, 0] } },
    opset: 11,
    feeds: [ramp(2, 1)],
    shape: [1, 2, 1, 1],
    values: [0, 1],
  },
  'ReduceSum 11: attribute': {
    node: { op: 'ReduceSum', attributes: { axes: [0], keepdims: 0 } },
    opset: 11,
    feeds: [ramp(2, 2)],
    shape: [2],
    values: [2, 4],
  },
  'ReduceMean 18: input, axes out of order': {
    node: { op: 'ReduceMean' },
    opset: 18,
    feeds: [ramp(2, 2, 2)],
    known: [i64(2, 0)],
    shape: [1, 2, 1],
    values: [2.5, 4.5],
  },
  'ReduceSumSquare 18: no axes and noop squares': {
    node: { op: 'ReduceSumSquare', attributes: { noop_with_empty_axes: 1 } },
    opset: 18,
    feeds: [ramp(3)],
    shape: [3],
    values: [0, 1, 4],
  },
  'Split 2: attribute, the second part': {
    node: { op: 'Split', attributes: { axis: 1, split: [1, 2] } },
    opset: 11,
    feeds: [ramp(2, 3)],
    outputs: 2,
    shape: [2, 2],
    values: [1, 2, 4, 5],
  },
  'Split 18: num_outputs, a smaller last part': {
    node: { op: 'Split', attributes: { num_outputs: 2 } },
    opset: 18,
    feeds: [ramp(5)],
    outputs: 2,
    shape: [2],
    values: [3, 4],
  },
  'Pad 2: attributes': {
    node: { op: 'Pad', attributes: { pads: [0, 1, 0, 1], value: { float: 9 } } },
    opset: 7,
    feeds: [ramp(1, 2)],
    shape: [1, 4],
    values: [9, 0, 1, 9],
  },
  'Pad 18: axes, and cropping': {
    node: { op: 'Pad' },
    opset: 18,
    feeds: [ramp(2, 3)],
    known: [i64(-1, 1), undefined, i64(-1)],
    shape: [2, 3],
    values: [1, 2, 0, 4, 5, 0],
  },
  'Upsample 7: attribute': {
    node: { op: 'Upsample', attributes: { scales: { floats: [1, 1, 2, 1] } } },
    opset: 7,
    feeds: [ramp(1, 1, 2, 2)],
    shape: [1, 1, 4, 2],
    values: [0, 1, 0, 1, 2, 3, 2, 3],
  },
  'Upsample 9: linear': {
    node: { op: 'Upsample', attributes: { mode: 'linear' } },
    opset: 9,
    feeds: [ramp(1, 1, 1, 2)],
    known: [f([4], [1, 1, 1, 2])],
    shape: [1, 1, 1, 4],
    values: [0, 0.5, 1, 1],
  },
  'Resize 10: nearest rounds down': {
    node: { op: 'Resize' },
    opset: 10,
    feeds: [ramp(1, 1, 1, 4)],
    known: [f([4], [1, 1, 1, 0.5])],
    shape: [1, 1, 1, 2],
    values: [0, 2],
  },
  'Resize 13: a size of a float32 product': {
    node: { op: 'Resize', attributes: { mode: 'nearest' } },
    opset: 13,
    feeds: [ramp(3)],
    known: [undefined, f([1], [7 / 3])],
    shape: [7],
    values: [0, 0, 1, 1, 1, 2, 2],
  },
  'Resize 18: not_larger keeps the ratio': {
    node: { op: 'Resize', attributes: { axes: [2, 3], keep_aspect_ratio_policy: 'not_larger' } },
    opset: 18,
    feeds: [ramp(1, 1, 2, 2)],
    known: [undefined, undefined, i64(5, 4)],
    shape: [1, 1, 4, 4],
    values: [0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3],
  },
  'Softmax 11: all dimensions from the axis on': {
    node: { op: 'Softmax' },
    opset: 11,
    feeds: [f([1, 2, 2], [0, 0, 0, 0])],
    shape: [1, 2, 2],
    values: [0.25, 0.25, 0.25, 0.25],
    ops: ['reshape', 'softmax', 'reshape'],
  },
  'Softmax 13: one dimension': {
    node: { op: 'Softmax' },
    opset: 13,
    feeds: [f([1, 2, 2], [0, 0, 0, 0])],
    shape: [1, 2, 2],
    values: [0.5, 0.5, 0.5, 0.5],
    ops: ['softmax'],
  },
  'Dropout 7: the mask has the type of x': {
    node: { op: 'Dropout' },
    opset: 7,
    feeds: [ramp(2)],
    outputs: 2,
    shape: [2],
    values: [1, 1],
  },
  'BatchNormalization 7': {
    node: { op: 'BatchNormalization', attributes: { epsilon: { float: 0 } } },
    opset: 7,
    feeds: [ramp(1, 2, 1, 1)],
    known: [f([2], [2, 2]), f([2], [1, 1]), f([2], [0, 0]), f([2], [1, 4])],
    shape: [1, 2, 1, 1],
    values: [1, 2],
  },
  'GroupNormalization 18: scale and bias per group': {
    node: { op: 'GroupNormalization', attributes: { num_groups: 2, epsilon: { float: 0 } } },
    opset: 18,
    feeds: [f([1, 4], [0, 2, 0, 4])],
    known: [f([2], [1, 10]), f([2], [0, 1])],
    shape: [1, 4],
    values: [-1, 1, -9, 11],
  },
  'GroupNormalization 21: per channel': {
    node: { op: 'GroupNormalization', attributes: { num_groups: 2, epsilon: { float: 0 } } },
    opset: 21,
    feeds: [f([1, 4], [0, 2, 0, 4])],
    known: [f([4], [1, 2, 3, 4]), f([4], [0, 0, 0, 1])],
    shape: [1, 4],
    values: [-1, 2, -3, 5],
  },
  'LayerNormalization: the mean, and a scale that is broadcast': {
    node: { op: 'LayerNormalization', attributes: { axis: 1 } },
    opset: 17,
    feeds: [ramp(1, 2, 2)],
    known: [f([1], [1])],
    outputs: 2,
    shape: [1, 1, 1],
    values: [1.5],
  },
  'Gemm: a known B becomes a linear layer': {
    node: { op: 'Gemm', attributes: { alpha: { float: 2 }, beta: { float: 3 } } },
    opset: 11,
    feeds: [f([1, 2], [1, 2])],
    known: [f([2, 3], [1, 2, 3, 4, 5, 6]), f([1], [1])],
    shape: [1, 3],
    values: [21, 27, 33],
    ops: ['linear'],
  },
  'Gemm: a bias per row is added after': {
    node: { op: 'Gemm', attributes: { transA: 1, transB: 1 } },
    opset: 11,
    feeds: [f([1, 2], [1, 2])],
    known: [f([2, 1], [3, 4]), f([2, 1], [10, 20])],
    shape: [2, 2],
    values: [13, 14, 26, 28],
    ops: ['transpose', 'linear', 'add'],
  },
  'Gemm: a live B': {
    node: { op: 'Gemm', attributes: { transB: 1, alpha: { float: 0.5 } } },
    opset: 11,
    feeds: [f([1, 2], [1, 2]), f([2, 2], [1, 2, 3, 4])],
    shape: [1, 2],
    values: [2.5, 5.5],
    ops: ['transpose', 'matmul', 'mul'],
  },
  'Conv: SAME_LOWER puts the odd pad first': {
    node: { op: 'Conv', attributes: { auto_pad: 'SAME_LOWER' } },
    opset: 11,
    feeds: [ramp(1, 1, 3)],
    known: [f([1, 1, 2], [1, 10])],
    shape: [1, 1, 3],
    values: [0, 10, 21],
  },
  'Conv: SAME_UPPER puts it last': {
    node: { op: 'Conv', attributes: { auto_pad: 'SAME_UPPER' } },
    opset: 11,
    feeds: [ramp(1, 1, 3)],
    known: [f([1, 1, 2], [1, 10])],
    shape: [1, 1, 3],
    values: [10, 21, 2],
  },
  'ConvTranspose: output_shape': {
    node: { op: 'ConvTranspose', attributes: { strides: [2], output_shape: [4] } },
    opset: 11,
    feeds: [f([1, 1, 2], [1, 2])],
    known: [f([1, 1, 3], [1, 1, 1])],
    shape: [1, 1, 4],
    values: [1, 3, 2, 2],
  },
  'ConvTranspose: SAME_UPPER': {
    node: { op: 'ConvTranspose', attributes: { strides: [2], auto_pad: 'SAME_UPPER' } },
    opset: 11,
    feeds: [f([1, 1, 2], [1, 2])],
    known: [f([1, 1, 3], [1, 1, 1])],
    shape: [1, 1, 4],
    values: [1, 1, 3, 2],
  },
  'FusedConv: activation and a tensor added': {
    node: {
      op: 'FusedConv',
      domain: 'com.microsoft',
      attributes: { activation: 'LeakyRelu', activation_params: { floats: [0.5] } },
    },
    opset: 11,
    feeds: [f([1, 1, 2], [1, -4])],
    known: [f([1, 1, 1], [2]), f([1], [1]), f([1, 1, 2], [1, 1])],
    shape: [1, 1, 2],
    values: [4, -3],
    ops: ['conv', 'add', 'leakyRelu'],
  },
  'FusedConv: Clip': {
    node: {
      op: 'FusedConv',
      domain: 'com.microsoft',
      attributes: { activation: 'Clip', activation_params: { floats: [0, 6] } },
    },
    opset: 11,
    feeds: [f([1, 1, 2], [1, 40])],
    known: [f([1, 1, 1], [2])],
    shape: [1, 1, 2],
    values: [2, 6],
    ops: ['conv', 'clip'],
  },
  'FusedMatMul: transposed and scaled': {
    node: { op: 'FusedMatMul', domain: 'com.microsoft', attributes: { transB: 1, alpha: { float: 2 } } },
    opset: 11,
    feeds: [f([1, 2], [1, 2]), f([1, 2], [3, 4])],
    shape: [1, 1],
    values: [22],
  },
  'SkipLayerNormalization: the sum': {
    node: { op: 'SkipLayerNormalization', domain: 'com.microsoft' },
    opset: 11,
    feeds: [f([1, 1, 2], [1, 2]), f([1, 1, 2], [3, 4])],
    known: [f([2], [1, 1]), f([2], [0, 0]), f([2], [10, 20])],
    outputs: 1,
    shape: [1, 1, 2],
    values: [-1, 1],
  },
  'LpNormalization: zeros stay zeros': {
    node: { op: 'LpNormalization', attributes: { axis: 1 } },
    opset: 22,
    feeds: [f([2, 2], [3, 4, 0, 0])],
    shape: [2, 2],
    values: [0.6, 0.8, 0, 0],
  },
  'ArgMax of the last of equals': {
    node: { op: 'ArgMax', attributes: { axis: -1, keepdims: 0, select_last_index: 1 } },
    opset: 13,
    feeds: [f([2, 3], [5, 5, 1, 0, 0, 0])],
    shape: [2],
    values: [1, 2],
  },
  'Einsum: batched, with a sum over what only one side names': {
    node: { op: 'Einsum', attributes: { equation: 'bij, bjk -> bki' } },
    opset: 12,
    feeds: [ramp(1, 2, 2), f([1, 2, 3], [1, 0, 0, 0, 1, 1])],
    shape: [1, 3, 2],
    values: [0, 2, 1, 3, 1, 3],
  },
  'Einsum: implicit result, and a sum': {
    node: { op: 'Einsum', attributes: { equation: 'ab,bc' } },
    opset: 12,
    feeds: [ramp(1, 2), ramp(2, 2)],
    shape: [1, 2],
    values: [2, 3],
  },
  'Einsum: everything summed': {
    node: { op: 'Einsum', attributes: { equation: '...ij->...' } },
    opset: 12,
    feeds: [ramp(2, 2, 2)],
    shape: [2],
    values: [6, 22],
  },
  'Einsum: a known matrix becomes a linear layer': {
    node: { op: 'Einsum', attributes: { equation: '...k,kn->...n' } },
    opset: 12,
    feeds: [ramp(1, 1, 2)],
    known: [ramp(2, 2)],
    shape: [1, 1, 2],
    values: [2, 3],
    ops: ['reshape', 'linear', 'reshape'],
  },
  'Compress of all elements': {
    node: { op: 'Compress' },
    opset: 11,
    feeds: [ramp(2, 2)],
    known: [tensorOf('bool', [3], [0, 1, 1])],
    shape: [2],
    values: [1, 2],
  },
  'TopK 1: smallest of known values': {
    node: { op: 'TopK', attributes: { largest: 0 } },
    opset: 11,
    feeds: [],
    known: [f([4], [3, 1, 1, 2]), i64(3)],
    outputs: 2,
    shape: [3],
    values: [1, 2, 3],
  },
  'Shape 15: a part': {
    node: { op: 'Shape', attributes: { start: 1, end: -1 } },
    opset: 15,
    feeds: [ramp(2, 3, 4)],
    shape: [1],
    values: [3],
    ops: [],
  },
};

describe('importers', () => {
  it.each(Object.entries(cases))('%s', (_, test) => {
    const { ops, shape, values } = runCase(test);
    expect(shape).toEqual(test.shape);
    expect(values.length).toBe(test.values.length);
    for (const [i, value] of values.entries()) expect(value).toBeCloseTo(test.values[i]!, 5);
    if (test.ops !== undefined) expect(ops).toEqual(test.ops);
  });
});
