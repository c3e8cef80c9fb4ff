import type { Attributes, OpName } from '../../../ops/index.ts';
import type { Importer, OnnxNode } from '../node.ts';

/** ONNX operators whose inputs are those of one lcc op, in the same order. */
const plain =
  (op: OpName): Importer =>
  (node) =>
    node.emit(op, node.allInputs());

const swapped =
  (op: OpName): Importer =>
  (node) =>
    node.emit(op, [node.input(1), node.input(0)]);

const withAttributes =
  (op: OpName, attributes: (node: OnnxNode) => Attributes): Importer =>
  (node) =>
    node.emit(op, node.allInputs(), attributes(node));

const alpha = (op: OpName, fallback: number): Importer =>
  withAttributes(op, (node) => ({ alpha: node.float('alpha', fallback) }));

export const sameName: Readonly<Record<string, Importer>> = {
  Abs: plain('abs'),
  Acos: plain('acos'),
  Acosh: plain('acosh'),
  Add: plain('add'),
  And: plain('and'),
  Asin: plain('asin'),
  Asinh: plain('asinh'),
  Atan: plain('atan'),
  Atanh: plain('atanh'),
  BitShift: withAttributes('bitShift', (node) => ({ direction: node.string('direction', '').toLowerCase() })),
  BitwiseAnd: plain('bitwiseAnd'),
  BitwiseNot: plain('bitwiseNot'),
  BitwiseOr: plain('bitwiseOr'),
  BitwiseXor: plain('bitwiseXor'),
  Ceil: plain('ceil'),
  Celu: alpha('celu', 1),
  Cos: plain('cos'),
  Cosh: plain('cosh'),
  Div: plain('div'),
  Elu: alpha('elu', 1),
  Equal: plain('equal'),
  Erf: plain('erf'),
  Exp: plain('exp'),
  Floor: plain('floor'),
  Gelu: withAttributes('gelu', (node) => ({ approximate: node.string('approximate', 'none') })),
  Greater: swapped('less'),
  GreaterOrEqual: swapped('lessOrEqual'),
  HardSigmoid: withAttributes('hardSigmoid', (node) => ({
    alpha: node.float('alpha', 0.2),
    beta: node.float('beta', 0.5),
  })),
  HardSwish: plain('hardSwish'),
  IsInf: withAttributes('isInf', (node) => ({
    detectNegative: node.flag('detect_negative', true),
    detectPositive: node.flag('detect_positive', true),
  })),
  IsNaN: plain('isNaN'),
  LRN: withAttributes('lrn', (node) => ({
    size: node.int('size', 1),
    alpha: node.float('alpha', 1e-4),
    beta: node.float('beta', 0.75),
    bias: node.float('bias', 1),
  })),
  LeakyRelu: alpha('leakyRelu', 0.01),
  Less: plain('less'),
  LessOrEqual: plain('lessOrEqual'),
  Log: plain('log'),
  Mish: plain('mish'),
  Mod: withAttributes('mod', (node) => ({ fmod: node.flag('fmod') })),
  Mul: plain('mul'),
  Neg: plain('neg'),
  Not: plain('not'),
  Or: plain('or'),
  PRelu: plain('prelu'),
  Pow: plain('pow'),
  Reciprocal: plain('reciprocal'),
  Relu: plain('relu'),
  Round: plain('round'),
  Selu: withAttributes('selu', (node) => ({
    alpha: node.float('alpha', 1.6732631921768188),
    gamma: node.float('gamma', 1.0507010221481323),
  })),
  Shrink: withAttributes('shrink', (node) => ({ lambd: node.float('lambd', 0.5), bias: node.float('bias', 0) })),
  Sigmoid: plain('sigmoid'),
  Sign: plain('sign'),
  Sin: plain('sin'),
  Sinh: plain('sinh'),
  Softplus: plain('softplus'),
  Softsign: plain('softsign'),
  Sqrt: plain('sqrt'),
  Sub: plain('sub'),
  Swish: alpha('swish', 1),
  Tan: plain('tan'),
  Tanh: plain('tanh'),
  ThresholdedRelu: alpha('thresholdedRelu', 1),
  Where: plain('where'),
  Xor: plain('xor'),
};
