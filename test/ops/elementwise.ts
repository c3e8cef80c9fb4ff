import type { Attributes, OpName } from '../../compiler/ops/index.ts';
import type { DType } from '../../compiler/tensor/dtype.ts';
import type { Tensor } from '../../compiler/tensor/tensor.ts';
import {
  bool,
  broadcast,
  build,
  casesOf,
  f32,
  i32,
  i64,
  noise,
  type OpCase,
  sizes,
  spread,
  tensor,
  whole,
} from './case.ts';

type Scalar = (operands: readonly number[], attributes: Attributes) => number;

const elementwise = (op: OpName, scalar: Scalar, result?: DType) =>
  casesOf(op, (inputs, attributes) =>
    build(result ?? inputs[0]!.dtype, broadcast(...inputs.map(sizes)), (index) =>
      scalar(
        inputs.map((x) => spread(x, index)),
        attributes,
      ),
    ),
  );

/** Odd sizes, one element, none, and every sign. */
function unary(op: OpName, f: (x: number) => number, [low, high]: readonly [number, number] = [-4, 4]): OpCase[] {
  const make = elementwise(op, ([x]) => f(x!));
  const middle = Math.max(low, 0);
  return [
    make('a row of 7', [noise([7], low, high)]),
    make('a tensor of [2,3,5]', [noise([2, 3, 5], low, high, 2)]),
    make('a scalar', [f32([], [low + (high - low) / 3])]),
    make('nothing', [f32([0, 3], [])]),
    make('one and the ends of the domain', [f32([4], [1, middle, low, high])]),
  ];
}

const special = (op: OpName, f: (x: number) => number): OpCase =>
  elementwise(op, ([x]) => f(x!))('NaN, infinities and zeros', [f32([5], [NaN, Infinity, -Infinity, 0, -0])], {}, true);

const parametric = (op: OpName, f: (x: number, a: Attributes) => number, ...settings: Attributes[]): OpCase[] => {
  const make = elementwise(op, ([x], a) => f(x!, a));
  return settings.flatMap((a) => [
    make(`a row of 9 with ${JSON.stringify(a)}`, [noise([9], -4, 4)], a),
    make(`a tensor of [3,1,4] with ${JSON.stringify(a)}`, [noise([3, 1, 4], -8, 8, 3)], a),
    make(`zero and nearby with ${JSON.stringify(a)}`, [f32([5], [0, 1, -1, 1e-3, -1e-3])], a),
  ]);
};

const num = (a: Attributes, name: string, fallback: number): number => (a[name] ?? fallback) as number;

