import type { Graph } from '../ir/graph.ts';
import { type Rule, rebuild } from '../rewrite/rebuild.ts';
import { tensorOf } from '../tensor/convert.ts';
import { expandConvTranspose } from './expand-conv-transpose.ts';

/** Ops that run best as several kernels, spelt out: each part then meets its own template. */
export const expandComposites = (graph: Graph): Graph => rebuild(graph, [expandAttention, expandConvTranspose]).graph;

/** softmax(scale q k^T + mask) v; scale and mask join the epilogue of the first product. */
const expandAttention: Rule = ({ node, inputs }, rewriter) => {
  const [q, k, v, mask] = inputs;
  if (node.op !== 'attention' || q === undefined || k === undefined || v === undefined) return undefined;
  const { dtype, shape } = rewriter.typeOf(k);
  const rank = shape.length;
  const perm = shape.map((_, d) => (d === rank - 1 ? rank - 2 : d === rank - 2 ? rank - 1 : d));
  const product = rewriter.add('matmul', [q, rewriter.add('transpose', [k], { perm }, node.name)], {}, node.name);
  const scale = Number(node.attributes.scale);
  const scaled =
    scale === 1
      ? product
      : rewriter.add('mul', [product, rewriter.constant(tensorOf(dtype, [], [scale]))], {}, node.name);
  const masked = mask === undefined ? scaled : rewriter.add('add', [scaled, mask], {}, node.name);
  const scores = rewriter.add('softmax', [masked], { axis: rewriter.typeOf(masked).shape.length - 1 }, node.name);
  return [rewriter.add('matmul', [scores, v], {}, node.name)];
};
