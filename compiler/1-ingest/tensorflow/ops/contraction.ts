import type { ValueId } from '../../../ir/graph.ts';
import { OpError } from '../../../ops/op.ts';
import { einsum } from '../../einsum.ts';
import { multiply } from '../../multiply.ts';
import { Unsupported } from '../../refusals.ts';
import { activate } from '../activations.ts';
import { convolve, convolveDepthwise, convolveTransposed } from '../convolution.ts';
import type { OpImporter, OpNode } from './op-node.ts';

/** What a fused node does after its contraction, in order: its operations and the operands they take. */
interface Epilogue {
  readonly bias: ValueId | undefined;
  readonly finish: (y: ValueId) => ValueId;
}

const fusedActivations = ['Relu', 'Relu6', 'Elu', 'Sigmoid', 'Tanh'];

/** fused_ops: a bias first, then at most one activation; the operands follow the contraction's own two. */
function readEpilogue(node: OpNode): Epilogue {
  const fused = node.attributes.strings('fused_ops') ?? [];
  const hasBias = fused[0] === 'BiasAdd' || fused[0] === 'BiasAddV1';
  const [activation, ...more] = hasBias ? fused.slice(1) : fused;
  if (more.length > 0) throw new Unsupported(`fused_ops are ${fused.join(', ')}`);
  const bias = hasBias ? node.input(2) : undefined;
  if (activation === undefined) return { bias, finish: (y) => y };
  if (activation === 'LeakyRelu') {
    const alpha = node.attributes.float('leakyrelu_alpha', 0.2);
    return { bias, finish: (y) => node.pointwise('leakyRelu', [y], { alpha }) };
  }
  if (activation === 'Prelu') {
    const slope = node.input(hasBias ? 3 : 2);
    return { bias, finish: (y) => node.pointwise('prelu', [y, slope]) };
  }
  if (!fusedActivations.includes(activation)) throw new Unsupported(`fused_ops are ${fused.join(', ')}`);
  return { bias, finish: (y) => activate(node, y, activation) };
}

export const importConv: OpImporter = (node) => {
  const { bias, finish } = readEpilogue(node);
  const [x, kernel] = [node.input(0), node.input(1)];
  return finish(convolve(node, x, kernel, bias, node.sliding(node.rank(kernel))));
};

export const importDepthwiseConv: OpImporter = (node) => {
  const { bias, finish } = readEpilogue(node);
  return finish(convolveDepthwise(node, node.input(0), node.input(1), bias, node.sliding(4)));
};

/** Inputs: the sizes of the result, the kernel, x. */
export const importConvBackpropInput: OpImporter = (node) => {
  const sizes = node.knownNumbers(0, 'the sizes of the result');
  const space = node.format === 'last' ? sizes.slice(1, -1) : sizes.slice(2);
  return convolveTransposed(node, node.input(2), node.input(1), undefined, node.sliding(sizes.length), space);
};

const flipped = (node: OpNode, id: ValueId, isFlipped: boolean): ValueId => {
  if (!isFlipped) return id;
  const axes = node.sizes(id).map((_, axis) => axis);
  return node.transpose(id, [...axes.slice(0, -2), ...axes.slice(-1), ...axes.slice(-2, -1)]);
};

export const importMatMul: OpImporter = (node) => {
  const { bias, finish } = readEpilogue(node);
  const [a, b] = [node.input(0), node.input(1)];
  if (node.rank(a) !== 2 || node.rank(b) !== 2) throw new OpError(`${node.op} multiplies tensors of rank 2`);
  const left = flipped(node, a, node.attributes.flag('transpose_a'));
  const right = flipped(node, b, node.attributes.flag('transpose_b'));
  return finish(multiply(node, left, right, bias));
};

export const importBatchMatMul: OpImporter = (node) => {
  const left = flipped(node, node.input(0), node.attributes.flag('adj_x'));
  const right = flipped(node, node.input(1), node.attributes.flag('adj_y'));
  return multiply(node, left, right);
};

export const importEinsum: OpImporter = (node) => einsum(node, node.attributes.string('equation', ''), node.inputs);
