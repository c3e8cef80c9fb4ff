import { describe, expect, it, test } from 'vitest';
import { codecs } from '../../compiler/5-emit/codecs.ts';
import { decodeData, encodeData } from '../../compiler/tensor/convert.ts';
import { shapeOf } from '../../compiler/tensor/shape.ts';
import { makeTensor } from '../../compiler/tensor/tensor.ts';
import type { Codec, Elements } from '../../runtime/codec.ts';

const elementsOf = ({ elements: Elements }: Codec, { buffer, byteOffset, byteLength }: ArrayBufferView): Elements =>
  new Elements(buffer as ArrayBuffer, byteOffset, byteLength / 4);

describe('codecs', () => {
  test.each([
    ['float32', Float32Array.of(1.5, -0, Number.NaN)],
    ['float64', Float64Array.of(1.5, -2)],
    ['int8', Int8Array.of(-128, 127)],
    ['uint8', Uint8Array.of(0, 255)],
    ['int16', Int16Array.of(-32768, 32767)],
    ['uint16', Uint16Array.of(0, 65535)],
    ['int32', Int32Array.of(-(2 ** 31), 2 ** 31 - 1)],
    ['uint32', Uint32Array.of(0, 2 ** 32 - 1)],
    ['int64', BigInt64Array.of(-(2n ** 31n), 2n ** 31n - 1n)],
    ['uint64', BigUint64Array.of(0n, 2n ** 32n - 1n)],
    ['bool', Uint8Array.of(0, 1)],
  ] as const)('%s comes back as it went in', (dtype, values) => {
    const elements = codecs[dtype].encode(values);
    expect(elements.byteLength).toBe(4 * values.length);
    expect(codecs[dtype].decode(elementsOf(codecs[dtype], elements))).toEqual(values);
  });

  it('takes any byte but 0 as true', () => {
    expect([...(codecs.bool.encode(Uint8Array.of(0, 1, 7)) as Int32Array)]).toEqual([0, 1, 1]);
  });

  it('refuses 64-bit integers beyond 32 bits', () => {
    expect(() => codecs.int64.encode(BigInt64Array.of(2n ** 31n))).toThrow('2147483648 does not fit 32 bits');
    expect(() => codecs.uint64.encode(BigUint64Array.of(2n ** 32n))).toThrow('4294967296 does not fit 32 bits');
  });

  it.each(['float16', 'bfloat16'] as const)('%s: all 65,536 patterns decode as the compiler decodes them', (dtype) => {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const expected = decodeData(makeTensor(dtype, shapeOf([65536]), bits)) as Float64Array;
    const elements = codecs[dtype].encode(bits);
    const decoded = new Float32Array(elements.buffer as ArrayBuffer);
    expect(decoded).toEqual(Float32Array.from(expected));
    const back = codecs[dtype].decode(elementsOf(codecs[dtype], elements)) as Uint16Array;
    const wrong = [...bits].filter((b, i) => !Number.isNaN(expected[i]) && back[i] !== b);
    expect(wrong).toEqual([]);
  });

  it.each(['float16', 'bfloat16'] as const)('%s: rounds float32 to nearest, ties to even', (dtype) => {
    const patterns = new Uint32Array(400_000);
    let state = 1;
    for (let i = 0; i < patterns.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      // Half of them around the exponents and ties of float16.
      patterns[i] = i % 2 ? state : (state & 0x80fff000) | ((100 + (state % 45)) << 23) | (state & 1);
    }
    const floats = new Float32Array(patterns.buffer.slice(0));
    const expected = encodeData(dtype, Float64Array.from(floats)) as Uint16Array;
    const found = codecs[dtype].decode(patterns) as Uint16Array;
    const wrong = [...floats.keys()].filter((i) => !Number.isNaN(floats[i]) && found[i] !== expected[i]);
    expect(wrong.map((i) => floats[i])).toEqual([]);
  });
});
