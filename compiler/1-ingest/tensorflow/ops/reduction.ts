import { activate } from '../activations.ts';
import { reduceAxes } from '../pooling.ts';
import type { OpImporter } from './op-node.ts';

/** Over the axes of input 1; All and Any are the least and the largest of booleans. */
export const importReduction =
  (kind: 'mean' | 'max' | 'min' | 'sum' | 'prod' | 'l2'): OpImporter =>
  (node) => {
    const x = node.input(0);
    const axes = node.axesOf(node.knownNumbers(1, 'the axes'), node.rank(x));
    if (axes.length === 0) return x;
    return reduceAxes(node, x, kind, axes, node.attributes.flag('keep_dims'));
  };

/** Positions as TensorFlow.js counts them, in 32 bits. */
export const importArgReduction =
  (kind: 'max' | 'min'): OpImporter =>
  (node) => {
    const x = node.input(0);
    const axis = node.axisOf(node.knownNumber(1, 'the axis'), node.rank(x));
    const position = node.emit('argReduce', [x], { kind, axis, keepDims: false });
    return node.emit('cast', [position], { to: 'int32' });
  };

export const importCumsum: OpImporter = (node) => {
  const x = node.input(0);
  return node.emit('cumSum', [x], {
    axis: node.axisOf(node.knownNumber(1, 'the axis'), node.rank(x)),
    exclusive: node.attributes.flag('exclusive'),
    reverse: node.attributes.flag('reverse'),
  });
};

export const importSoftmax: OpImporter = (node) => activate(node, node.input(0), 'softmax');
export const importLogSoftmax: OpImporter = (node) => activate(node, node.input(0), 'logSoftmax');
