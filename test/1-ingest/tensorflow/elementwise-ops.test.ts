import * as tf from '@tensorflow/tfjs';
import { describe, it } from 'vitest';
import { float, int, type } from '../../harness/tensorflow-graph.ts';
import { modelFolder } from '../../harness/tensorflow-model.ts';
import { booleans, checkNode, floats, integers } from '../../harness/tensorflow-node.ts';

const write = modelFolder();

describe('an element-wise op agrees with tfjs', () => {
  const domains: Readonly<Record<string, readonly [number, number]>> = {
    Acos: [-1, 1],
    Acosh: [1, 3],
    Asin: [-1, 1],
    Atanh: [-0.9, 0.9],
    Log: [0.1, 3],
    Log1p: [-0.5, 3],
    Reciprocal: [0.5, 3],
    Rsqrt: [0.5, 3],
    Sqrt: [0, 3],
    Tan: [-1, 1],
  };
  const unary = [
    ...['Abs', 'Acos', 'Acosh', 'Asin', 'Asinh', 'Atan', 'Atanh', 'Ceil', 'Cos', 'Cosh', 'Elu', 'Erf', 'Exp'],
    ...['Expm1', 'Floor', 'Log', 'Log1p', 'Neg', 'Reciprocal', 'Relu', 'Relu6', 'Round', 'Rsqrt', 'Selu'],
    ...['Sigmoid', 'Sign', 'Sin', 'Sinh', 'Softplus', 'Sqrt', 'Square', 'Tan', 'Tanh', 'LogSoftmax', 'Softmax'],
    ...['Identity', 'StopGradient', 'Snapshot', 'ZerosLike', 'OnesLike'],
  ];
  it.each(unary)('%s', (op) => checkNode(write, op, { op, feeds: [floats([3, 7], ...(domains[op] ?? []))] }));

  it('LeakyRelu', () =>
    checkNode(write, 'leaky', { op: 'LeakyRelu', feeds: [floats([9])], attr: { alpha: float(0.3) } }));

  const binary = [
    'Add',
    'AddV2',
    'Sub',
    'Mul',
    'RealDiv',
    'Maximum',
    'Minimum',
    'SquaredDifference',
    'Prelu',
    'DivNoNan',
  ];
  it.each([...binary, 'FloorMod', 'FloorDiv'])('%s', (op) =>
    checkNode(write, op, { op, feeds: [floats([2, 3, 4]), floats([3, 4], 0.5, 2)] }),
  );
  it('DivNoNan by zero', () =>
    checkNode(write, 'div0', { op: 'DivNoNan', feeds: [floats([4]), tf.tensor1d([0, 1, 0, -2])] }));
  it('Pow', () => checkNode(write, 'pow', { op: 'Pow', feeds: [floats([3, 4], 0.2, 2), floats([4])] }));
  it.each(['FloorMod', 'FloorDiv', 'Add', 'Mul'])('%s of integers', (op) =>
    checkNode(write, `int ${op}`, { op, feeds: [integers([12], -9, 9), integers([12], 1, 4)] }),
  );
  it('AddN', () =>
    checkNode(write, 'addn', { op: 'AddN', feeds: [floats([5]), floats([5]), floats([5])], attr: { N: int(3) } }));

  it.each(['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual'])('%s', (op) =>
    checkNode(write, op, { op, feeds: [integers([4, 6], 0, 3), integers([6], 0, 3)] }),
  );
  it.each(['LogicalAnd', 'LogicalOr'])('%s', (op) =>
    checkNode(write, op, { op, feeds: [booleans([9]), booleans([9])] }),
  );
  it('LogicalNot', () => checkNode(write, 'not', { op: 'LogicalNot', feeds: [booleans([9])] }));
  it('SelectV2', () =>
    checkNode(write, 'select', { op: 'SelectV2', feeds: [booleans([3, 1]), floats([3, 4]), floats([4])] }));
  it('ClipByValue', () =>
    checkNode(write, 'clip', { op: 'ClipByValue', feeds: [floats([9])], constants: [tf.scalar(-0.5), tf.scalar(1)] }));
  it('IsNan and IsFinite', async () => {
    const x = tf.tensor1d([1, Number.NaN, Infinity, -Infinity]);
    await checkNode(write, 'nan', { op: 'IsNan', feeds: [x] });
    await checkNode(write, 'inf', { op: 'IsInf', feeds: [x] });
    await checkNode(write, 'finite', { op: 'IsFinite', feeds: [x] });
  });
  it.each([
    ['integers', 'DT_INT32'],
    ['booleans', 'DT_BOOL'],
  ])('Cast to %s', (name, to) =>
    checkNode(write, `cast ${name}`, { op: 'Cast', feeds: [floats([9])], attr: { DstT: type(to) } }),
  );
  it('Cast of booleans', () =>
    checkNode(write, 'cast float', {
      op: 'Cast',
      feeds: [booleans([9])],
      attr: { SrcT: type('DT_BOOL'), DstT: type('DT_FLOAT') },
    }));
});
