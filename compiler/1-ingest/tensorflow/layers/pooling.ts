import { pool, poolGlobally } from '../pooling.ts';
import type { LayerImporter } from './layer.ts';

/** Windows of pool_size; strides are as long as these where none are given. */
export const importPooling =
  (kind: 'max' | 'average', rank: number): LayerImporter =>
  (layer) => {
    const kernel = layer.perDimension('pool_size', rank, 2);
    const strides = layer.config.has('strides') ? layer.perDimension('strides', rank) : kernel;
    const { padding, format } = layer;
    return pool(layer, layer.x, kind, kernel, { strides, dilations: kernel.map(() => 1), padding, format });
  };

export const importGlobalPooling =
  (kind: 'max' | 'mean'): LayerImporter =>
  (layer) =>
    poolGlobally(layer, layer.x, kind, layer.format, layer.config.boolean('keepdims', false));
