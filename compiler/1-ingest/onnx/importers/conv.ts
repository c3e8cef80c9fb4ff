import type { ValueId } from '../../../ir/graph.ts';
import { OpError } from '../../../ops/op.ts';
import { type Importer, type OnnxNode, Unsupported } from '../node.ts';
import { explicitPads, perDimension, readAutoPad, readWindow, splitPads } from './window.ts';

export const importConv: Importer = (node) => convolve(node);

function convolve(node: OnnxNode): ValueId {
  const [x, w, b] = [node.input(0), node.input(1), node.optional(2)];
  const { spatial, kernel } = spatialSizes(node, x, w);
  const { strides, pads, dilations } = readWindow(node, spatial, kernel);
  const group = node.int('group', 1);
  return node.emit('conv', b === undefined ? [x, w] : [x, w, b], { strides, pads, dilations, group });
}

function spatialSizes(node: OnnxNode, x: ValueId, w: ValueId) {
  const kernel = node.sizes(w).slice(2);
  const spatial = node.sizes(x).slice(2);
  if (node.rank(x) < 3 || node.rank(x) !== node.rank(w)) {
    throw new OpError(`x has rank ${node.rank(x)} and w has rank ${node.rank(w)}; both need the same, 3 or more`);
  }
  const declared = node.ints('kernel_shape');
  if (declared !== undefined && (declared.length !== kernel.length || declared.some((k, i) => k !== kernel[i]))) {
    throw new OpError(`kernel_shape is [${declared.join(',')}], the weights have [${kernel.join(',')}]`);
  }
  return { spatial, kernel };
}

/** onnxruntime's Conv with an added tensor Z and an activation: y = activation(conv(x, w, b) + z). */
export const importFusedConv: Importer = (node) => {
  const y = convolve(node);
  const z = node.optional(3);
  return activate(node, z === undefined ? y : node.emit('add', [y, z]));
};

function activate(node: OnnxNode, x: ValueId): ValueId {
  const [first = 0, second = 0] = node.floats('activation_params') ?? [];
  const name = node.string('activation', '');
  switch (name) {
    case '':
      return x;
    case 'Relu':
      return node.emit('relu', [x]);
    case 'Tanh':
      return node.emit('tanh', [x]);
    case 'Sigmoid':
      return node.emit('sigmoid', [x]);
    case 'LeakyRelu':
      return node.emit('leakyRelu', [x], { alpha: first });
    case 'Clip':
      return node.emit('clip', [x], { min: first, max: second });
    case 'HardSigmoid':
      return node.emit('hardSigmoid', [x], { alpha: first, beta: second });
    default:
      throw new Unsupported(`activation is "${name}"`);
  }
}

/**
 * Per spatial dimension, out = stride (in - 1) + outputPadding + (k - 1) dilation + 1 - padBegin - padEnd.
 * output_shape, or auto_pad, ask for a size instead; the pads then make up the difference.
 */
export const importConvTranspose: Importer = (node) => {
  const [x, w, b] = [node.input(0), node.input(1), node.optional(2)];
  const { spatial, kernel } = spatialSizes(node, x, w);
  const strides = perDimension(node, 'strides', spatial, 1);
  const dilations = perDimension(node, 'dilations', spatial, 1);
  const adjust = perDimension(node, 'output_padding', spatial, 0);
  const mode = readAutoPad(node);
  const wanted = node.ints('output_shape')?.slice(-spatial.length);
  const isSame = mode === 'SAME_UPPER' || mode === 'SAME_LOWER';
  const target = wanted ?? (isSame ? spatial.map((size, i) => size * (strides[i] ?? 1)) : undefined);
  let pads = mode === 'VALID' ? spatial.flatMap(() => [0, 0]) : explicitPads(node, spatial);
  let outputPadding = adjust;
  if (target !== undefined) {
    if (target.length !== spatial.length) throw new OpError(`output_shape [${target.join(',')}] lacks dimensions`);
    const surplus = spatial.map((size, i) => {
      const reach = ((kernel[i] ?? 1) - 1) * (dilations[i] ?? 1) + 1;
      return (strides[i] ?? 1) * (size - 1) + (adjust[i] ?? 0) + reach - (target[i] ?? 0);
    });
    pads = splitPads(
      surplus.map((total) => Math.max(0, total)),
      mode === 'SAME_UPPER',
    );
    outputPadding = adjust.map((size, i) => size + Math.max(0, -(surplus[i] ?? 0)));
  }
  const attributes = { strides, pads, dilations, outputPadding, group: node.int('group', 1) };
  return node.emit('convTranspose', b === undefined ? [x, w] : [x, w, b], attributes);
};
