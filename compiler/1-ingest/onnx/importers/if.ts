import { OpError } from '../../../ops/op.ts';
import type { Importer } from '../node.ts';

/** The branch taken, in place; the condition must be known at build time. */
export const importIf: Importer = (node) => {
  const condition = node.knownNumber(0, 'the branch to take');
  if (condition === undefined) throw new OpError('If needs its condition');
  return node.inline(node.graph(condition !== 0 ? 'then_branch' : 'else_branch'));
};
