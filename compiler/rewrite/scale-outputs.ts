import { sizesOf } from '../tensor/shape.ts';
import { makeTensor, type Tensor } from '../tensor/tensor.ts';
import { float32 } from './factor-layer.ts';
import type { Rule } from './rebuild.ts';

export interface ScaledWeights {
  /** of the layer's shape [N, ...]; W[n] = scales[n] weights[n] */
  readonly weights: Tensor;
  /** N numbers, none 0 */
  readonly scales: Float32Array;
}

/**
 * y = scales (weights x + b / scales) in place of a linear layer or convolution: weights keep a form of their own, which
 * many outputs share, and each output its size. No answer for a bias that is no constant.
 */
export const scaleOutputs =
  ({ weights, scales }: ScaledWeights): Rule =>
  ({ node, inputs }, rewriter) => {
    const [x, w, b] = inputs;
    const bias = b === undefined ? undefined : rewriter.known(b);
    if (x === undefined || w === undefined || (b !== undefined && !bias)) return undefined;
    if (node.op !== 'linear' && node.op !== 'conv') return undefined;
    const name = rewriter.nameOf(w);
    const parameters = [rewriter.constant(weights, name)];
    if (b !== undefined && bias) {
      const shifts = Float32Array.from(scales, (scale, n) => Number(bias.data[n]) / scale);
      parameters.push(rewriter.constant(makeTensor('float32', bias.shape, shifts), rewriter.nameOf(b)));
    }
    const inner = rewriter.add(node.op, [x, ...parameters], node.attributes, node.name);
    const taps = node.op === 'conv' ? sizesOf(weights.shape).slice(2) : [];
    const sizes = [scales.length, ...taps.map(() => 1)];
    const factors = rewriter.constant(float32(sizes, Float64Array.from(scales)), `${name}.scales`);
    return [rewriter.add('mul', [inner, factors], {}, node.name)];
  };
