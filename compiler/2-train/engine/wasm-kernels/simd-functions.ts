import { bug } from '../../../diagnostics/index.ts';
import {
  assemble,
  type Code,
  constant,
  type Func,
  get,
  i32,
  loadPair,
  repeat,
  set,
  storePair,
  v128,
} from '../../../linalg/wasm/assemble.ts';
import {
  advance,
  and,
  andNot,
  byteNotEqual,
  choose,
  floats,
  fourTimes,
  integers,
  narrow,
  nearest,
  or,
  powerOfTwo,
  sixteenTimes,
  toIntegers,
  widen,
} from './simd-code.ts';
import { addTiles, packColumns, setTiles } from './simd-product.ts';
import type { WasmBackend } from './wasm-kernel.ts';

/** Elements that the element-wise functions take at a time: counts are of these. */
export const blockSize = 16;
/** Channels that `giveToMaximum` takes at a time. */
export const laneCount = 4;

const quarters = [0, 1, 2, 3] as const;
const binaryLocals = { a: 0, b: 1, y: 2, stepA: 3, stepB: 4, blocks: 5 };

const loopOverBlocks = (name: string, block: Code, bytesOfBlock: number): Func => ({
  name,
  parameters: [i32, i32, i32, i32, i32, i32],
  locals: [],
  body: repeat(binaryLocals.blocks, [
    ...block,
    ...advance(binaryLocals.a, get(binaryLocals.stepA)),
    ...advance(binaryLocals.b, get(binaryLocals.stepB)),
    ...advance(binaryLocals.y, constant(bytesOfBlock)),
  ]),
});

const load = (local: number, quarter: number): Code => loadPair(get(local), 16 * quarter);
type Binary = (a: Code, b: Code) => Code;

const arithmetic = (name: string, operation: Binary): Func =>
  loopOverBlocks(
    name,
    quarters.flatMap((quarter) => [
      ...storePair(
        get(binaryLocals.y),
        operation(load(binaryLocals.a, quarter), load(binaryLocals.b, quarter)),
        16 * quarter,
      ),
    ]),
    4 * blockSize,
  );

function comparison(name: string, operation: Binary): Func {
  const mask = (quarter: number): Code => operation(load(binaryLocals.a, quarter), load(binaryLocals.b, quarter));
  const ones = and(narrow([mask(0), mask(1), mask(2), mask(3)]), sixteenTimes(1));
  return loopOverBlocks(name, storePair(get(binaryLocals.y), ones), blockSize);
}

const selectLocals = { condition: 0, t: 1, e: 2, y: 3, blocks: 4, mask: 5 };

const select: Func = {
  name: 'select',
  parameters: [i32, i32, i32, i32, i32],
  locals: [v128],
  body: repeat(selectLocals.blocks, [
    ...set(selectLocals.mask, byteNotEqual(loadPair(get(selectLocals.condition)), sixteenTimes(0))),
    ...quarters.flatMap((quarter) =>
      storePair(
        get(selectLocals.y),
        choose(load(selectLocals.t, quarter), load(selectLocals.e, quarter), widen(selectLocals.mask, quarter)),
        16 * quarter,
      ),
    ),
    ...advance(selectLocals.condition, constant(blockSize)),
    ...[selectLocals.t, selectLocals.e, selectLocals.y].flatMap((local) => advance(local, constant(4 * blockSize))),
  ]),
};

const rowLocals = { a: 0, b: 1, sums: 2, lanes: 3 };

/** sums += a, or a * b: `term`. */
const addRow = (name: string, term: Code): Func => ({
  name,
  parameters: [i32, i32, i32, i32],
  locals: [],
  body: repeat(rowLocals.lanes, [
    ...storePair(get(rowLocals.sums), floats.add(loadPair(get(rowLocals.sums)), term)),
    ...[rowLocals.a, rowLocals.b, rowLocals.sums].flatMap((local) => advance(local, constant(4 * laneCount))),
  ]),
});

const poolLocals = { x: 0, y: 1, dy: 2, dx: 3, taken: 4, lanes: 5, mask: 6 };

