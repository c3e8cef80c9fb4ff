import { OpError } from '../../../ops/op.ts';
import type { Importer } from '../node.ts';

/** Gather and GatherElements. */
const along =
  (op: 'gather' | 'gatherElements'): Importer =>
  (node) => {
    const x = node.input(0);
    return node.emit(op, [x, node.input(1)], { axis: node.axisOf(node.int('axis', 0), node.rank(x)) });
  };

export const importGather = along('gather');
export const importGatherElements = along('gatherElements');

export const importGatherND: Importer = (node) =>
  node.emit('gatherND', [node.input(0), node.input(1)], { batchDims: node.int('batch_dims', 0) });

export const importOneHot: Importer = (node) => {
  const indices = node.input(0);
  const depth = node.knownNumber(1, 'depth');
  if (depth === undefined) throw new OpError('OneHot needs its depth');
  const axis = node.axisOf(node.int('axis', -1), node.rank(indices) + 1);
  return node.emit('oneHot', [indices, node.input(2)], { depth: Math.trunc(depth), axis });
};
