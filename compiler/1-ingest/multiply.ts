import type { ValueId } from '../ir/graph.ts';
import type { Emitter } from './emitter.ts';

/** a by b; with a known matrix on the right, a linear layer over its transpose, which takes a bias. */
export function multiply(e: Emitter, a: ValueId, b: ValueId, bias?: ValueId): ValueId {
  const isLayer = e.known(b) !== undefined && e.rank(b) === 2 && e.known(a) === undefined;
  if (isLayer && e.rank(a) > 0) {
    const weight = e.transpose(b, [1, 0]);
    return e.emit('linear', bias === undefined ? [a, weight] : [a, weight, bias]);
  }
  const product = e.emit('matmul', [a, b]);
  return bias === undefined ? product : e.emit('add', [product, bias]);
}
