import { add, type Expr, mul } from '../kernel/expr.ts';
import { type Axis, makeAxis } from '../kernel/index-expr.ts';
import { sizesOf } from '../tensor/shape.ts';
import { printType, type TensorType, tensorType } from '../tensor/tensor.ts';
import { broadcastIndex, broadcastsTo } from './broadcast.ts';
import { inverseRoot, mean, standardise, type Traversal } from './moments.ts';
import { defineOp, OpError, type Operand } from './op.ts';
import { requireAxis, requireFamily, requireSameDType } from './requirements.ts';

function infer(op: string, x: TensorType, parameters: readonly TensorType[], axis: number): TensorType {
  requireFamily(op, 'x', x, 'float');
  requireSameDType(op, [x, ...parameters]);
  requireAxis(op, axis, x.shape.length);
  const normalised = sizesOf(x.shape.slice(axis));
  for (const p of parameters) {
    if (!broadcastsTo(sizesOf(p.shape), normalised)) {
      throw new OpError(
        `${op}: ${printType(p)} does not broadcast to [${normalised.join(',')}] (x ${printType(x)}, axis ${axis})`,
      );
    }
  }
  return tensorType(x.dtype, x.shape);
}

/** Through all dimensions of x from `axis` on. */
const traverse =
  (x: Operand, axes: readonly Axis[], axis: number): Traversal =>
  () => {
    const inner = x.type.shape.slice(axis).map((d, i) => makeAxis(`r${axis + i}`, d));
    return { axes: inner, element: x.at([...axes.slice(0, axis), ...inner]) };
  };

const parameterAt = (p: Operand, axes: readonly Axis[], axis: number): Expr =>
  p.at(broadcastIndex(p.sizes, axes.slice(axis)));

/** (x - mean) / sqrt(variance + epsilon) scale + bias over the dimensions from `axis` on (ONNX LayerNormalization). */
export const layerNorm = defineOp('layerNorm', {
  class: 'reduction',
  tolerance: 'rounding',
  inputs: ['x', 'scale', 'bias?'],
  parse: (a) => ({ axis: a.number('axis'), epsilon: a.number('epsilon', 1e-5) }),
  infer: ([x, scale, bias], { axis }) => infer('layerNorm', x, bias === undefined ? [scale] : [scale, bias], axis),
  meaning([x, scale, bias], axes, { axis, epsilon }) {
    const standard = standardise(x.at(axes), traverse(x, axes, axis), epsilon);
    const scaled = mul(standard, parameterAt(scale, axes, axis));
    return bias === undefined ? scaled : add(scaled, parameterAt(bias, axes, axis));
  },
});

/** x / sqrt(mean of x^2 + epsilon) scale over the dimensions from `axis` on (ONNX RMSNormalization). */
export const rmsNorm = defineOp('rmsNorm', {
  class: 'reduction',
  tolerance: 'rounding',
  inputs: ['x', 'scale'],
  parse: (a) => ({ axis: a.number('axis'), epsilon: a.number('epsilon', 1e-5) }),
  infer: ([x, scale], { axis }) => infer('rmsNorm', x, [scale], axis),
  meaning([x, scale], axes, { axis, epsilon }) {
    const square = mean(traverse(x, axes, axis), (e) => mul(e, e));
    return mul(mul(x.at(axes), inverseRoot(square, epsilon)), parameterAt(scale, axes, axis));
  },
});