/** Abramowitz and Stegun 7.1.5: the Taylor series of erf, exact enough for |x| < 6 in float64. */
function erf(x: number): number {
  if (Math.abs(x) > 5) return Math.sign(x);
  let term = x;
  let total = x;
  for (let n = 1; n < 150; n++) {
    term *= (-x * x) / n;
    total += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * total;
}

function roundEven(x: number): number {
  const down = Math.floor(x);
  if (x - down !== 0.5) return Math.round(x);
  return down % 2 === 0 ? down : down + 1;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const softplus = (x: number): number => (x > 30 ? x : Math.log(1 + Math.exp(x)));
const clamp01 = (x: number): number => Math.min(1, Math.max(0, x));

const simple: OpCase[] = [
  ...unary('neg', (x) => -x),
  ...unary('abs', Math.abs),
  ...unary('sign', Math.sign),
  ...unary('floor', Math.floor),
  ...unary('ceil', Math.ceil),
  ...unary('round', roundEven),
  elementwise('round', ([x]) => roundEven(x!))('halves go to even', [f32([6], [0.5, 1.5, 2.5, -0.5, -1.5, -2.5])]),
  ...unary('sqrt', Math.sqrt, [0, 9]),
  ...unary('reciprocal', (x) => 1 / x, [0.25, 4]),
  ...unary('exp', Math.exp),
  ...unary('log', Math.log, [0.125, 9]),
  ...unary('sin', Math.sin),
  ...unary('cos', Math.cos),
  ...unary('tan', Math.tan, [-1.5, 1.5]),
  ...unary('asin', Math.asin, [-1, 1]),
  ...unary('acos', Math.acos, [-1, 1]),
  ...unary('atan', Math.atan),
  ...unary('sinh', Math.sinh),
  ...unary('cosh', Math.cosh),
  ...unary('tanh', Math.tanh),
  ...unary('asinh', Math.asinh),
  ...unary('acosh', Math.acosh, [1, 9]),
  ...unary('atanh', Math.atanh, [-0.875, 0.875]),
  ...unary('erf', erf),
  ...unary('sigmoid', sigmoid),
  ...unary('relu', (x) => Math.max(0, x)),
  ...unary('silu', (x) => x * sigmoid(x)),
  ...unary('hardSwish', (x) => x * clamp01(x / 6 + 0.5)),
  ...unary('softplus', softplus),
  elementwise('softplus', ([x]) => softplus(x!))('far from zero', [f32([4], [100, -100, 40, -40])]),
  ...unary('softsign', (x) => x / (1 + Math.abs(x))),
  ...unary('mish', (x) => x * Math.tanh(softplus(x))),
  elementwise('mish', ([x]) => x! * Math.tanh(softplus(x!)))('far from zero', [f32([4], [100, -100, 20, -20])]),
  ...unary('identity', (x) => x),
  special('relu', (x) => Math.max(0, x)),
  special('neg', (x) => -x),
  special('abs', Math.abs),
  special('sign', Math.sign),
  special('floor', Math.floor),
  special('exp', Math.exp),
  special('log', Math.log),
  special('sqrt', Math.sqrt),
  special('tanh', Math.tanh),
  special('sigmoid', sigmoid),
  special('identity', (x) => x),
];

const integers: OpCase[] = [
  elementwise('neg', ([x]) => -x!)('int32', [i32([3], [1, -7, 0])]),
  elementwise('abs', ([x]) => Math.abs(x!))('int8', [tensor('int8', [3], [1, -7, 0])]),
  elementwise('abs', ([x]) => x!)('uint8', [tensor('uint8', [3], [1, 200, 0])]),
  elementwise('sign', ([x]) => Math.sign(x!))('int64', [i64([3], [1, -7, 0])]),
  elementwise('sign', ([x]) => Math.sign(x!))('uint8', [tensor('uint8', [3], [1, 200, 0])]),
  elementwise('relu', ([x]) => Math.max(0, x!))('int32', [i32([3], [1, -7, 0])]),
  elementwise('identity', ([x]) => x!)('bool', [bool([3], [1, 0, 1])]),
  elementwise('bitwiseNot', ([x]) => ~x!)('int32', [i32([5], [0, -1, 5, 2147483647, -2147483648])]),
  elementwise('bitwiseNot', ([x]) => 255 - x!)('uint8', [tensor('uint8', [3], [0, 255, 77])]),
];

const withAttributes: OpCase[] = [
  ...parametric('leakyRelu', (x, a) => (x < 0 ? num(a, 'alpha', 0.01) * x : x), {}, { alpha: 0.25 }),
  ...parametric('elu', (x, a) => (x < 0 ? num(a, 'alpha', 1) * Math.expm1(x) : x), {}, { alpha: 0.5 }),
  ...parametric(
    'selu',
    (x, a) => num(a, 'gamma', 1.0507009873554805) * (x < 0 ? num(a, 'alpha', 1.6732632423543772) * Math.expm1(x) : x),
    {},
    { alpha: 2, gamma: 3 },
  ),
  ...parametric(
    'celu',
    (x, a) => Math.max(0, x) + Math.min(0, num(a, 'alpha', 1) * Math.expm1(x / num(a, 'alpha', 1))),
    {},
    { alpha: 2.5 },
  ),
  ...parametric(
    'gelu',
    (x, a) =>
      a.approximate === 'tanh'
        ? 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))
        : 0.5 * x * (1 + erf(x / Math.SQRT2)),
    {},
    { approximate: 'none' },
    { approximate: 'tanh' },
  ),
  ...parametric('swish', (x, a) => x * sigmoid(num(a, 'alpha', 1) * x), {}, { alpha: 1.702 }),
  ...parametric(
    'hardSigmoid',
    (x, a) => clamp01(num(a, 'alpha', 0.2) * x + num(a, 'beta', 0.5)),
    {},
    { alpha: 0.5, beta: 0.6 },
  ),
  ...parametric('thresholdedRelu', (x, a) => (x > num(a, 'alpha', 1) ? x : 0), {}, { alpha: 2 }),
  ...parametric(
    'shrink',
    (x, a) => {
      const [l, b] = [num(a, 'lambd', 0.5), num(a, 'bias', 0)];
      if (x < -l) return x + b;
      return x > l ? x - b : 0;
    },
    {},
    { lambd: 1.5, bias: 1.5 },
  ),
  ...parametric(
    'clip',
    (x, a) => Math.min(Math.max(x, num(a, 'min', -Infinity)), num(a, 'max', Infinity)),
    {},
    { min: -1 },
    { max: 0.5 },
    { min: -1.5, max: 1.25 },
    { min: 2, max: 1 },
  ),
  elementwise('clip', ([x]) => Math.min(Math.max(x!, -3), 4))('int8', [whole('int8', [7], -9, 9)], { min: -3, max: 4 }),
  elementwise('clip', ([x]) => Math.min(x!, 6))('uint8 with a negative bound', [whole('uint8', [7], 0, 20)], {
    min: -3,
    max: 6,
  }),
  elementwise('clip', ([x]) => Math.max(x!, 2))('int64', [whole('int64', [7], -9, 9)], { min: 2 }),
  elementwise('clip', ([x]) => Math.min(Math.max(x!, -1), 1))(
    'NaN and infinities',
    [f32([3], [NaN, Infinity, -Infinity])],
    { min: -1, max: 1 },
    true,
  ),
  elementwise('leakyRelu', ([x]) => (x! < 0 ? 0.01 * x! : x!))('NaN', [f32([3], [NaN, Infinity, -Infinity])], {}, true),
];

