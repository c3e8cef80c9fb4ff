import { describe, expect, it } from 'vitest';
import { compareResults } from '../../../compiler/5-emit/parity/compare.ts';
import { type Reference, toleranceOf } from '../../../compiler/5-emit/parity/reference.ts';

const reference = (expected: number[], tolerance: number, rounded = expected): Reference => ({
  name: 'y',
  dtype: 'float32',
  expected: Float64Array.from(expected),
  rounded: Float32Array.from(rounded),
  tolerance,
});
const compare = (given: Reference, ...found: number[]) => compareResults([given], { y: Float32Array.from(found) })[0]!;

describe('toleranceOf', () => {
  it('is 8 times the difference of the evaluations, at least 1e-5 of the largest magnitude', () => {
    expect(toleranceOf('float32', Float64Array.of(1, -4), Float32Array.of(1, -4.5))).toBe(4);
    expect(toleranceOf('float32', Float64Array.of(1, -4), Float32Array.of(1, -4))).toBeCloseTo(4e-5, 12);
    expect(toleranceOf('int32', Int32Array.of(7), Int32Array.of(9))).toBe(0);
  });

  it('leaves out what is not finite', () => {
    const values = [Number.NaN, Infinity, -Infinity, 2];
    expect(toleranceOf('float32', Float64Array.from(values), Float32Array.from(values))).toBeCloseTo(2e-5, 12);
  });

  it('knows the spacing of narrow floats', () => {
    expect(toleranceOf('float16', Float64Array.of(1), Float32Array.of(1))).toBe(2 ** -10);
  });
});

describe('compareResults', () => {
  it('gives the worst element', () => {
    expect(compare(reference([1, 2, 3], 0.25), 1.125, 2.25, 3)).toEqual({
      output: 'y',
      index: 1,
      expected: 2,
      found: 2.25,
      tolerance: 0.25,
      isWithin: true,
    });
    expect(compare(reference([1, 2, 3], 0.25), 1, 2, 3.5).isWithin).toBe(false);
  });

  it('takes NaN for NaN and infinity for infinity, nothing else for them', () => {
    expect(compare(reference([Number.NaN, Infinity], 1), Number.NaN, Infinity).isWithin).toBe(true);
    expect(compare(reference([Number.NaN], 1), 0).isWithin).toBe(false);
    expect(compare(reference([0], 1), Number.NaN).isWithin).toBe(false);
    expect(compare(reference([Infinity], 1), -Infinity).isWithin).toBe(false);
    expect(compare(reference([Infinity], 1), 3e38).isWithin).toBe(false);
  });

  it('takes infinity for what float32 cannot hold', () => {
    expect(compare(reference([1e39], 1), Infinity).isWithin).toBe(true);
  });

  it('takes what rounding to float32 gives where that is not finite', () => {
    expect(compare(reference([3], 1, [Number.NaN]), Number.NaN).isWithin).toBe(true);
  });

  it('is exact for integers', () => {
    const integers: Reference = {
      name: 'y',
      dtype: 'int64',
      expected: BigInt64Array.of(5n),
      rounded: BigInt64Array.of(5n),
      tolerance: 0,
    };
    expect(compareResults([integers], { y: BigInt64Array.of(5n) })[0]!.isWithin).toBe(true);
    expect(compareResults([integers], { y: BigInt64Array.of(6n) })[0]!.isWithin).toBe(false);
  });
});
