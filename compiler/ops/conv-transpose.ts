import { add, type Expr, type Guard, mul, reduce } from '../kernel/expr.ts';
import {
  type Axis,
  addIndex,
  divIndex,
  type Index,
  makeAxis,
  modIndex,
  scaleIndex,
  toIndex,
} from '../kernel/index-expr.ts';
import { dim } from '../tensor/shape.ts';
import { printType, type TensorType, tensorType } from '../tensor/tensor.ts';
import { given } from './given.ts';
import { defineOp, OpError } from './op.ts';
import {
  requireFamily,
  requireIntegers,
  requireLength,
  requireRank,
  requireSameDType,
  requireSizes,
} from './requirements.ts';
import { makeWindow, parseWindow, type Window, type WindowAttributes } from './window.ts';

const windowOf = (x: TensorType, w: TensorType, attributes: WindowAttributes): Window =>
  makeWindow(
    'convTranspose',
    x,
    w.shape.slice(2).map((d) => d.size),
    attributes,
  );

/** x [N, C, space...], w [C, M / group, kernel...], b [M] -> [N, M, space...] (ONNX ConvTranspose). */
export const convTranspose = defineOp('convTranspose', {
  class: 'contraction',
  tolerance: 'rounding',
  inputs: ['x', 'w', 'b?'],
  parse: (a) => ({ ...parseWindow(a), outputPadding: a.numbers('outputPadding', []), group: a.number('group', 1) }),
  infer([x, w, b], attributes) {
    const { group, outputPadding } = attributes;
    requireFamily('convTranspose', 'x', x, 'float');
    requireSameDType('convTranspose', b === undefined ? [x, w] : [x, w, b]);
    requireRank('convTranspose', 'x', x, 3);
    requireRank('convTranspose', 'w', w, x.shape.length, x.shape.length);
    requireIntegers('convTranspose', 'group', [group], 1);
    const channels = given(x.shape[1]).size;
    if (channels !== given(w.shape[0]).size || channels % group !== 0) {
      throw new OpError(`convTranspose: ${printType(x)} and w ${printType(w)} do not fit in ${group} groups`);
    }
    const m = given(w.shape[1]).size * group;
    if (b !== undefined) requireSizes('convTranspose', 'b', b, [m]);
    const window = windowOf(x, w, attributes);
    if (outputPadding.length > 0) requireLength('convTranspose', 'outputPadding', outputPadding, window.kernel.length);
    requireIntegers('convTranspose', 'outputPadding', outputPadding, 0);
    return tensorType(x.dtype, [
      given(x.shape[0]),
      dim(m),
      ...x.shape.slice(2).map((d, i) => dim(transposedSize(x, window, i, d.size) + (outputPadding[i] ?? 0))),
    ]);
  },
  meaning([x, w, b], axes, attributes) {
    const { group } = attributes;
    const window = windowOf(x.type, w.type, attributes);
    const [n, m] = [given(axes[0]), given(axes[1])];
    const perGroup = given(x.sizes[1]) / group;
    const outPerGroup = Math.max(1, given(w.sizes[1]));
    const isGrouped = group > 1;
    const c = isGrouped && perGroup === 1 ? [] : [makeAxis('c', dim(perGroup))];
    const firstOfGroup = scaleIndex(divIndex(m, outPerGroup), perGroup);
    const channel = isGrouped ? addIndex(firstOfGroup, ...c) : toIndex(given(c[0]));
    const taps = axes.slice(2).map((o, i) => tap(window, o, i));
    const source = x.at([n, channel, ...taps.map((t) => t.x)], 0);
    const weight = w.at([channel, isGrouped ? modIndex(m, outPerGroup) : m, ...taps.map((t) => t.w)], 0);
    const guards = taps.flatMap((t) => t.guards);
    const sum = reduce('sum', [...c, ...taps.map((t) => t.axis)], mul(withGuards(source, guards), weight));
    return b === undefined ? sum : add(sum, b.at([m]));
  },
});

function transposedSize(x: TensorType, window: Window, i: number, size: number): number {
  const [k, s, dilation] = [given(window.kernel[i]), given(window.strides[i]), given(window.dilations[i])];
  const pads = given(window.begins[i]) + given(window.ends[i]);
  const result = (size - 1) * s + dilation * (k - 1) + 1 - pads;
  if (size > 0 && result >= 0) return result;
  throw new OpError(`convTranspose: pads of ${pads} leave nothing of spatial dimension ${i} of ${printType(x)}`);
}

interface Tap {
  readonly axis: Axis;
  readonly x: Index;
  readonly w: Index;
  readonly guards: readonly Guard[];
}

/**
 * Output o gathers the pairs (i, k) with s i + d k = t, where t = o + begin. For s = 1, i = t - d k. For d = 1 the
 * taps that meet o are k = s j + t mod s with i = floor(t / s) - j: 1 / s of the kernel and no test. Otherwise all k are
 * tried and those where s does not divide t - d k are guarded away.
 */
function tap(window: Window, o: Axis, i: number): Tap {
  const [k, s, dilation] = [given(window.kernel[i]), given(window.strides[i]), given(window.dilations[i])];
  const t = addIndex(o, given(window.begins[i]));
  if (dilation === 1 && s > 1) {
    const axis = makeAxis(`k${i}`, dim(Math.ceil(k / s)));
    return {
      axis,
      x: addIndex(divIndex(t, s), scaleIndex(axis, -1)),
      w: addIndex(scaleIndex(axis, s), modIndex(t, s)),
      guards: [],
    };
  }
  const axis = makeAxis(`k${i}`, dim(k));
  const difference = addIndex(t, scaleIndex(axis, -dilation));
  const remainder = modIndex(difference, s);
  return { axis, x: divIndex(difference, s), w: toIndex(axis), guards: s > 1 ? [{ index: remainder, extent: 1 }] : [] };
}

const withGuards = (e: Expr, guards: readonly Guard[]): Expr =>
  e.kind === 'load' && guards.length > 0 ? { ...e, guards: [...e.guards, ...guards] } : e;
