import { onnxModel, tensorOf, type WrittenNode } from '../harness/onnx-model.ts';

export interface OneOpModel {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Small values that no engine can fold away. */
const weights = (shape: readonly number[]) => {
  const count = shape.reduce((product, size) => product * size, 1);
  return tensorOf(
    'float32',
    shape,
    Array.from({ length: count }, (_, i) => Math.sin(i * 1.7) / Math.sqrt(count / (shape[0] ?? 1))),
  );
};

function oneOp(
  name: string,
  node: Omit<WrittenNode, 'inputs' | 'outputs'>,
  inputs: readonly (readonly number[])[],
  constants: readonly (readonly number[])[],
  output: readonly number[],
): OneOpModel {
  const live = inputs.map((shape, i) => ({ name: `x${i}`, dtype: 'float32' as const, shape }));
  const fixed = constants.map((shape, i) => [`w${i}`, weights(shape)] as const);
  const bytes = onnxModel({
    opset: 17,
    inputs: live,
    outputs: [{ name: 'y', dtype: 'float32', shape: output }],
    initializers: Object.fromEntries(fixed),
    nodes: [{ ...node, inputs: [...live.map((port) => port.name), ...fixed.map(([w]) => w)], outputs: ['y'] }],
  });
  return { name, bytes };
}

/** Same padding, so that the output is the input's size over the stride, rounded up. */
function conv(kernel: number, stride: number, from: number, to: number, size: number, group = 1): OneOpModel {
  const pad = (kernel - 1) / 2;
  const out = Math.floor((size + 2 * pad - kernel) / stride) + 1;
  const kind = group === 1 ? 'conv' : 'depthwise';
  return oneOp(
    `${kind} ${kernel}x${kernel}/${stride} ${from}->${to} ${size}x${size}`,
    {
      op: 'Conv',
      attributes: {
        kernel_shape: { ints: [kernel, kernel] },
        strides: { ints: [stride, stride] },
        pads: { ints: [pad, pad, pad, pad] },
        group: { int: group },
      },
    },
    [[1, from, size, size]],
    [[to, from / group, kernel, kernel], [to]],
    [1, to, out, out],
  );
}

const pool = (op: 'MaxPool' | 'AveragePool', kernel: number, channels: number, size: number): OneOpModel =>
  oneOp(
    `${op} ${kernel}x${kernel}/${kernel} ${channels}x${size}x${size}`,
    { op, attributes: { kernel_shape: { ints: [kernel, kernel] }, strides: { ints: [kernel, kernel] } } },
    [[1, channels, size, size]],
    [],
    [1, channels, Math.floor(size / kernel), Math.floor(size / kernel)],
  );

const linear = (rows: number, from: number, to: number): OneOpModel =>
  oneOp(
    `gemm ${rows}x${from}->${to}`,
    { op: 'Gemm', attributes: { transB: { int: 1 } } },
    [[rows, from]],
    [[to, from], [to]],
    [rows, to],
  );

const matmul = (batch: number, m: number, k: number, n: number): OneOpModel =>
  oneOp(
    `matmul ${batch}x[${m},${k}]x[${k},${n}]`,
    { op: 'MatMul' },
    [
      [batch, m, k],
      [batch, k, n],
    ],
    [],
    [batch, m, n],
  );

const softmax = (shape: readonly number[]): OneOpModel =>
  oneOp(`softmax ${shape.join('x')}`, { op: 'Softmax', attributes: { axis: { int: -1 } } }, [shape], [], shape);

const layerNorm = (rows: number, width: number): OneOpModel =>
  oneOp(
    `layer norm ${rows}x${width}`,
    { op: 'LayerNormalization' },
    [[1, rows, width]],
    [[width], [width]],
    [1, rows, width],
  );

/** Doubles height and width; the scales are an initializer after two empty inputs. */
function resize(mode: 'nearest' | 'linear', channels: number, size: number): OneOpModel {
  const bytes = onnxModel({
    opset: 17,
    inputs: [{ name: 'x', dtype: 'float32', shape: [1, channels, size, size] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: [1, channels, 2 * size, 2 * size] }],
    initializers: { scales: tensorOf('float32', [4], [1, 1, 2, 2]) },
    nodes: [
      {
        op: 'Resize',
        inputs: ['x', '', 'scales'],
        outputs: ['y'],
        attributes: {
          mode,
          coordinate_transformation_mode: mode === 'nearest' ? 'asymmetric' : 'half_pixel',
          ...(mode === 'nearest' && { nearest_mode: 'floor' }),
        },
      },
    ],
  });
  return { name: `resize ${mode} ${channels}x${size}x${size}`, bytes };
}

/** One model per shape of work that real networks have. */
export const oneOpModels: readonly OneOpModel[] = [
  ...[1, 3, 5, 7].flatMap((kernel) =>
    [1, 2].flatMap((stride) => [
      conv(kernel, stride, 3, 16, 112),
      conv(kernel, stride, 16, 32, 56),
      conv(kernel, stride, 64, 64, 28),
    ]),
  ),
  conv(1, 1, 256, 256, 14),
  conv(3, 1, 256, 256, 14),
  conv(3, 2, 128, 256, 14),
  ...[3, 5].flatMap((kernel) =>
    [1, 2].flatMap((stride) => [
      conv(kernel, stride, 32, 32, 56, 32),
      conv(kernel, stride, 128, 128, 28, 128),
      conv(kernel, stride, 256, 256, 14, 256),
    ]),
  ),
  linear(1, 256, 256),
  linear(1, 1024, 1000),
  linear(1, 4096, 256),
  linear(64, 512, 512),
  matmul(8, 64, 64, 64),
  matmul(12, 197, 64, 197),
  matmul(1, 256, 256, 256),
  pool('MaxPool', 2, 64, 56),
  pool('MaxPool', 3, 32, 57),
  pool('AveragePool', 2, 64, 56),
  oneOp('global average pool 256x14x14', { op: 'GlobalAveragePool' }, [[1, 256, 14, 14]], [], [1, 256, 1, 1]),
  softmax([1, 1000]),
  softmax([12, 197, 197]),
  layerNorm(197, 192),
  layerNorm(49, 768),
  resize('nearest', 32, 28),
  resize('linear', 32, 28),
];
