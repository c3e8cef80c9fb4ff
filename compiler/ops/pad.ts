import { constant } from '../kernel/expr.ts';
import { addIndex, type Indexable } from '../kernel/index-expr.ts';
import { elementCount } from '../tensor/shape.ts';
import { printType, tensorType } from '../tensor/tensor.ts';
import { given } from './given.ts';
import { defineOp, OpError } from './op.ts';
import { listedIndex } from './position-list.ts';
import { requireIntegers, requireLength, requireOneOf } from './requirements.ts';

const modes = ['constant', 'reflect', 'edge', 'wrap'] as const;
type Mode = (typeof modes)[number];

/** Pads (begin of every dimension, then end) around x; negative ones crop (ONNX Pad). */
export const pad = defineOp('pad', {
  class: 'movement',
  tolerance: 'exact',
  inputs: ['x'],
  parse: (a) => ({
    pads: a.numbers('pads'),
    mode: requireOneOf('pad', 'mode', a.string('mode', 'constant'), modes),
    value: a.number('value', 0),
  }),
  infer([x], { pads, mode }) {
    const rank = x.shape.length;
    requireLength('pad', 'pads', pads, 2 * rank);
    requireIntegers('pad', 'pads', pads);
    const shape = x.shape.map((d, i) => {
      const size = d.size + given(pads[i]) + given(pads[i + rank]);
      if (size < 0) throw new OpError(`pad: pads [${pads.join(',')}] crop more than dimension ${i} of ${printType(x)}`);
      if (d.size === 0 && size > 0 && mode !== 'constant') {
        throw new OpError(`pad: ${mode} has nothing to repeat along dimension ${i} of ${printType(x)}`);
      }
      return size === d.size ? d : { size };
    });
    return tensorType(x.dtype, shape);
  },
  meaning([x], axes, { pads, mode, value }) {
    if (elementCount(x.type.shape) === 0) return constant(x.type.dtype, value);
    if (mode === 'constant') {
      return x.at(
        axes.map((a, i) => addIndex(a, -given(pads[i]))),
        value,
      );
    }
    return x.at(
      axes.map((a, i): Indexable => {
        const size = given(x.sizes[i]);
        return listedIndex(paddedPositions(mode, given(pads[i]), a.extent.size, size), a, size);
      }),
    );
  },
});

/** Positions in [0, size) of what stands at each of `outputs` positions, the first of which is `begin` before x. */
export const paddedPositions = (
  mode: Exclude<Mode, 'constant'>,
  begin: number,
  outputs: number,
  size: number,
): number[] => Array.from({ length: outputs }, (_, o) => sourceOf(mode, o - begin, size));

/** Position in [0, size) that `position` outside it repeats. */
function sourceOf(mode: Exclude<Mode, 'constant'>, position: number, size: number): number {
  const modulo = (by: number): number => ((position % by) + by) % by;
  switch (mode) {
    case 'edge':
      return Math.min(Math.max(position, 0), size - 1);
    case 'wrap':
      return modulo(size);
    case 'reflect': {
      if (size === 1) return 0;
      const folded = modulo(2 * (size - 1));
      return folded < size ? folded : 2 * (size - 1) - folded;
    }
    default:
      return mode satisfies never;
  }
}