function binary(op: OpName, f: (a: number, b: number) => number, result?: DType, low = -3): OpCase[] {
  const make = elementwise(op, ([a, b]) => f(a!, b!), result);
  return [
    make('equal shapes', [noise([3, 5], low, 3), noise([3, 5], low, 3, 2)]),
    make('a row against a column', [noise([1, 5], low, 3), noise([3, 1], low, 3, 2)]),
    make('a scalar on the left', [f32([], [1.5]), noise([7], low, 3, 2)]),
    make('ranks 1 and 4', [noise([3], low, 3), noise([2, 2, 2, 3], low, 3, 2)]),
    make('inner dimension broadcast', [noise([2, 3, 4], low, 3), noise([2, 1, 4], low, 3, 2)]),
    make('nothing', [noise([0, 3], low, 3), noise([1, 3], low, 3, 2)]),
  ];
}

const truth = (b: boolean): number => (b ? 1 : 0);
const a6 = f32([6], [1, -1, 0.5, NaN, Infinity, -Infinity]);
const b6 = f32([6], [NaN, 0, Infinity, 1, Infinity, Infinity]);
const odd = (op: OpName, f: (a: number, b: number) => number, result?: DType): OpCase =>
  elementwise(op, ([a, b]) => f(a!, b!), result)('NaN and infinities', [a6, b6], {}, true);

const int8s = [tensor('int8', [5], [100, -100, 127, -128, 3]), tensor('int8', [5], [100, -100, 1, 2, -2])];
const wrap8 = (x: number): number => (x << 24) >> 24;

