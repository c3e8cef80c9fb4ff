import { describe, expect, test } from 'vitest';
import { makeTransfer } from '../../../compiler/6-budget/device/transfer.ts';

const { encode, decode } = makeTransfer();
const throughJson = (value: unknown): unknown => decode(JSON.parse(JSON.stringify(encode(value))));

describe('what crosses the network comes out as it went in', () => {
  test.each([
    ['numbers', [0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324]],
    ['text and the like', ['', 'ä\n"', true, false, null, undefined, 2n ** 70n]],
    ['objects', { a: { b: [{}, []] }, array: ['array', 1], kind: 'x', undefined }],
    ['an object with an odd name', JSON.parse('{"__proto__": 1}')],
    ['float arrays', [new Float32Array([1, Number.NaN, -0]), new Float64Array([Math.PI]), new Float32Array(0)]],
    [
      'integer arrays',
      [new Int8Array([-1]), new Uint8ClampedArray([300]), new Uint16Array([65535]), new Int32Array([-5])],
    ],
    ['64-bit arrays', [new BigInt64Array([-(2n ** 63n)]), new BigUint64Array([2n ** 64n - 1n])]],
    ['a part of a buffer', new Uint8Array([1, 2, 3, 4]).subarray(1, 3)],
    ['more bytes than a call takes arguments', Uint8Array.from({ length: 300_000 }, (_, i) => i)],
  ])('%s', (_, value) => {
    expect(throughJson(value)).toEqual(value);
  });

  test('a buffer of Node, as bytes', () => {
    expect(throughJson(Buffer.from([1, 2]))).toEqual(new Uint8Array([1, 2]));
  });

  test('an array buffer', () => {
    expect(new Uint8Array(throughJson(new Uint8Array([7, 8]).buffer) as ArrayBuffer)).toEqual(new Uint8Array([7, 8]));
  });
});

test('what is not data is refused', () => {
  expect(() => encode(() => 1)).toThrow('a function cannot be sent');
  expect(() => encode(new Map())).toThrow('[object Map] cannot be sent');
  expect(() => decode(['Function', 'return 1'])).toThrow('unknown kind Function');
  expect(() => decode(['Float32Array', 5])).toThrow('not a Float32Array');
  expect(() => decode({})).toThrow('an object without a kind');
});

test('its text alone works, as in a page', () => {
  const made = new Function(`return (${makeTransfer.toString()})();`)();
  expect(made.decode(made.encode([Number.NaN, new Float32Array([1])]))).toEqual([Number.NaN, new Float32Array([1])]);
});
