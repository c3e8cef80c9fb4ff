import { OpError } from '../../../ops/op.ts';
import { numbersOf } from '../../../tensor/convert.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import type { Importer } from '../node.ts';

/** Gather and GatherElements. */
const along =
  (op: 'gather' | 'gatherElements'): Importer =>
  (node) => {
    const [x, indices] = [node.input(0), node.input(1)];
    const axis = node.axisOf(node.int('axis', 0), node.rank(x));
    requireInside(node.known(indices), node.sizes(x)[axis] ?? 0);
    return node.emit(op, [x, indices], { axis });
  };

/** Known indices are checked here; others are clamped when the model runs. */
function requireInside(indices: Tensor | undefined, size: number): void {
  const wrong = indices && numbersOf(indices).find((index) => index < -size || index >= size);
  if (wrong !== undefined) throw new OpError(`index ${wrong} in a dimension of ${size}`);
}

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
