import { describe, expect, it } from 'vitest';
import * as special from '../../../compiler/kernel/evaluate/special.ts';
import type { Expr } from '../../../compiler/kernel/expr.ts';
import { type UnaryOp, unaryOps } from '../../../compiler/kernel/scalar.ts';
import {
  type CompositeUnary,
  expandBinary,
  expandUnary,
  isCompositeUnary,
} from '../../../compiler/kernel/transcendental/index.ts';
import { bitsFloat, float32Function, ulpError } from './float32-function.ts';

const allowed = 4;
const exhaustive = process.env.LCC_EXHAUSTIVE === '1';

const x: Expr = { kind: 'local', dtype: 'float32', name: 'x' };
const y: Expr = { kind: 'local', dtype: 'float32', name: 'y' };

const references: Record<CompositeUnary, (x: number) => number> = {
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  erf: special.erf,
  sigmoid: special.sigmoid,
};

/** Beyond this the reduction by pi/2 is not asked to hold. */
const limits: Partial<Record<CompositeUnary, number>> = { sin: 2 ** 17, cos: 2 ** 17, tan: 2 ** 17 };

/** A fixed sequence of 32-bit integers (xorshift), so that a failure repeats. */
function* randomBits(): Generator<number, never> {
  let state = 0x9e3779b9;
  for (;;) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield state;
  }
}

/** Every sign and exponent with random significands, zeros, infinities and NaN among them; or all bit patterns. */
function* floatSamples(): Generator<number> {
  if (exhaustive) {
    for (let bits = 0; bits < 2 ** 32; bits++) yield bitsFloat(bits | 0);
    return;
  }
  const random = randomBits();
  for (let top = 0; top < 512; top++) {
    for (const edge of [0, 1, 0x400000, 0x7fffff]) yield bitsFloat((top << 23) | edge);
    for (let i = 0; i < 400; i++) yield bitsFloat((top << 23) | (random.next().value & 0x7fffff));
  }
}

interface Worst {
  ulp: number;
  at: readonly number[];
}

function note(worst: Worst, ulp: number, at: readonly number[]): void {
  if (ulp > worst.ulp) Object.assign(worst, { ulp, at });
}

const modes = [
  ['rounding each operation', false],
  ['fused multiply-adds', true],
] as const;

describe.each(modes)('unary expansions, %s', (_, fused) => {
  it.each(Object.keys(unaryOps).filter((op) => isCompositeUnary(op as UnaryOp)) as CompositeUnary[])(
    '%s',
    (op) => {
      const run = float32Function(['x'], expandUnary(op, x), fused);
      const reference = references[op];
      const limit = limits[op] ?? Infinity;
      const worst: Worst = { ulp: 0, at: [] };
      for (const value of floatSamples()) {
        if (Math.abs(value) > limit && Math.abs(value) !== Infinity) continue;
        note(worst, ulpError(run(value), reference(value)), [value]);
      }
      expect(worst.ulp, `${op}(${worst.at}) = ${run(...worst.at)}`).toBeLessThanOrEqual(allowed);
    },
    exhaustive ? 7_200_000 : 60_000,
  );

  it('sin, cos and tan stay bounded or NaN beyond their range', () => {
    for (const op of ['sin', 'cos'] as const) {
      const run = float32Function(['x'], expandUnary(op, x), fused);
      for (const value of [2e5, -1e10, 3e38, 2 ** 24 + 2]) expect(Math.abs(run(value))).toBeLessThanOrEqual(1);
      expect(run(Infinity)).toBeNaN();
    }
  });

  it('tanh, erf and sigmoid never leave their range', () => {
    for (const op of ['tanh', 'erf', 'sigmoid'] as const) {
      const run = float32Function(['x'], expandUnary(op, x), fused);
      for (let i = 0; i < 20_000; i++) expect(Math.abs(run(Math.fround(3 + i / 2500)))).toBeLessThanOrEqual(1);
    }
  });
});

