import { OpError } from '../../../ops/op.ts';
import { Unsupported } from '../../refusals.ts';
import { asFormat, imageOf } from '../convolution.ts';
import { resizeImage } from '../resize.ts';
import type { LayerCall, LayerImporter } from './layer.ts';

const count = (sizes: readonly number[]): number => sizes.reduce((product, size) => product * size, 1);

/** Keras flattens in the order of channels last, whichever the format. */
export const importFlatten: LayerImporter = (layer) => {
  const x = layer.format === 'first' ? layer.channelsLast(layer.x) : layer.x;
  const [batch = 0, ...rest] = layer.sizes(x);
  return layer.reshape(x, [batch, count(rest)]);
};

/** target_shape without the batch; one size may be left open. */
export const importReshape: LayerImporter = (layer) => {
  const [batch = 0, ...rest] = layer.sizes(layer.x);
  const target = layer.config.list('target_shape').map((size) => (typeof size === 'number' && size >= 0 ? size : -1));
  const known = count(target.filter((size) => size >= 0));
  const open = target.filter((size) => size < 0).length;
  const shape = target.map((size) => (size >= 0 ? size : count(rest) / known));
  if (open > 1 || !shape.every(Number.isInteger)) {
    throw new OpError(`target_shape [${target.join(',')}] for [${rest.join(',')}]`);
  }
  return layer.reshape(layer.x, [batch, ...shape]);
};

/** dims count from 1, the batch being 0. */
export const importPermute: LayerImporter = (layer) =>
  layer.transpose(layer.x, layer.axesOf([0, ...layer.config.numbers('dims')], layer.rank(layer.x)));

/** Begins and ends of both spatial dimensions: one number, one for each dimension, or two for each. */
function borders(layer: LayerCall, name: string): [number, number, number, number] {
  const value = layer.config.value(name);
  const both = Array.isArray(value) ? value : [value, value];
  const [[top, bottom], [left, right]] = [pairOf(both[0]), pairOf(both[1])];
  if (both.length !== 2 || ![top, bottom, left, right].every((n) => Number.isInteger(n) && n >= 0)) {
    throw new OpError(`${name} is ${JSON.stringify(value)}`);
  }
  return [top, bottom, left, right];
}

const pairOf = (value: unknown): [number, number] => {
  const [begin, end]: unknown[] = Array.isArray(value) ? value : [value, value];
  return [Number(begin), Number(end)];
};

export const importZeroPadding2D: LayerImporter = (layer) => {
  const [top, bottom, left, right] = borders(layer, 'padding');
  const image = imageOf(layer, requireImage(layer), layer.format);
  const pads = [0, 0, top, left, 0, 0, bottom, right];
  return asFormat(layer, layer.emit('pad', [image], { pads }), layer.format);
};

export const importCropping2D: LayerImporter = (layer) => {
  const [top, bottom, left, right] = borders(layer, 'cropping');
  const image = imageOf(layer, requireImage(layer), layer.format);
  const pads = [0, 0, -top, -left, 0, 0, -bottom, -right];
  return asFormat(layer, layer.emit('pad', [image], { pads }), layer.format);
};

/** Bilinear as TensorFlow.js does it, corner on corner: Keras takes the centres of pixels. */
export const importUpSampling2D: LayerImporter = (layer) => {
  const factors = layer.perDimension('size', 2, 2);
  const interpolation = layer.config.string('interpolation', 'nearest');
  if (interpolation !== 'nearest' && interpolation !== 'bilinear') {
    throw new Unsupported(`interpolation is "${interpolation}"`);
  }
  const image = imageOf(layer, requireImage(layer), layer.format);
  const space = layer
    .sizes(image)
    .slice(2)
    .map((size, i) => size * (factors[i] ?? 1));
  const y = resizeImage(layer, image, space, { mode: interpolation, alignCorners: false, halfPixelCenters: false });
  return asFormat(layer, y, layer.format);
};

function requireImage(layer: LayerCall): number {
  if (layer.rank(layer.x) === 4) return layer.x;
  throw new OpError(`x must have rank 4, not [${layer.sizes(layer.x).join(',')}]`);
}
