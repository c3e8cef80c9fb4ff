import { tensorType } from '../tensor/tensor.ts';
import { given } from './given.ts';
import { defineOp, OpError } from './op.ts';
import { requireLength } from './requirements.ts';

/** Dimension i of the output is dimension perm[i] of x. */
export const transpose = defineOp('transpose', {
  class: 'movement',
  tolerance: 'exact',
  inputs: ['x'],
  parse: (a) => ({ perm: a.numbers('perm') }),
  infer([x], { perm }) {
    requireLength('transpose', 'perm', perm, x.shape.length);
    if (!x.shape.every((_, i) => perm.includes(i))) {
      throw new OpError(`transpose: perm [${perm.join(',')}] is not a permutation of 0..${x.shape.length - 1}`);
    }
    return tensorType(
      x.dtype,
      perm.map((p) => given(x.shape[p])),
    );
  },
  meaning: ([x], axes, { perm }) => x.at(x.sizes.map((_, d) => given(axes[perm.indexOf(d)]))),
});
