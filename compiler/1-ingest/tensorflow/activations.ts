import type { ValueId } from '../../ir/graph.ts';
import type { Attributes, OpName } from '../../ops/index.ts';
import { Unsupported } from '../refusals.ts';
import type { ImageEmitter } from './image-emitter.ts';

type Activate = (e: ImageEmitter, x: ValueId) => ValueId;

const pointwise =
  (op: OpName, attributes: Attributes = {}): Activate =>
  (e, x) =>
    e.pointwise(op, [x], attributes);

/** Along the last axis. */
const alongLast =
  (op: 'softmax' | 'logSoftmax'): Activate =>
  (e, x) =>
    e.alongAxes(op, [x], (order) => ({ axis: order.at(e.rank(x) - 1) }));

/** Without underscores and in small letters: Keras and TensorFlow.js spell them differently. */
const activations: Readonly<Record<string, Activate>> = {
  elu: pointwise('elu'),
  exponential: pointwise('exp'),
  gelu: pointwise('gelu'),
  gelunew: pointwise('gelu', { approximate: 'tanh' }),
  hardsigmoid: pointwise('hardSigmoid'),
  linear: (_, x) => x,
  logsoftmax: alongLast('logSoftmax'),
  mish: pointwise('mish'),
  relu: pointwise('relu'),
  relu6: pointwise('clip', { min: 0, max: 6 }),
  selu: pointwise('selu'),
  sigmoid: pointwise('sigmoid'),
  silu: pointwise('silu'),
  softmax: alongLast('softmax'),
  softplus: pointwise('softplus'),
  softsign: pointwise('softsign'),
  swish: pointwise('silu'),
  tanh: pointwise('tanh'),
};

/** @throws Unsupported for a name that lcc does not know */
export function activate(e: ImageEmitter, x: ValueId, name: string): ValueId {
  const key = name.replaceAll('_', '').toLowerCase();
  const activation = Object.hasOwn(activations, key) ? activations[key] : undefined;
  if (activation === undefined) throw new Unsupported(`its activation is "${name}"`);
  return activation(e, x);
}