/** dx += dy where x = y and not yet taken. */
const giveToMaximum: Func = {
  name: 'giveToMaximum',
  parameters: [i32, i32, i32, i32, i32, i32],
  locals: [v128],
  body: repeat(poolLocals.lanes, [
    ...set(
      poolLocals.mask,
      andNot(floats.equal(loadPair(get(poolLocals.x)), loadPair(get(poolLocals.y))), loadPair(get(poolLocals.taken))),
    ),
    ...storePair(
      get(poolLocals.dx),
      floats.add(loadPair(get(poolLocals.dx)), and(loadPair(get(poolLocals.dy)), get(poolLocals.mask))),
    ),
    ...storePair(get(poolLocals.taken), or(loadPair(get(poolLocals.taken)), get(poolLocals.mask))),
    ...[poolLocals.x, poolLocals.y, poolLocals.dy, poolLocals.dx, poolLocals.taken].flatMap((local) =>
      advance(local, constant(4 * laneCount)),
    ),
  ]),
};

interface Rational {
  /** |x| beyond which the function is flat */
  readonly limit: number;
  /** of x, x^3, x^5 and on */
  readonly numerator: readonly number[];
  /** of 1, x^2, x^4 and on */
  readonly denominator: readonly number[];
}

const rationalLocals = { x: 0, y: 1, lanes: 2, value: 3, square: 4 };

/** An odd function as x P(x^2) / Q(x^2), by Horner's rule. */
function rational(name: string, { limit, numerator, denominator }: Rational): Func {
  const polynomial = (coefficients: readonly number[]): Code =>
    coefficients.reduceRight<Code>(
      (sum, coefficient, index) =>
        index === coefficients.length - 1
          ? fourTimes(coefficient)
          : floats.add(floats.mul(sum, get(rationalLocals.square)), fourTimes(coefficient)),
      [],
    );
  const { x, y, value, square } = rationalLocals;
  return {
    name,
    parameters: [i32, i32, i32],
    locals: [v128, v128],
    body: repeat(rationalLocals.lanes, [
      ...set(value, floats.min(floats.max(loadPair(get(x)), fourTimes(-limit)), fourTimes(limit))),
      ...set(square, floats.mul(get(value), get(value))),
      ...storePair(get(y), floats.div(floats.mul(get(value), polynomial(numerator)), polynomial(denominator))),
      ...[x, y].flatMap((local) => advance(local, constant(4 * laneCount))),
    ]),
  };
}

const expLocals = { x: 0, y: 1, lanes: 2, power: 3, rest: 4, integer: 5 };

/** e^x = 2^n e^r with n = round(x / ln 2) and |r| <= ln 2 / 2, by the polynomial of Cephes (expf.c). */
function makeExp(): Func {
  const { x, y, power, rest, integer } = expLocals;
  const { add, sub, mul, min, max } = floats;
  const coefficients = [
    1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 0.50000001201,
  ];
  const polynomial = coefficients.map(fourTimes).reduce((sum, coefficient) => add(mul(sum, get(rest)), coefficient));
  const mantissa = add(add(mul(mul(polynomial, get(rest)), get(rest)), get(rest)), fourTimes(1));
  const half = integers.halve(get(integer));
  return {
    name: 'exp',
    parameters: [i32, i32, i32],
    locals: [v128, v128, v128],
    body: repeat(expLocals.lanes, [
      ...set(rest, min(max(loadPair(get(x)), fourTimes(-105)), fourTimes(89))),
      ...set(power, nearest(mul(get(rest), fourTimes(Math.LOG2E)))),
      ...set(integer, toIntegers(get(power))),
      ...set(rest, sub(get(rest), mul(get(power), fourTimes(0.693359375)))),
      ...set(rest, sub(get(rest), mul(get(power), fourTimes(-2.1219444e-4)))),
      ...storePair(get(y), mul(mul(mantissa, powerOfTwo(half)), powerOfTwo(integers.sub(get(integer), half)))),
      ...[x, y].flatMap((local) => advance(local, constant(4 * laneCount))),
    ]),
  };
}

