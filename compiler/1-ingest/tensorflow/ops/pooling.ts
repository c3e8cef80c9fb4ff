import { pool } from '../pooling.ts';
import type { OpImporter } from './op-node.ts';

export const importPool =
  (kind: 'max' | 'average'): OpImporter =>
  (node) => {
    const rank = node.rank(node.input(0));
    return pool(node, node.input(0), kind, node.spatial('ksize', rank), node.sliding(rank));
  };
