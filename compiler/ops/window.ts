import { type Axis, addIndex, type Index, makeAxis, scaleIndex } from '../kernel/index-expr.ts';
import { type Dim, dim, type Shape } from '../tensor/shape.ts';
import { printType, type TensorType } from '../tensor/tensor.ts';
import { given } from './given.ts';
import { type AttributeReader, OpError } from './op.ts';
import { requireIntegers, requireLength, requireRank } from './requirements.ts';

/** How a window slides over the spatial dimensions of x [N, C, space...]. All lists have one entry per spatial dimension. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly begins: readonly number[];
  readonly ends: readonly number[];
  readonly ceilMode: boolean;
}

/** Attributes of a window; empty lists stand for ones (strides, dilations) and zeros (pads: begins, then ends). */
export interface WindowAttributes {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
}

export const parseWindow = (a: AttributeReader): WindowAttributes => ({
  strides: a.numbers('strides', []),
  dilations: a.numbers('dilations', []),
  pads: a.numbers('pads', []),
});

const orFill = (values: readonly number[], length: number, fill: number): readonly number[] =>
  values.length === 0 ? new Array<number>(length).fill(fill) : values;

/** Checks x and the attributes against `kernel`. */
export function makeWindow(
  op: string,
  x: TensorType,
  kernel: readonly number[],
  attributes: WindowAttributes,
  ceilMode = false,
): Window {
  requireRank(op, 'x', x, 3);
  const rank = x.shape.length - 2;
  const strides = orFill(attributes.strides, rank, 1);
  const dilations = orFill(attributes.dilations, rank, 1);
  const pads = orFill(attributes.pads, 2 * rank, 0);
  requireLength(op, 'kernel', kernel, rank);
  requireLength(op, 'strides', strides, rank);
  requireLength(op, 'dilations', dilations, rank);
  requireLength(op, 'pads', pads, 2 * rank);
  requireIntegers(op, 'kernel', kernel, 1);
  requireIntegers(op, 'strides', strides, 1);
  requireIntegers(op, 'dilations', dilations, 1);
  requireIntegers(op, 'pads', pads, 0);
  return { kernel, strides, dilations, begins: pads.slice(0, rank), ends: pads.slice(rank), ceilMode };
}

/** Sizes of the spatial dimensions of the output. With ceilMode a window must still start inside x or its begin padding. */
export function windowedShape(op: string, x: TensorType, window: Window): Shape {
  return x.shape.slice(2).map((d, i): Dim => {
    const [k, s, dilation] = [given(window.kernel[i]), given(window.strides[i]), given(window.dilations[i])];
    const [begin, end] = [given(window.begins[i]), given(window.ends[i])];
    const room = d.size + begin + end - dilation * (k - 1) - 1;
    if (room < 0) {
      throw new OpError(
        `${op}: a window of ${dilation * (k - 1) + 1} does not fit spatial dimension ${i} of ${printType(x)} padded by ${begin} and ${end}`,
      );
    }
    const floored = Math.floor(room / s) + 1;
    const size = window.ceilMode && room % s !== 0 && floored * s < d.size + begin ? floored + 1 : floored;
    return size === d.size ? d : dim(size);
  });
}

export const kernelAxes = (kernel: readonly number[]): Axis[] => kernel.map((k, i) => makeAxis(`k${i}`, dim(k)));

/** stride * out + dilation * k - begin, per spatial dimension. */
export const windowIndex = (window: Window, out: readonly Axis[], k: readonly Axis[]): Index[] =>
  out.map((o, i) =>
    addIndex(
      scaleIndex(o, given(window.strides[i])),
      scaleIndex(given(k[i]), given(window.dilations[i])),
      -given(window.begins[i]),
    ),
  );
