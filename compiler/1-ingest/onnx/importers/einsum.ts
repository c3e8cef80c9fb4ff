import { einsum } from '../../einsum.ts';
import type { Importer } from '../node.ts';

export const importEinsum: Importer = (node) => einsum(node, node.string('equation', ''), node.allInputs());