/** Rational approximations of Eigen (MathFunctionsImpl.h, SpecialFunctionsImpl.h); relative errors 3e-7 and 1e-7. */
const tanh: Rational = {
  limit: 7.905311107635498,
  numerator: [
    4.89352455891786e-3, 6.37261928875436e-4, 1.48572235717979e-5, 5.12229709037114e-8, -8.60467152213735e-11,
    2.00018790482477e-13, -2.76076847742355e-16,
  ],
  denominator: [4.89352518554385e-3, 2.268434632439e-3, 1.18534705686654e-4, 1.19825839466702e-6],
};
const erf: Rational = {
  limit: 4,
  numerator: [
    -1.60960333262415e-2, -2.95459980854025e-3, -7.34990630326855e-4, -5.69250639462346e-5, -2.10102402082508e-6,
    2.77068142495902e-8, -2.72614225801306e-10,
  ],
  denominator: [
    -1.42647390514189e-2, -7.37332916720468e-3, -1.68282697438203e-3, -2.13374055278905e-4, -1.45660718464996e-5,
  ],
};

/** y = f(a, b) over `blocks` of `blockSize`; an operand's step is 0 where one block of it serves all, else its bytes. */
export type BinaryFunction = (a: number, b: number, y: number, stepA: number, stepB: number, blocks: number) => void;
export type UnaryFunction = (x: number, y: number, lanes: number) => void;

/** a [4, depth] with panels packed of b, to y [4, 8 panels]; strides in bytes. */
type TilesFunction = (
  a: number,
  packed: number,
  y: number,
  strideA: number,
  strideY: number,
  panels: number,
  depth: number,
) => void;

/** Byte addresses in the backend's memory; lengths in blocks of `blockSize` or lanes of `laneCount` elements. */
export interface SimdFunctions {
  readonly maximum: BinaryFunction;
  readonly minimum: BinaryFunction;
  /** Comparisons write bytes of 0 and 1. */
  readonly equal: BinaryFunction;
  readonly notEqual: BinaryFunction;
  readonly less: BinaryFunction;
  readonly lessEqual: BinaryFunction;
  readonly greater: BinaryFunction;
  readonly greaterEqual: BinaryFunction;
  readonly select: (condition: number, t: number, e: number, y: number, blocks: number) => void;
  readonly tanh: UnaryFunction;
  readonly erf: UnaryFunction;
  readonly exp: UnaryFunction;
  /** sums += a; b is not read. */
  readonly addRow: (a: number, b: number, sums: number, lanes: number) => void;
  /** sums += a * b */
  readonly addProduct: (a: number, b: number, sums: number, lanes: number) => void;
  readonly packColumns: (from: number, to: number, stride: number, rows: number) => void;
  /** y = a x b, and y += a x b. */
  readonly setTiles: TilesFunction;
  readonly addTiles: TilesFunction;
  readonly giveToMaximum: (x: number, y: number, dy: number, dx: number, taken: number, lanes: number) => void;
}

const functions: readonly Func[] = [
  arithmetic('maximum', floats.max),
  arithmetic('minimum', floats.min),
  comparison('equal', floats.equal),
  comparison('notEqual', floats.notEqual),
  comparison('less', floats.less),
  comparison('lessEqual', floats.lessEqual),
  comparison('greater', floats.greater),
  comparison('greaterEqual', floats.greaterEqual),
  select,
  rational('tanh', tanh),
  rational('erf', erf),
  makeExp(),
  addRow('addRow', loadPair(get(rowLocals.a))),
  addRow('addProduct', floats.mul(loadPair(get(rowLocals.a)), loadPair(get(rowLocals.b)))),
  giveToMaximum,
  packColumns,
  setTiles,
  addTiles,
];

const loaded = new WeakMap<WebAssembly.Memory, SimdFunctions>();

/** The functions over the memory of `backend`, assembled once for each. */
export function simdOf({ wasm: { asm } }: WasmBackend): SimdFunctions {
  const known = loaded.get(asm.memory);
  if (known) return known;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assemble(functions)), {
    env: { memory: asm.memory },
  });
  if (!areSimdFunctions(exports)) throw bug('a module without the functions that it was assembled of');
  loaded.set(asm.memory, exports);
  return exports;
}

const areSimdFunctions = (exports: object): exports is SimdFunctions =>
  functions.every(({ name }) => typeof Reflect.get(exports, name) === 'function');
