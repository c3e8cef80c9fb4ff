import type { Importer } from '../node.ts';

/**
 * From opset 13 on along one axis (default: the last); before, over all dimensions from `axis` (default: 1) on as if they
 * were one.
 */
const along =
  (op: 'softmax' | 'logSoftmax' | 'hardmax'): Importer =>
  (node) => {
    const x = node.input(0);
    const sizes = node.sizes(x);
    const isSingle = node.opset >= 13;
    const axis = node.axisOf(node.int('axis', isSingle ? -1 : 1), Math.max(1, sizes.length));
    if (isSingle || sizes.slice(axis + 1).every((size) => size === 1)) return node.emit(op, [x], { axis });
    const size = (list: readonly number[]) => list.reduce((product, s) => product * s, 1);
    const rows = node.reshape(x, [size(sizes.slice(0, axis)), size(sizes.slice(axis))]);
    return node.reshape(node.emit(op, [rows], { axis: 1 }), sizes);
  };

export const importSoftmax = along('softmax');
export const importLogSoftmax = along('logSoftmax');
export const importHardmax = along('hardmax');
