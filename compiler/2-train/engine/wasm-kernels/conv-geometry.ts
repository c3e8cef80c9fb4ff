import * as tf from '@tensorflow/tfjs';

export type ConvGeometry = tf.backend_util.Conv2DInfo;

export interface ConvAttributes {
  readonly strides: [number, number] | number;
  readonly pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
  readonly dilations?: [number, number] | number;
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** Of x [n, h, w, c] and a filter [kh, kw, c, o], or for depthwise ones [kh, kw, c, multiplier]. */
export function convGeometry(
  xShape: readonly number[],
  filterShape: readonly number[],
  { strides, pad, dilations = 1, dataFormat = 'NHWC', dimRoundingMode }: ConvAttributes,
  isDepthwise: boolean,
): ConvGeometry {
  if (dataFormat !== 'NHWC') throw new Error(`internal: convolutions of the wasm backend are NHWC, not ${dataFormat}`);
  const [n = 1, h = 1, w = 1, c = 1] = xShape;
  const [kh = 1, kw = 1, inner = 1, outer = 1] = filterShape;
  return tf.backend_util.computeConv2DInfo(
    [n, h, w, c],
    [kh, kw, inner, outer],
    strides,
    dilations,
    pad,
    dimRoundingMode,
    isDepthwise,
  );
}

/** Pads of the convolution that takes dy back to dx at strides of 1; undefined where tfjs has none such. */
export function padsOfReverse(geometry: ConvGeometry): tf.backend_util.ExplicitPadding | undefined {
  const { strideHeight, strideWidth, dilationHeight, dilationWidth, filterHeight, filterWidth, padInfo } = geometry;
  if (strideHeight !== 1 || strideWidth !== 1) return undefined;
  const top = (filterHeight - 1) * dilationHeight - padInfo.top;
  const left = (filterWidth - 1) * dilationWidth - padInfo.left;
  const bottom = geometry.inHeight - geometry.outHeight + padInfo.top;
  const right = geometry.inWidth - geometry.outWidth + padInfo.left;
  return Math.min(top, left, bottom, right) < 0
    ? undefined
    : [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ];
}
