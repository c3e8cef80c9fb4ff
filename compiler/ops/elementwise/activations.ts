import { add, binary, div, type Expr, like, maximum, minimum, mul, select, unary } from '../../kernel/expr.ts';
import { isSigned, requireOneOf } from '../requirements.ts';
import { binaryOf, nameOps, parametric, unaryOf } from './row.ts';

const times = (x: Expr, by: number): Expr => mul(x, like(x, by));
const plus = (x: Expr, by: number): Expr => add(x, like(x, by));
const isNegative = (x: Expr): Expr => binary('lt', x, like(x, 0));
const sigmoid = (x: Expr): Expr => unary('sigmoid', x);

/** exp(-|x|), in (0, 1]: never overflows. */
const decay = (x: Expr): Expr => unary('exp', unary('neg', unary('abs', x)));

export const activations = nameOps({
  sigmoid: unaryOf('float', sigmoid),
  tanh: unaryOf('float', (x) => unary('tanh', x)),
  relu: unaryOf('numeric', (x) => (isSigned(x.dtype) ? maximum(x, like(x, 0)) : x)),
  leakyRelu: parametric(
    (a) => ({ alpha: a.number('alpha', 0.01) }),
    (x, { alpha }) => select(isNegative(x), times(x, alpha), x),
  ),
  /** x < 0 ? slope x : x */
  prelu: binaryOf('numeric', (x, slope) => (isSigned(x.dtype) ? select(isNegative(x), mul(slope, x), x) : x)),
  elu: parametric(
    (a) => ({ alpha: a.number('alpha', 1) }),
    (x, { alpha }) => select(isNegative(x), times(unary('expm1', x), alpha), x),
  ),
  selu: parametric(
    (a) => ({ alpha: a.number('alpha', 1.6732632423543772), gamma: a.number('gamma', 1.0507009873554805) }),
    (x, { alpha, gamma }) => select(isNegative(x), times(unary('expm1', x), alpha * gamma), times(x, gamma)),
  ),
  celu: parametric(
    (a) => ({ alpha: a.number('alpha', 1) }),
    (x, { alpha }) => select(isNegative(x), times(unary('expm1', div(x, like(x, alpha))), alpha), x),
  ),
  gelu: parametric(
    (a) => ({ form: requireOneOf('gelu', 'approximate', a.string('approximate', 'none'), ['none', 'tanh']) }),
    (x, { form }) => mul(times(x, 0.5), plus(form === 'tanh' ? geluTanh(x) : unary('erf', times(x, Math.SQRT1_2)), 1)),
  ),
  silu: unaryOf('float', (x) => mul(x, sigmoid(x))),
  swish: parametric(
    (a) => ({ alpha: a.number('alpha', 1) }),
    (x, { alpha }) => mul(x, sigmoid(times(x, alpha))),
  ),
  hardSigmoid: parametric(
    (a) => ({ alpha: a.number('alpha', 0.2), beta: a.number('beta', 0.5) }),
    (x, { alpha, beta }) => unitClip(plus(times(x, alpha), beta)),
  ),
  /** x max(0, min(1, x / 6 + 1 / 2)) */
  hardSwish: unaryOf('float', (x) => mul(x, unitClip(plus(times(x, 1 / 6), 0.5)))),
  /** log(1 + exp(x)) = max(x, 0) + log1p(exp(-|x|)) */
  softplus: unaryOf('float', (x) => add(maximum(x, like(x, 0)), unary('log1p', decay(x)))),
  softsign: unaryOf('float', (x) => div(x, plus(unary('abs', x), 1))),
  mish: unaryOf('float', mish),
  thresholdedRelu: parametric(
    (a) => ({ alpha: a.number('alpha', 1) }),
    (x, { alpha }) => select(binary('lt', like(x, alpha), x), x, like(x, 0)),
    'discontinuous',
  ),
  shrink: parametric(
    (a) => ({ lambd: a.number('lambd', 0.5), bias: a.number('bias', 0) }),
    (x, { lambd, bias }) => {
      const above = select(binary('lt', like(x, lambd), x), plus(x, -bias), like(x, 0));
      return select(binary('lt', x, like(x, -lambd)), plus(x, bias), above);
    },
    'discontinuous',
  ),
});

const unitClip = (x: Expr): Expr => maximum(minimum(x, like(x, 1)), like(x, 0));

/** tanh(sqrt(2 / pi) (x + 0.044715 x^3)) */
const geluTanh = (x: Expr): Expr =>
  unary('tanh', times(add(x, times(mul(mul(x, x), x), 0.044715)), Math.sqrt(2 / Math.PI)));

/**
 * x tanh(softplus(x)). With t = exp(-|x|), tanh(log(1 + e^x)) is (1 + 2t) / (1 + 2t + 2t^2) for x >= 0 and
 * (t^2 + 2t) / (t^2 + 2t + 2) for x < 0: one exponential, no cancellation.
 */
function mish(x: Expr): Expr {
  const t = decay(x);
  const square = mul(t, t);
  const twice = times(t, 2);
  const right = plus(twice, 1);
  const left = add(square, twice);
  const negative = isNegative(x);
  const numerator = select(negative, left, right);
  const rest = select(negative, like(x, 2), times(square, 2));
  return mul(x, div(numerator, add(numerator, rest)));
}
