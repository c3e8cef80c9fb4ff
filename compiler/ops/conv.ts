import { add, mul, reduce } from '../kernel/expr.ts';
import { addIndex, divIndex, makeAxis, scaleIndex } from '../kernel/index-expr.ts';
import { printType, type TensorType, tensorType } from '../tensor/tensor.ts';
import { given } from './given.ts';
import { defineOp, OpError } from './op.ts';
import { asOperand, parseQuantization, requireQuantizable } from './quantize.ts';
import { requireFamily, requireIntegers, requireRank, requireSameDType, requireSizes } from './requirements.ts';
import {
  kernelAxes,
  makeWindow,
  parseWindow,
  type Window,
  type WindowAttributes,
  windowedShape,
  windowIndex,
} from './window.ts';

const kernelOf = (w: TensorType): number[] => w.shape.slice(2).map((d) => d.size);

const windowOf = (x: TensorType, w: TensorType, attributes: WindowAttributes): Window =>
  makeWindow('conv', x, kernelOf(w), attributes);

/**
 * x [N, C, space...], w [M, C / group, kernel...], b [M] -> [N, M, space...] (ONNX Conv). A quantised input
 * (quantize.ts) is quantised with its padding: a padded 0 counts as the code inputZero.
 */
export const conv = defineOp('conv', {
  class: 'contraction',
  tolerance: 'rounding',
  inputs: ['x', 'w', 'b?'],
  parse: (a) => ({ ...parseWindow(a), group: a.number('group', 1), quantization: parseQuantization('conv', a) }),
  infer([x, w, b], attributes) {
    const { group } = attributes;
    requireFamily('conv', 'x', x, 'float');
    requireQuantizable('conv', x, attributes.quantization);
    requireSameDType('conv', b === undefined ? [x, w] : [x, w, b]);
    requireRank('conv', 'x', x, 3);
    requireRank('conv', 'w', w, x.shape.length, x.shape.length);
    requireIntegers('conv', 'group', [group], 1);
    const [channels, m] = [given(x.shape[1]).size, given(w.shape[0])];
    if (channels !== given(w.shape[1]).size * group || m.size % group !== 0) {
      throw new OpError(`conv: ${printType(x)} and w ${printType(w)} do not fit in ${group} groups`);
    }
    if (b !== undefined) requireSizes('conv', 'b', b, [m.size]);
    const space = windowedShape('conv', x, windowOf(x, w, attributes));
    return tensorType(x.dtype, [given(x.shape[0]), m, ...space]);
  },
  meaning([x, w, b], axes, attributes) {
    const { group } = attributes;
    const window = windowOf(x.type, w.type, attributes);
    const [n, m] = [given(axes[0]), given(axes[1])];
    const k = kernelAxes(window.kernel);
    const space = windowIndex(window, axes.slice(2), k);
    const perGroup = given(w.type.shape[1]);
    const isGrouped = group > 1;
    const outPerGroup = Math.max(1, given(w.sizes[0]) / group);
    // one channel per group has no channel axis: channelwise kernels show x, w and output indexed by the same axis
    const c = isGrouped && perGroup.size === 1 ? [] : [makeAxis('c', perGroup)];
    const channel = isGrouped ? addIndex(scaleIndex(divIndex(m, outPerGroup), perGroup.size), ...c) : given(c[0]);
    const operand = asOperand(x.at([n, channel, ...space], 0), attributes.quantization);
    const product = mul(operand, w.at([m, c[0] ?? 0, ...k]));
    const sum = reduce('sum', [...c, ...k], product);
    return b === undefined ? sum : add(sum, b.at([m]));
  },
});
