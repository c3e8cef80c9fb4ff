import { binary, type Expr, like, mul, reduce, unary } from '../kernel/expr.ts';
import { tensorType } from '../tensor/tensor.ts';
import { defineOp, OpError } from './op.ts';
import { parsePool, pooledShape, poolWindow } from './pool.ts';
import { requireFamily } from './requirements.ts';
import { kernelAxes, windowIndex } from './window.ts';

/** (sum of |x|^p)^(1/p) under the window (ONNX LpPool). */
export const lpPool = defineOp('lpPool', {
  class: 'reduction',
  tolerance: 'rounding',
  inputs: ['x'],
  parse: (a) => ({ ...parsePool(a), p: a.number('p', 2) }),
  infer([x], attributes) {
    requireFamily('lpPool', 'x', x, 'float');
    if (!(attributes.p > 0)) throw new OpError(`lpPool: p must be above 0, not ${attributes.p}`);
    return tensorType(x.dtype, pooledShape('lpPool', x, attributes));
  },
  meaning([x], axes, attributes) {
    const window = poolWindow('lpPool', x.type, attributes);
    const k = kernelAxes(window.kernel);
    const element = x.at([...axes.slice(0, 2), ...windowIndex(window, axes.slice(2), k)], 0);
    return root(reduce('sum', k, power(element, attributes.p)), attributes.p);
  },
});

/** |x|^p */
function power(x: Expr, p: number): Expr {
  if (p === 2) return mul(x, x);
  const size = unary('abs', x);
  return p === 1 ? size : binary('pow', size, like(x, p));
}

function root(x: Expr, p: number): Expr {
  if (p === 2) return unary('sqrt', x);
  return p === 1 ? x : binary('pow', x, like(x, 1 / p));
}