const edges = [
  0,
  -0,
  1,
  -1,
  2,
  -2,
  0.5,
  -0.5,
  3,
  -3,
  Infinity,
  -Infinity,
  Number.NaN,
  1e-40,
  -1e-40,
  3e38,
  -3e38,
  16777216,
];

/** Pairs of all magnitudes, pairs whose power is in range, bases near 1, and integral exponents. */
function* powSamples(): Generator<readonly [number, number]> {
  for (const a of edges) for (const b of edges) yield [Math.fround(a), Math.fround(b)];
  const random = randomBits();
  const next = (): number => random.next().value;
  const fraction = (): number => (next() >>> 0) / 2 ** 32;
  for (let i = 0; i < (exhaustive ? 50_000_000 : 60_000); i++) {
    yield [bitsFloat(next()), bitsFloat(next())];
    const positive = bitsFloat(next() & 0x7fffffff);
    yield [positive, Math.fround((fraction() * 300 - 150) / Math.log2(positive))];
    const near = Math.fround(1 + (fraction() - 0.5) * 2 ** -(next() & 15));
    yield [near, Math.fround((fraction() * 300 - 150) / Math.log2(near))];
    yield [bitsFloat(next()), (next() % 20) / ((next() & 1) + 1)];
  }
}

function* atan2Samples(): Generator<readonly [number, number]> {
  for (const a of edges) for (const b of edges) yield [Math.fround(a), Math.fround(b)];
  const random = randomBits();
  const next = (): number => random.next().value;
  for (let i = 0; i < (exhaustive ? 50_000_000 : 100_000); i++) {
    const height = bitsFloat(next());
    yield [height, bitsFloat(next())];
    yield [height, Math.fround(height * (next() / 2 ** 30))];
  }
}

describe.each(modes)('binary expansions, %s', (_, fused) => {
  it.each([
    ['pow', powSamples, special.pow],
    ['atan2', atan2Samples, Math.atan2],
  ] as const)(
    '%s',
    (op, samples, reference) => {
      const run = float32Function(['x', 'y'], expandBinary(op, x, y), fused);
      const worst: Worst = { ulp: 0, at: [] };
      for (const [a, b] of samples()) note(worst, ulpError(run(a, b), reference(a, b)), [a, b]);
      expect(worst.ulp, `${op}(${worst.at}) = ${run(...worst.at)}`).toBeLessThanOrEqual(allowed);
    },
    exhaustive ? 7_200_000 : 60_000,
  );

  it.each([1, 2, 3, 4, -1, 0.5])(
    'pow to the constant %d',
    (exponent) => {
      const e = expandBinary('pow', x, { kind: 'const', dtype: 'float32', value: exponent });
      const run = float32Function(['x'], e, fused);
      const worst: Worst = { ulp: 0, at: [] };
      for (const value of floatSamples()) note(worst, ulpError(run(value), special.pow(value, exponent)), [value]);
      expect(worst.ulp, `${worst.at} to the ${exponent}`).toBeLessThanOrEqual(allowed);
    },
    exhaustive ? 7_200_000 : 60_000,
  );
});

describe('float64 references', () => {
  // 20 digits from Abramowitz and Stegun, table 7.1, and its continuation
  it.each([
    [0.1, 0.1124629160182849],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [2, 0.9953222650189527],
    [2.4, 0.9993114861033549],
    [2.6, 0.999763965583471],
    [3, 0.9999779095030014],
    [4, 0.9999999845827421],
  ])('erf(%d)', (at, value) => {
    expect(Math.abs(special.erf(at) / value - 1)).toBeLessThan(1e-14);
    expect(special.erf(-at)).toBe(-special.erf(at));
  });

  it('pow follows C where JavaScript does not', () => {
    expect(special.pow(1, Number.NaN)).toBe(1);
    expect(special.pow(-1, Infinity)).toBe(1);
    expect(special.pow(-8, 3)).toBe(-512);
  });
});
