import { Unsupported } from '../../refusals.ts';
import { activate } from '../activations.ts';
import type { LayerImporter } from './layer.ts';

/** Layers that change every element by itself. */

export const importActivation: LayerImporter = (layer) => activate(layer, layer.x, layer.config.string('activation'));

export const importELU: LayerImporter = (layer) =>
  layer.pointwise('elu', [layer.x], { alpha: layer.config.number('alpha', 1) });

export const importLeakyReLU: LayerImporter = (layer) =>
  layer.pointwise('leakyRelu', [layer.x], { alpha: layer.config.number('alpha', 0.3) });

export const importPReLU: LayerImporter = (layer) => layer.pointwise('prelu', [layer.x, layer.weight('alpha')]);

/** A slope below the threshold and a threshold other than 0 are of Keras, and unknown to TensorFlow.js. */
export const importReLU: LayerImporter = (layer) => {
  for (const name of ['threshold', 'negative_slope']) {
    if (layer.config.number(name, 0) !== 0) throw new Unsupported(`${name} is ${layer.config.number(name)}`);
  }
  if (!layer.config.has('max_value')) return layer.pointwise('relu', [layer.x]);
  return layer.pointwise('clip', [layer.x], { min: 0, max: layer.config.number('max_value') });
};

/** Along one axis, or over several together. */
export const importSoftmax: LayerImporter = (layer) => {
  const rank = layer.rank(layer.x);
  const axes = layer.axesOf(layer.config.has('axis') ? layer.config.numbers('axis') : [-1], rank);
  const [axis] = axes;
  if (axes.length === 1 && axis !== undefined) {
    return layer.alongAxes('softmax', [layer.x], (order) => ({ axis: order.at(axis) }));
  }
  const total = layer.emit('reduce', [layer.x], { kind: 'logSumExp', axes, keepDims: true });
  return layer.emit('exp', [layer.emit('sub', [layer.x, total])]);
};

export const importThresholdedReLU: LayerImporter = (layer) =>
  layer.pointwise('thresholdedRelu', [layer.x], { alpha: layer.config.number('theta', 1) });

/** x scale + offset. */
export const importRescaling: LayerImporter = (layer) => {
  const scaled = layer.pointwise('mul', [layer.x, layer.scalar('float32', layer.config.number('scale'))]);
  return layer.pointwise('add', [scaled, layer.scalar('float32', layer.config.number('offset', 0))]);
};

/** x where a position holds anything but the value; the mask itself serves layers that lcc does not compile. */
export const importMasking: LayerImporter = (layer) => {
  const value = layer.scalar('float32', layer.config.number('mask_value', 0));
  const rank = layer.rank(layer.x);
  const isOther = layer.emit('not', [layer.emit('equal', [layer.x, value])]);
  const isKept = layer.emit('reduce', [isOther], { kind: 'max', axes: [rank - 1], keepDims: true });
  return layer.emit('mul', [layer.x, layer.emit('cast', [isKept], { to: 'float32' })]);
};