const floats: OpCase[] = [
  ...binary('add', (a, b) => a + b),
  ...binary('sub', (a, b) => a - b),
  ...binary('mul', (a, b) => a * b),
  ...binary('div', (a, b) => a / b, undefined, 0.5),
  ...binary('max', Math.max),
  ...binary('min', Math.min),
  ...binary('pow', (a, b) => a ** b, undefined, 0.25),
  ...binary('prelu', (a, b) => (a < 0 ? a * b : a)),
  ...binary('equal', (a, b) => truth(a === b), 'bool'),
  ...binary('less', (a, b) => truth(a < b), 'bool'),
  ...binary('lessOrEqual', (a, b) => truth(a <= b), 'bool'),
  odd('add', (a, b) => a + b),
  odd('max', Math.max),
  odd('min', Math.min),
  odd('equal', (a, b) => truth(a === b), 'bool'),
  odd('less', (a, b) => truth(a < b), 'bool'),
  odd('lessOrEqual', (a, b) => truth(a <= b), 'bool'),
  elementwise('equal', ([a, b]) => truth(a === b), 'bool')('equal values', [f32([3], [1, 0, 2]), f32([3], [1, -0, 3])]),
];

const integerPairs: OpCase[] = [
  elementwise('add', ([a, b]) => wrap8(a! + b!))('int8 wraps', int8s),
  elementwise('sub', ([a, b]) => wrap8(a! - b!))('int8 wraps', int8s),
  elementwise('mul', ([a, b]) => wrap8(a! * b!))('int8 wraps', int8s),
  elementwise('add', ([a, b]) => (a! + b!) & 255)('uint8 wraps', [
    tensor('uint8', [3], [200, 255, 3]),
    tensor('uint8', [3], [100, 1, 4]),
  ]),
  elementwise('mul', ([a, b]) => Math.imul(a!, b!))('int32 wraps', [
    i32([3], [65536, 123456789, -7]),
    i32([3], [65537, 1000, 3]),
  ]),
  elementwise('add', ([a, b]) => a! + b!)('int64', [i64([2, 1], [5, -6]), i64([3], [1, 2, 3])]),
  elementwise('div', ([a, b]) => Math.trunc(a! / b!))('int32 truncates', [
    i32([6], [7, -7, 7, -7, 6, 0]),
    i32([6], [2, 2, -2, -2, 3, 5]),
  ]),
  elementwise('div', ([a, b]) => Math.trunc(a! / b!))('uint8', [
    tensor('uint8', [3], [200, 7, 255]),
    tensor('uint8', [3], [3, 8, 255]),
  ]),
  elementwise('max', ([a, b]) => Math.max(a!, b!))('int32', [i32([3], [1, -5, 9]), i32([3], [2, -6, 9])]),
  elementwise('min', ([a, b]) => Math.min(a!, b!))('uint8', [
    tensor('uint8', [3], [1, 250, 9]),
    tensor('uint8', [3], [2, 6, 9]),
  ]),
  elementwise('equal', ([a, b]) => truth(a === b), 'bool')('int64', [i64([3], [1, -5, 9]), i64([3], [2, -5, 9])]),
  elementwise('equal', ([a, b]) => truth(a === b), 'bool')('bool', [bool([4], [0, 0, 1, 1]), bool([4], [0, 1, 0, 1])]),
  elementwise('less', ([a, b]) => truth(a! < b!), 'bool')('int32', [i32([3], [1, -5, 9]), i32([3], [2, -6, 9])]),
  elementwise(
    'less',
    ([a, b]) => truth(a! < b!),
    'bool',
  )('uint8 above 127', [tensor('uint8', [2], [200, 1]), tensor('uint8', [2], [1, 200])]),
  elementwise(
    'lessOrEqual',
    ([a, b]) => truth(a! <= b!),
    'bool',
  )('int8', [tensor('int8', [3], [-1, 5, 9]), tensor('int8', [1], [5])]),
  elementwise('prelu', ([a, b]) => (a! < 0 ? a! * b! : a!))('int32', [i32([3], [1, -5, 9]), i32([1], [3])]),
];

