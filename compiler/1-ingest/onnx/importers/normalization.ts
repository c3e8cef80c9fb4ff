import type { ValueId } from '../../../ir/graph.ts';
import { OpError } from '../../../ops/op.ts';
import { type Importer, type OnnxNode, Unsupported } from '../node.ts';

const range = (start: number, end: number): number[] => Array.from({ length: end - start }, (_, i) => start + i);

export const importBatchNormalization: Importer = (node) => {
  if (node.flag('training_mode')) throw new Unsupported('training_mode is 1');
  if (!node.flag('spatial', true)) throw new Unsupported('spatial is 0');
  for (let i = 1; i < node.outputCount; i++) {
    if (node.isUsed(i)) throw new Unsupported(`output ${i} is for training`);
  }
  const [x, scale, bias, mean, variance] = [0, 1, 2, 3, 4].map((i) => node.input(i));
  if (x === undefined || scale === undefined || bias === undefined || mean === undefined || variance === undefined) {
    throw new OpError('BatchNormalization needs five inputs');
  }
  return node.emit('batchNorm', [x, scale, bias, mean, variance], { epsilon: node.float('epsilon', 1e-5) });
};

/** Scale and bias are broadcast to the dimensions from `axis` on. Outputs 1 and 2: mean and 1 / standard deviation. */
export const importLayerNormalization: Importer = (node) => {
  const x = node.input(0);
  const rank = node.rank(x);
  const axis = node.axisOf(node.int('axis', -1), rank);
  const epsilon = node.float('epsilon', 1e-5);
  const normal = node.sizes(x).slice(axis);
  const scale = node.expand(node.input(1), normal);
  const bias = node.optional(2);
  const inputs = bias === undefined ? [x, scale] : [x, scale, node.expand(bias, normal)];
  const y = node.emit('layerNorm', inputs, { axis, epsilon });
  if (!node.isUsed(1) && !node.isUsed(2)) return y;
  const { mean, deviation } = statistics(node, x, range(axis, rank), epsilon);
  return [y, mean, node.emit('reciprocal', [deviation])];
};

/** Mean and sqrt(variance + epsilon) over some axes, which stay with size 1. */
function statistics(node: OnnxNode, x: ValueId, axes: readonly number[], epsilon: number) {
  const average = (id: ValueId) => node.emit('reduce', [id], { kind: 'mean', axes, keepDims: true });
  const mean = average(x);
  const centred = node.emit('sub', [x, mean]);
  const variance = average(node.emit('mul', [centred, centred]));
  const shifted = node.emit('add', [variance, node.scalar(node.type(x).dtype, epsilon)]);
  return { mean, centred, deviation: node.emit('sqrt', [shifted]) };
}

export const importRmsNormalization: Importer = (node) => {
  const x = node.input(0);
  const axis = node.axisOf(node.int('axis', -1), node.rank(x));
  const scale = node.expand(node.input(1), node.sizes(x).slice(axis));
  return node.emit('rmsNorm', [x, scale], { axis, epsilon: node.float('epsilon', 1e-5) });
};

export const importInstanceNormalization: Importer = (node) => {
  const x = node.input(0);
  const groups = node.sizes(x)[1];
  if (groups === undefined) throw new OpError(`x has rank ${node.rank(x)}, it needs channels`);
  const epsilon = node.float('epsilon', 1e-5);
  return node.emit('groupNorm', [x, node.input(1), node.input(2)], { groups, epsilon });
};

/** Scale and bias are per group in opset 18, per channel from 21 on. */
export const importGroupNormalization: Importer = (node) => {
  const x = node.input(0);
  const channels = node.sizes(x)[1] ?? 0;
  const groups = node.int('num_groups', 0);
  if (groups < 1 || channels % groups !== 0) throw new OpError(`${channels} channels do not make ${groups} groups`);
  const perChannel = (id: ValueId) => {
    if (node.opset >= 21) return id;
    const columns = node.expand(node.reshape(id, [groups, 1]), [groups, channels / groups]);
    return node.reshape(columns, [channels]);
  };
  const inputs = [x, perChannel(node.input(1)), perChannel(node.input(2))];
  return node.emit('groupNorm', inputs, { groups, epsilon: node.float('epsilon', 1e-5) });
};

/** (x - mean) / (sqrt(mean of squares - square of mean) + 1e-9) */
export const importMeanVarianceNormalization: Importer = (node) => {
  const x = node.input(0);
  const axes = node.axesOf(node.ints('axes') ?? [0, 2, 3], node.rank(x)).sort((a, b) => a - b);
  const { centred, deviation } = statistics(node, x, axes, 0);
  return node.emit('div', [centred, node.emit('add', [deviation, node.scalar(node.type(x).dtype, 1e-9)])]);
};

/** x / norm; a row of zeros stays zero. */
export const importLpNormalization: Importer = (node) => {
  const x = node.input(0);
  const p = node.int('p', 2);
  if (p !== 1 && p !== 2) throw new Unsupported(`p is ${p}`);
  const axis = node.axisOf(node.int('axis', -1), node.rank(x));
  const norm = node.emit('reduce', [x], { kind: p === 1 ? 'l1' : 'l2', axes: [axis], keepDims: true });
  const { dtype } = node.type(x);
  const smallest = node.scalar(dtype, dtype === 'float16' ? 2 ** -14 : 2 ** -126);
  return node.emit('div', [x, node.emit('max', [norm, smallest])]);
};
