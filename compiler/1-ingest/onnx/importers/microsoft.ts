import type { ValueId } from '../../../ir/graph.ts';
import { multiply } from '../../multiply.ts';
import type { Importer, OnnxNode } from '../node.ts';
import { importFusedConv } from './conv.ts';

const plus = (node: OnnxNode, left: ValueId, right: ValueId | undefined): ValueId =>
  right === undefined ? left : node.emit('add', [left, right]);

/** alpha A' B', the last two dimensions of A and B exchanged where asked. */
const importFusedMatMul: Importer = (node) => {
  const side = (i: number, flag: string) => {
    const id = node.input(i);
    const rank = node.rank(id);
    if (!node.flag(flag) || rank < 2) return id;
    const perm = Array.from({ length: rank }, (_, axis) => axis);
    return node.transpose(id, [...perm.slice(0, -2), rank - 1, rank - 2]);
  };
  const product = multiply(node, side(0, 'transA'), side(1, 'transB'));
  const alpha = node.float('alpha', 1);
  return alpha === 1 ? product : node.emit('mul', [product, node.scalar(node.type(product).dtype, alpha)]);
};

/** Normalises input + skip + bias over the last dimension; output 3 is that sum. */
const skipNormalization =
  (op: 'layerNorm' | 'rmsNorm'): Importer =>
  (node) => {
    const hasBeta = op === 'layerNorm';
    const sum = plus(node, node.emit('add', [node.input(0), node.input(1)]), node.optional(hasBeta ? 4 : 3));
    const beta = hasBeta ? node.optional(3) : undefined;
    const inputs = [sum, node.input(2), ...(beta === undefined ? [] : [beta])];
    const attributes = { axis: node.rank(sum) - 1, epsilon: node.float('epsilon', hasBeta ? 1e-12 : 1e-6) };
    const y = node.emit(op, inputs, attributes);
    // Outputs 1 and 2 exist for training only.
    return node.isUsed(1) || node.isUsed(2) ? [y] : [y, y, y, sum];
  };

/** Operators of onnxruntime's own domain that its optimiser and exporters write into files. */
export const microsoft: Readonly<Record<string, Importer>> = {
  BiasGelu: (node) => node.emit('gelu', [plus(node, node.input(0), node.input(1))]),
  FastGelu: (node) => node.emit('gelu', [plus(node, node.input(0), node.optional(1))], { approximate: 'tanh' }),
  FusedConv: importFusedConv,
  FusedMatMul: importFusedMatMul,
  Gelu: (node) => node.emit('gelu', [node.input(0)]),
  QuickGelu: (node) => node.emit('swish', [node.input(0)], { alpha: node.float('alpha', 1.702) }),
  SkipLayerNormalization: skipNormalization('layerNorm'),
  SkipSimplifiedLayerNormalization: skipNormalization('rmsNorm'),
};
