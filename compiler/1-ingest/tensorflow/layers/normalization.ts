import type { ValueId } from '../../../ir/graph.ts';
import { OpError } from '../../../ops/op.ts';
import { normaliseBatch } from '../normalization.ts';
import type { LayerCall, LayerImporter } from './layer.ts';

const fallbackEpsilon = 1e-3;

/** One axis, which early versions write as a list. */
function axisOf(layer: LayerCall): number {
  const rank = layer.rank(layer.x);
  const [axis = -1, ...rest] = layer.config.has('axis') ? layer.config.numbers('axis') : [-1];
  if (rest.length > 0) throw new OpError('axis is a list of several');
  return layer.axisOf(axis, rank);
}

const filled = (layer: LayerCall, size: number, value: number): ValueId =>
  layer.numbers('float32', [size], new Array<number>(size).fill(value));

export const importBatchNormalization: LayerImporter = (layer) => {
  const axis = axisOf(layer);
  const channels = layer.sizes(layer.x)[axis] ?? 0;
  const scale = layer.optionalWeight('gamma', 'scale') ?? filled(layer, channels, 1);
  const offset = layer.optionalWeight('beta', 'center') ?? filled(layer, channels, 0);
  const statistics = [layer.weight('moving_mean'), layer.weight('moving_variance')];
  const epsilon = layer.config.number('epsilon', fallbackEpsilon);
  return normaliseBatch(layer, layer.x, [scale, offset, ...statistics], axis, epsilon);
};

/** Over the axes named, each of which has its own scale and offset; here these must be the last ones. */
export const importLayerNormalization: LayerImporter = (layer) => {
  const sizes = layer.sizes(layer.x);
  const axes = layer.config.has('axis') ? layer.config.numbers('axis') : [-1];
  const sorted = layer.axesOf(axes, sizes.length).sort((a, b) => a - b);
  const [first = 0] = sorted;
  const isTail = sorted.every((axis, i) => axis === first + i) && first + sorted.length === sizes.length;
  const rest = sizes.map((_, i) => i).filter((i) => !sorted.includes(i));
  const perm = [...rest, ...sorted];
  const x = isTail ? layer.x : layer.transpose(layer.x, perm);
  const shape = sorted.map((axis) => sizes[axis] ?? 0);
  const scale =
    layer.optionalWeight('gamma', 'scale') ??
    layer.numbers('float32', shape, new Array<number>(shape.reduce((a, b) => a * b, 1)).fill(1));
  const offset = layer.optionalWeight('beta', 'center');
  const y = layer.emit('layerNorm', offset === undefined ? [x, scale] : [x, scale, offset], {
    axis: rest.length,
    epsilon: layer.config.number('epsilon', fallbackEpsilon),
  });
  return isTail
    ? y
    : layer.transpose(
        y,
        perm.map((_, i) => perm.indexOf(i)),
      );
};
