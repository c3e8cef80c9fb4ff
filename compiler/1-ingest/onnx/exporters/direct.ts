import type { OpName } from '../../../ops/index.ts';
import type { DType } from '../../../tensor/dtype.ts';
import { type ExportedNode, type Exporter, floats, within } from '../exported-node.ts';
import { call, type OnnxAttributeMap } from '../term.ts';

/** Ops that are one ONNX operator of the same operands. Attributes left out stay out: lcc's defaults are those of ONNX. */

const plain =
  (operator: string, attributes: (node: ExportedNode) => OnnxAttributeMap = () => ({})): Exporter =>
  (node) =>
    call(operator, node.terms, attributes(node));

const ofFloats = (operator: string, ...numbers: readonly string[]): Exporter =>
  within(
    floats,
    plain(operator, (node) => floatsOf(node, numbers)),
  );

const floatsOf = (node: ExportedNode, names: readonly string[]): OnnxAttributeMap =>
  Object.fromEntries(
    names.filter((name) => node.has(name)).map((name) => [name, { float: node.attributes.number(name) }]),
  );

const axisOf = (node: ExportedNode): OnnxAttributeMap => ({ axis: node.attributes.number('axis') });

const singlePrecision: readonly DType[] = ['float32'];
const powerBases: readonly DType[] = [...floats, 'bfloat16', 'int32', 'int64'];

export const direct = {
  abs: plain('Abs'),
  acos: ofFloats('Acos'),
  acosh: ofFloats('Acosh'),
  add: plain('Add'),
  and: plain('And'),
  asin: ofFloats('Asin'),
  asinh: ofFloats('Asinh'),
  atan: ofFloats('Atan'),
  atanh: ofFloats('Atanh'),
  bitwiseAnd: plain('BitwiseAnd'),
  bitwiseNot: plain('BitwiseNot'),
  bitwiseOr: plain('BitwiseOr'),
  bitwiseXor: plain('BitwiseXor'),
  ceil: plain('Ceil'),
  celu: within(
    singlePrecision,
    plain('Celu', (node) => floatsOf(node, ['alpha'])),
  ),
  concat: plain('Concat', axisOf),
  cos: ofFloats('Cos'),
  cosh: ofFloats('Cosh'),
  div: plain('Div'),
  elu: ofFloats('Elu', 'alpha'),
  equal: plain('Equal'),
  erf: plain('Erf'),
  exp: plain('Exp'),
  floor: plain('Floor'),
  gelu: plain('Gelu', (node) => ({ approximate: node.attributes.string('approximate', 'none') })),
  hardSigmoid: ofFloats('HardSigmoid', 'alpha', 'beta'),
  hardSwish: ofFloats('HardSwish'),
  hardmax: plain('Hardmax', axisOf),
  identity: plain('Identity'),
  isInf: plain('IsInf', ({ attributes }) => ({
    detect_negative: Number(attributes.boolean('detectNegative', true)),
    detect_positive: Number(attributes.boolean('detectPositive', true)),
  })),
  isNaN: plain('IsNaN'),
  leakyRelu: plain('LeakyRelu', (node) => floatsOf(node, ['alpha'])),
  less: plain('Less'),
  lessOrEqual: plain('LessOrEqual'),
  log: plain('Log'),
  logSoftmax: plain('LogSoftmax', axisOf),
  max: plain('Max'),
  min: plain('Min'),
  mish: ofFloats('Mish'),
  mod: plain('Mod', ({ attributes }) => ({ fmod: Number(attributes.boolean('fmod', false)) })),
  mul: plain('Mul'),
  neg: plain('Neg'),
  not: plain('Not'),
  or: plain('Or'),
  pow: within(powerBases, plain('Pow')),
  reciprocal: plain('Reciprocal'),
  round: ofFloats('Round'),
  selu: ofFloats('Selu', 'alpha', 'gamma'),
  shrink: ofFloats('Shrink', 'lambd', 'bias'),
  sigmoid: plain('Sigmoid'),
  sign: plain('Sign'),
  sin: ofFloats('Sin'),
  sinh: ofFloats('Sinh'),
  softmax: plain('Softmax', axisOf),
  softplus: ofFloats('Softplus'),
  softsign: ofFloats('Softsign'),
  sqrt: plain('Sqrt'),
  sub: plain('Sub'),
  tan: ofFloats('Tan'),
  tanh: plain('Tanh'),
  thresholdedRelu: ofFloats('ThresholdedRelu', 'alpha'),
  transpose: plain('Transpose', ({ attributes }) => ({ perm: attributes.numbers('perm') })),
  where: plain('Where'),
  xor: plain('Xor'),
} as const satisfies Partial<Record<OpName, Exporter>>;
