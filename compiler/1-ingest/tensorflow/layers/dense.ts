import type { ValueId } from '../../../ir/graph.ts';
import { multiply } from '../../multiply.ts';
import { activate } from '../activations.ts';
import type { LayerImporter } from './layer.ts';

/** x [..., K] by kernel [K, N]. */
export const importDense: LayerImporter = (layer) => {
  const bias = layer.optionalWeight('bias', 'use_bias');
  return activate(layer, multiply(layer, layer.x, layer.weight('kernel'), bias), layer.activation);
};

/** Rows of a table; indices may come as floats, which TensorFlow.js cuts to integers. */
export const importEmbedding: LayerImporter = (layer) => {
  const indices = layer.type(layer.x).dtype === 'int32' ? layer.x : layer.emit('cast', [layer.x], { to: 'int32' });
  return layer.emit('gather', [layer.weight('embeddings'), indices], { axis: 0 });
};

/** x [N, C] as [N, n, C]. */
export const importRepeatVector: LayerImporter = (layer): ValueId => {
  const [batch = 0, features = 0] = layer.sizes(layer.x);
  const row = layer.reshape(layer.x, [batch, 1, features]);
  return layer.expand(row, [batch, layer.config.number('n'), features]);
};