const floorMod = (a: number, b: number): number => a - b * Math.floor(a / b);
const mods: OpCase[] = [
  elementwise('mod', ([a, b]) => floorMod(a!, b!))('int32, every sign', [
    i32([8], [7, -7, 7, -7, 6, -6, 0, 1]),
    i32([8], [3, 3, -3, -3, 3, -3, 5, 5]),
  ]),
  elementwise('mod', ([a, b]) => floorMod(a!, b!))('int64 broadcast', [i64([2, 2], [-4, 7, 5, -9]), i64([1], [3])]),
  elementwise('mod', ([a, b]) => a! % b!)('uint8', [
    tensor('uint8', [3], [200, 7, 9]),
    tensor('uint8', [3], [7, 8, 3]),
  ]),
  elementwise('mod', ([a, b]) => a! % b!)('int32 fmod', [i32([4], [7, -7, 7, -7]), i32([4], [3, 3, -3, -3])], {
    fmod: true,
  }),
  elementwise('mod', ([a, b]) => a! % b!)(
    'float32 fmod',
    [f32([5], [7.5, -7.5, 7.5, -7.5, 0.5]), f32([5], [2, 2, -2, -2, 3])],
    { fmod: true },
  ),
];

const pows: OpCase[] = [
  elementwise('pow', ([a, b]) => a! ** b!)('negative bases', [
    f32([5], [-2, -2, -3, 0, -1]),
    f32([5], [3, -2, 2, 0, 5]),
  ]),
  elementwise('pow', ([a, b]) => a! ** b!)('integer exponent', [noise([2, 3], -2, 2), i32([3], [2, -1, 5])]),
  elementwise('pow', ([a, b]) => a! ** b!)('int64 exponent', [noise([2, 3], -2, 2), i64([], [3])]),
  elementwise('pow', ([a, b]) => Math.trunc(a! ** b!))('int32', [
    i32([8], [2, -3, 5, 0, 1, -1, -1, 7]),
    i32([8], [30, 5, 0, 0, -4, -3, -2, -1]),
  ]),
  elementwise('pow', ([a, b]) => Math.trunc(a! ** b!))('int64 base, float exponent', [
    i64([3], [4, 9, 2]),
    f32([3], [0.5, 1.5, 3]),
  ]),
  elementwise('pow', ([a, b]) => (a! ** b!) & 255)('uint8 wraps', [
    tensor('uint8', [3], [3, 2, 16]),
    tensor('uint8', [3], [5, 9, 2]),
  ]),
];

const pairs = (f: (a: number, b: number) => number, op: OpName): OpCase[] => [
  elementwise(op, ([a, b]) => f(a!, b!))('int32', [whole('int32', [7], -99, 99), whole('int32', [7], -99, 99, 2)]),
  elementwise(op, ([a, b]) => f(a!, b!))('uint8 broadcast', [
    whole('uint8', [3, 1], 0, 255),
    whole('uint8', [2], 0, 255, 2),
  ]),
];

const bools = (f: (a: number, b: number) => number, op: OpName): OpCase[] => [
  elementwise(op, ([a, b]) => f(a!, b!))('truth table', [bool([4], [0, 0, 1, 1]), bool([4], [0, 1, 0, 1])]),
  elementwise(op, ([a, b]) => f(a!, b!))('broadcast', [bool([3, 1], [0, 1, 1]), bool([2], [0, 1])]),
];

const bits: OpCase[] = [
  ...pairs((a, b) => a & b, 'bitwiseAnd'),
  ...pairs((a, b) => a | b, 'bitwiseOr'),
  ...pairs((a, b) => a ^ b, 'bitwiseXor'),
  ...bools((a, b) => a & b, 'and'),
  ...bools((a, b) => a | b, 'or'),
  ...bools((a, b) => a ^ b, 'xor'),
  elementwise('not', ([a]) => 1 - a!)('both', [bool([2], [0, 1])]),
  elementwise('bitShift', ([a, b]) => (a! << b!) & 255)(
    'uint8 left',
    [tensor('uint8', [5], [1, 255, 3, 16, 7]), tensor('uint8', [5], [0, 1, 7, 4, 8])],
    { direction: 'left' },
  ),
  elementwise('bitShift', ([a, b]) => a! >> b!)(
    'uint8 right',
    [tensor('uint8', [5], [1, 255, 128, 16, 7]), tensor('uint8', [5], [0, 1, 7, 4, 8])],
    { direction: 'right' },
  ),
  elementwise('bitShift', ([a, b]) => Math.floor(a! / 2 ** b!))(
    'uint32 right',
    [tensor('uint32', [3], [4294967295, 2147483648, 5]), tensor('uint32', [3], [1, 31, 40])],
    { direction: 'right' },
  ),
];

