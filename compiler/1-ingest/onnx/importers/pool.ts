import type { ValueId } from '../../../ir/graph.ts';
import { OpError } from '../../../ops/op.ts';
import type { Importer, OnnxNode } from '../node.ts';
import { readAutoPad, readWindow } from './window.ts';

function poolAttributes(node: OnnxNode, x: ValueId) {
  const kernel = node.ints('kernel_shape');
  if (kernel === undefined) throw new OpError(`${node.op} needs the attribute "kernel_shape"`);
  const window = readWindow(node, node.sizes(x).slice(2), kernel);
  // SAME_* fixes the output size, so there is nothing left to round.
  const isRounding = readAutoPad(node) === 'NOTSET' || readAutoPad(node) === 'VALID';
  return { ...window, ceilMode: isRounding && node.flag('ceil_mode') };
}

export const importMaxPool: Importer = (node) => {
  const x = node.input(0);
  const attributes = poolAttributes(node, x);
  const y = node.emit('maxPool', [x], attributes);
  if (!node.isUsed(1)) return y;
  return [y, node.emit('maxPoolIndices', [x], { ...attributes, storageOrder: node.int('storage_order', 0) })];
};

export const importAveragePool: Importer = (node) => {
  const x = node.input(0);
  return node.emit('averagePool', [x], {
    ...poolAttributes(node, x),
    countIncludePad: node.flag('count_include_pad'),
  });
};

export const importLpPool: Importer = (node) => {
  const x = node.input(0);
  return node.emit('lpPool', [x], { ...poolAttributes(node, x), p: node.int('p', 2) });
};

const globalReduce =
  (kind: 'mean' | 'max'): Importer =>
  (node) => {
    const x = node.input(0);
    return node.emit('reduce', [x], { kind, axes: spatialAxes(node, x), keepDims: true });
  };

export const importGlobalAveragePool = globalReduce('mean');
export const importGlobalMaxPool = globalReduce('max');

export const importGlobalLpPool: Importer = (node) => {
  const x = node.input(0);
  const p = node.int('p', 2);
  if (p === 1 || p === 2) {
    return node.emit('reduce', [x], { kind: p === 1 ? 'l1' : 'l2', axes: spatialAxes(node, x), keepDims: true });
  }
  const kernel = node.sizes(x).slice(2);
  const ones = kernel.map(() => 1);
  return node.emit('lpPool', [x], { kernel, strides: ones, dilations: ones, pads: kernel.flatMap(() => [0, 0]), p });
};

const spatialAxes = (node: OnnxNode, x: ValueId): number[] =>
  node
    .sizes(x)
    .map((_, axis) => axis)
    .slice(2);
