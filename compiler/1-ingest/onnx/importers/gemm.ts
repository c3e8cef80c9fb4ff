import type { ValueId } from '../../../ir/graph.ts';
import { OpError } from '../../../ops/op.ts';
import { multiply } from '../../multiply.ts';
import type { Importer, OnnxNode } from '../node.ts';

/** Y = alpha A' B' + beta C. With B known, a linear layer over B as [N, K]. */
export const importGemm: Importer = (node) => {
  const [a, b, c] = [node.input(0), node.input(1), node.optional(2)];
  const { dtype } = node.type(a);
  if (node.rank(a) !== 2 || node.rank(b) !== 2) throw new OpError('Gemm multiplies tensors of rank 2');
  const scaled = (id: ValueId, by: number) => (by === 1 ? id : node.emit('mul', [id, node.scalar(dtype, by)]));
  const flipped = (id: ValueId, is: boolean) => (is ? node.transpose(id, [1, 0]) : id);
  const alpha = node.float('alpha', 1);
  const left = flipped(a, node.flag('transA'));
  const addend = c === undefined || node.float('beta', 1) === 0 ? undefined : scaled(c, node.float('beta', 1));
  if (node.known(b) !== undefined) {
    const weight = scaled(flipped(b, !node.flag('transB')), alpha);
    const bias = addend === undefined ? undefined : asBias(node, addend, node.sizes(weight)[0] ?? 0);
    if (bias !== undefined) return node.emit('linear', [left, weight, bias]);
    return plus(node, node.emit('linear', [left, weight]), addend);
  }
  return plus(node, scaled(node.emit('matmul', [left, flipped(b, node.flag('transB'))]), alpha), addend);
};

/** C of A B + C is broadcast to the product's shape, never the other way. */
function plus(node: OnnxNode, product: ValueId, addend: ValueId | undefined): ValueId {
  return addend === undefined ? product : node.emit('add', [product, node.expand(addend, node.sizes(product))]);
}

/** A known addend that is the same for all rows, as a bias [N]. */
function asBias(node: OnnxNode, addend: ValueId, n: number): ValueId | undefined {
  const sizes = node.sizes(addend);
  const isRow = sizes.slice(0, -1).every((size) => size === 1);
  if (node.known(addend) === undefined || !isRow || sizes.length > 2) return undefined;
  const last = sizes.at(-1) ?? 1;
  return last === n || last === 1 ? node.expand(node.reshape(addend, [last]), [n]) : undefined;
}

export const importMatMul: Importer = (node) => multiply(node, node.input(0), node.input(1));
