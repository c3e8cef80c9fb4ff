import { OpError } from '../../../ops/op.ts';
import { normaliseBatch } from '../normalization.ts';
import type { OpImporter } from './op-node.ts';

/** Inputs: x, scale, offset, mean, variance. Only y is a result here: the others are for training. */
export const importFusedBatchNorm: OpImporter = (node) => {
  const [x, ...parameters] = node.inputs;
  if (x === undefined || parameters.length !== 4) throw new OpError(`it takes 5 inputs, not ${node.inputs.length}`);
  const axis = node.format === 'last' ? node.rank(x) - 1 : 1;
  return normaliseBatch(node, x, parameters, axis, node.attributes.float('epsilon', 1e-3));
};

/** x / (bias + alpha * sum of squares over 2 radius + 1 channels)^beta; lcc's lrn divides alpha by their number. */
export const importLRN: OpImporter = (node) => {
  const size = 2 * node.attributes.int('depth_radius', 5) + 1;
  const image = node.channelsFirst(node.input(0));
  const y = node.emit('lrn', [image], {
    size,
    alpha: node.attributes.float('alpha', 1) * size,
    beta: node.attributes.float('beta', 0.5),
    bias: node.attributes.float('bias', 1),
  });
  return node.channelsLast(y);
};
