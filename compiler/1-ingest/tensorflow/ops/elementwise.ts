import type { ValueId } from '../../../ir/graph.ts';
import type { Attributes, OpName } from '../../../ops/index.ts';
import { OpError } from '../../../ops/op.ts';
import { isFloat } from '../../../tensor/dtype.ts';
import type { OpImporter, OpNode } from './op-node.ts';

/** The same op of lcc on the same inputs. */
const plain =
  (op: OpName, attributes: Attributes = {}): OpImporter =>
  (node) =>
    node.pointwise(op, node.inputs, attributes);

const swapped =
  (op: OpName): OpImporter =>
  (node) =>
    node.pointwise(op, [node.input(1), node.input(0)]);

/** One op after another. */
const chain =
  (...ops: readonly OpName[]): OpImporter =>
  (node) =>
    ops.reduce<readonly ValueId[]>((inputs, op) => [node.pointwise(op, inputs)], node.inputs)[0] ?? node.input(0);

/** A constant of the type of `like`. */
const number = (node: OpNode, like: ValueId, value: number): ValueId => node.scalar(node.type(like).dtype, value);

const square: OpImporter = (node) => node.pointwise('mul', [node.input(0), node.input(0)]);

const importSquaredDifference: OpImporter = (node) => {
  const difference = node.pointwise('sub', node.inputs);
  return node.pointwise('mul', [difference, difference]);
};

/** b [C] is of the channels, wherever x has them. */
export const importBiasAdd: OpImporter = (node) => {
  const [x, b] = [node.input(0), node.input(1)];
  if (node.format === 'last') return node.pointwise('add', [x, b]);
  const ones = new Array<number>(Math.max(0, node.rank(x) - 2)).fill(1);
  return node.emit('add', [x, node.reshape(b, [...node.sizes(b), ...ones])]);
};

const importAddN: OpImporter = (node) => {
  const [first, ...rest] = node.inputs;
  if (first === undefined) throw new OpError('AddN needs at least one input');
  return rest.reduce((left, right) => node.pointwise('add', [left, right]), first);
};

/** 0 where the divisor is. */
const importDivNoNan: OpImporter = (node) => {
  const [a, b] = [node.input(0), node.input(1)];
  const zero = number(node, b, 0);
  const isZero = node.pointwise('equal', [b, zero]);
  const quotient = node.pointwise('div', [a, b]);
  return node.pointwise('where', [isZero, zero, quotient]);
};

/** a - b floor(a / b), which has the sign of b. */
const importFloorMod: OpImporter = (node) => {
  const [a, b] = [node.input(0), node.input(1)];
  if (!isFloat(node.type(a).dtype)) return node.pointwise('mod', [a, b]);
  const quotient = node.pointwise('floor', [node.pointwise('div', [a, b])]);
  return node.pointwise('sub', [a, node.pointwise('mul', [quotient, b])]);
};

/** Of integers, what is left after the remainder divides without one. */
const importFloorDiv: OpImporter = (node) => {
  const [a, b] = [node.input(0), node.input(1)];
  if (isFloat(node.type(a).dtype)) return node.pointwise('floor', [node.pointwise('div', [a, b])]);
  const whole = node.pointwise('sub', [a, node.pointwise('mod', [a, b])]);
  return node.pointwise('div', [whole, b]);
};

/** Bounds that are known become one clip. */
const importClip: OpImporter = (node) => {
  const [x, low, high] = [node.input(0), node.input(1), node.input(2)];
  if (node.known(low) === undefined || node.known(high) === undefined) {
    return node.pointwise('min', [node.pointwise('max', [x, low]), high]);
  }
  const [min, max] = [node.knownNumber(1, 'the lower bound'), node.knownNumber(2, 'the upper bound')];
  return node.pointwise('clip', [x], { min, max });
};

const importIsFinite: OpImporter = (node) => {
  const [isNone, isInfinite] = [node.pointwise('isNaN', node.inputs), node.pointwise('isInf', node.inputs)];
  return node.pointwise('not', [node.pointwise('or', [isNone, isInfinite])]);
};

export const elementwise: Readonly<Record<string, OpImporter>> = {
  Abs: plain('abs'),
  Acos: plain('acos'),
  Acosh: plain('acosh'),
  Add: plain('add'),
  AddN: importAddN,
  AddV2: plain('add'),
  Asin: plain('asin'),
  Asinh: plain('asinh'),
  Atan: plain('atan'),
  Atanh: plain('atanh'),
  BiasAdd: importBiasAdd,
  Ceil: plain('ceil'),
  ClipByValue: importClip,
  Cos: plain('cos'),
  Cosh: plain('cosh'),
  Div: plain('div'),
  DivNoNan: importDivNoNan,
  Elu: plain('elu'),
  Equal: plain('equal'),
  Erf: plain('erf'),
  Exp: plain('exp'),
  Expm1: (node) => node.pointwise('sub', [node.pointwise('exp', node.inputs), number(node, node.input(0), 1)]),
  Floor: plain('floor'),
  FloorDiv: importFloorDiv,
  FloorMod: importFloorMod,
  Greater: swapped('less'),
  GreaterEqual: swapped('lessOrEqual'),
  IsFinite: importIsFinite,
  IsInf: plain('isInf'),
  IsNan: plain('isNaN'),
  LeakyRelu: (node) => node.pointwise('leakyRelu', node.inputs, { alpha: node.attributes.float('alpha', 0.2) }),
  Less: plain('less'),
  LessEqual: plain('lessOrEqual'),
  Log: plain('log'),
  Log1p: (node) => node.pointwise('log', [node.pointwise('add', [node.input(0), number(node, node.input(0), 1)])]),
  LogicalAnd: plain('and'),
  LogicalNot: plain('not'),
  LogicalOr: plain('or'),
  Maximum: plain('max'),
  Minimum: plain('min'),
  Mod: importFloorMod,
  Mul: plain('mul'),
  Neg: plain('neg'),
  NotEqual: chain('equal', 'not'),
  Pow: plain('pow'),
  Prelu: plain('prelu'),
  RealDiv: plain('div'),
  Reciprocal: plain('reciprocal'),
  Relu: plain('relu'),
  Relu6: plain('clip', { min: 0, max: 6 }),
  Round: plain('round'),
  Rsqrt: chain('sqrt', 'reciprocal'),
  Select: plain('where'),
  SelectV2: plain('where'),
  Selu: plain('selu'),
  Sigmoid: plain('sigmoid'),
  Sign: plain('sign'),
  Sin: plain('sin'),
  Sinh: plain('sinh'),
  Softplus: plain('softplus'),
  Sqrt: plain('sqrt'),
  Square: square,
  SquaredDifference: importSquaredDifference,
  Sub: plain('sub'),
  Tan: plain('tan'),
  Tanh: plain('tanh'),
};