const tests = f32([6], [NaN, Infinity, -Infinity, 0, 1, -2]);
const inf = (a: Attributes) =>
  elementwise(
    'isInf',
    ([x]) => truth((x === Infinity && a.detectPositive !== false) || (x === -Infinity && a.detectNegative !== false)),
    'bool',
  );
const signs: Attributes[] = [
  {},
  { detectNegative: false },
  { detectPositive: false },
  { detectNegative: false, detectPositive: false },
];
const classification: OpCase[] = [
  elementwise('isNaN', ([x]) => truth(Number.isNaN(x)), 'bool')('each kind', [tests], {}, true),
  ...signs.map((a) => inf(a)(`each kind with ${JSON.stringify(a)}`, [tests], a, true)),
];

const whereCase = (name: string, inputs: readonly Tensor[], result: DType): OpCase =>
  elementwise('where', ([c, a, b]) => (c ? a! : b!), result)(name, inputs);
const choices: OpCase[] = [
  whereCase('equal shapes', [bool([4], [0, 1, 1, 0]), noise([4]), noise([4], -2, 2, 2)], 'float32'),
  whereCase('everything broadcast', [bool([3, 1], [0, 1, 1]), noise([5]), f32([], [9])], 'float32'),
  whereCase('condition of higher rank', [bool([2, 2, 1], [0, 1, 1, 0]), noise([1]), noise([3])], 'float32'),
  whereCase('int64', [bool([3], [1, 0, 1]), i64([3], [1, 2, 3]), i64([], [-1])], 'int64'),
  whereCase('bool', [bool([2], [1, 0]), bool([2], [0, 0]), bool([2], [1, 1])], 'bool'),
];

const castTo = (to: DType, f: (x: number) => number) => {
  const make = elementwise('cast', ([x]) => f(x!), to);
  return (name: string, x: Tensor, isSpecial = false): OpCase => make(`${name} to ${to}`, [x], { to }, isSpecial);
};
const casts: OpCase[] = [
  castTo('int32', Math.trunc)('float32', f32([6], [1.5, -1.5, 0.9, -0.9, 100.25, 0])),
  castTo('int64', Math.trunc)('float32', f32([3], [2.75, -2.75, 1e6])),
  castTo('uint8', Math.trunc)('float32', f32([3], [0.5, 200.75, 255])),
  castTo('bool', (x) => truth(x !== 0))('float32', f32([4], [0, -0, 0.5, -3])),
  castTo('bool', (x) => truth(x !== 0))('int32', i32([3], [0, 256, -1])),
  castTo('bool', () => 1)('NaN', f32([1], [NaN]), true),
  castTo('float32', (x) => x)('bool', bool([3], [0, 1, 1])),
  castTo('float32', (x) => x)('int32', i32([3], [0, -77, 123456])),
  castTo('float32', (x) => x)('int64', i64([2], [-3, 9])),
  castTo('float32', (x) => x)('uint8', tensor('uint8', [2], [255, 9])),
  castTo('int8', wrap8)('int32', i32([4], [127, 128, -129, 1000])),
  castTo('uint8', (x) => x & 255)('int32', i32([3], [255, 256, -1])),
  castTo('int32', (x) => x)('int8', tensor('int8', [2], [-128, 127])),
  castTo('float32', (x) => x)('float32', noise([3])),
];

export const cases: readonly OpCase[] = [
  ...simple,
  ...integers,
  ...withAttributes,
  ...floats,
  ...integerPairs,
  ...mods,
  ...pows,
  ...bits,
  ...classification,
  ...choices,
  ...casts,
];
