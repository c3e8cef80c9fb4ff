import { parseProductQuantization, parseQuantization } from '../../../ops/quantize.ts';
import { isFloat } from '../../../tensor/dtype.ts';
import { type ExportedNode, type Exporter, summable, within } from '../exported-node.ts';
import { type Call, call, type Term, transpose } from '../term.ts';
import { centredCodesOf, codesOf, signedCodesOf } from './quantization.ts';

export const exportMatmul: Exporter = within(summable, (node) => {
  const quantization = parseProductQuantization('matmul', node.attributes);
  if (quantization === undefined) return call('MatMul', node.terms);
  const left = centredCodesOf(node.input(0), quantization.left);
  return call('MatMul', [left, signedCodesOf(node.input(1), quantization.inverseScale)]);
});

/** x w^T + b: Gemm of two dimensions of floats, else a product with the transposed weights. */
export const exportLinear: Exporter = within(summable, (node) => {
  const quantization = parseQuantization('linear', node.attributes);
  const x = quantization === undefined ? node.input(0) : codesOf(node.input(0), quantization);
  const [w, b] = [node.input(1), node.optional(2)];
  if (node.sizes(0).length === 2 && isFloat(node.dtype)) return call('Gemm', [x, w, b], { transB: 1 });
  const product = call('MatMul', [x, transpose(w, [1, 0])]);
  return b === undefined ? product : call('Add', [product, b]);
});

/** softmax(scale q k^T + mask) v */
export const exportAttention: Exporter = (node) => {
  const [q, k, v, mask] = [node.input(0), node.input(1), node.input(2), node.optional(3)];
  const scores = scaled(node, call('MatMul', [q, transposeLast(k, node.sizes(1).length)]));
  const masked = mask === undefined ? scores : call('Add', [scores, mask]);
  return call('MatMul', [call('Softmax', [masked], { axis: -1 }), v]);
};

function scaled(node: ExportedNode, product: Call): Call {
  const scale = node.attributes.number('scale');
  return scale === 1 ? product : call('Mul', [product, node.scalar(scale)]);
}

function transposeLast(x: Term, rank: number): Call {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return transpose(x, [...axes.slice(0, -2), rank - 1, rank - 2]);
}
