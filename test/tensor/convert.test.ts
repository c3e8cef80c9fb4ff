import { describe, expect, it } from 'vitest';
import {
  decodeBfloat16,
  decodeData,
  decodeFloat16,
  encodeBfloat16,
  encodeData,
  encodeFloat16,
  numbersOf,
  roundToEven,
  tensorOf,
} from '../../compiler/tensor/convert.ts';

describe('float16', () => {
  it.each([
    [0x0000, 0],
    [0x8000, -0],
    [0x3c00, 1],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x0400, 2 ** -14],
    [0x0001, 2 ** -24],
    [0x83ff, -(2 ** -14) + 2 ** -24],
    [0x7c00, Infinity],
    [0xfc00, -Infinity],
  ])('%i is %d both ways', (bits, value) => {
    expect(decodeFloat16(bits)).toBe(value);
    expect(encodeFloat16(value)).toBe(bits);
  });

  it('comes back from its value for all bit patterns', () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = decodeFloat16(bits);
      if (Number.isNaN(value)) expect(encodeFloat16(value)).toBe(0x7e00);
      else if (encodeFloat16(value) !== bits) expect(encodeFloat16(value)).toBe(bits);
    }
  });

  it('rounds to nearest, ties to even, once', () => {
    expect(encodeFloat16(1 + 2 ** -11)).toBe(0x3c00);
    expect(encodeFloat16(1 + 3 * 2 ** -11)).toBe(0x3c02);
    expect(encodeFloat16(1 + 2 ** -11 + 2 ** -40)).toBe(0x3c01); // by way of float32 it would be 0x3c00
    expect(encodeFloat16(65519.99)).toBe(0x7bff);
    expect(encodeFloat16(65520)).toBe(0x7c00);
    expect(encodeFloat16(2 ** -25)).toBe(0);
    expect(encodeFloat16(2 ** -25 * 1.01)).toBe(1);
    expect(encodeFloat16(2 ** -14 - 2 ** -26)).toBe(0x0400);
    expect(encodeFloat16(5e-324)).toBe(0);
  });
});

describe('bfloat16', () => {
  it('is the upper half of a float32, rounded to even', () => {
    expect(decodeBfloat16(0x3fc0)).toBe(1.5);
    expect(encodeBfloat16(1 + 2 ** -8)).toBe(0x3f80);
    expect(encodeBfloat16(1 + 3 * 2 ** -8)).toBe(0x3f82);
    expect(encodeBfloat16(3.4e38)).toBe(0x7f80);
    expect(encodeBfloat16(2 ** -133)).toBe(1);
  });

  it('comes back from its value for all bit patterns', () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = decodeBfloat16(bits);
      if (!Number.isNaN(value) && encodeBfloat16(value) !== bits) expect(encodeBfloat16(value)).toBe(bits);
    }
  });
});

describe('tensors and numbers', () => {
  it('goes both ways for every kind of type', () => {
    expect(numbersOf(tensorOf('int64', [2], [-3, 4n]))).toEqual([-3, 4]);
    expect(numbersOf(tensorOf('float16', [2], [0.1, -2]))).toEqual([0.0999755859375, -2]);
    expect(numbersOf(tensorOf('uint8', [2], [257, -1]))).toEqual([1, 255]);
    expect(tensorOf('bool', [], [1]).data).toEqual(Uint8Array.of(1));
    expect(() => tensorOf('float32', [3], [1])).toThrow(RangeError);
  });

  it('decodes only what needs it', () => {
    const tensor = tensorOf('float32', [1], [0.1]);
    expect(decodeData(tensor)).toBe(tensor.data);
    expect(decodeData(tensorOf('bfloat16', [1], [3]))).toEqual(Float64Array.of(3));
  });

  it('encodes BigInt into numbers by wrapping', () => {
    expect(encodeData('int8', BigInt64Array.of(300n))).toEqual(Int8Array.of(44));
    expect(encodeData('uint32', BigInt64Array.of(-1n))).toEqual(Uint32Array.of(4294967295));
    expect(encodeData('float32', BigInt64Array.of(2n ** 40n))).toEqual(Float32Array.of(2 ** 40));
  });

  it('rounds halves to even', () => {
    expect([0.5, 1.5, -0.5, -1.5, 2.4].map(roundToEven)).toEqual([0, 2, -0, -2, 2]);
  });
});
