import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { Fields } from '../../../compiler/1-ingest/tensorflow/json.ts';
import { decodeGroup, WrongSize } from '../../../compiler/1-ingest/tensorflow/weights.ts';
import { numbersOf } from '../../../compiler/tensor/convert.ts';
import { sizesOf } from '../../../compiler/tensor/shape.ts';

type Specs = readonly (tf.io.WeightsManifestEntry & { readonly [name: string]: unknown })[];

const specs: Specs = [
  { name: 'floats', shape: [2, 2], dtype: 'float32' },
  { name: 'flags', shape: [3], dtype: 'bool' },
  { name: 'texts', shape: [2], dtype: 'string' },
  { name: 'integers', shape: [2], dtype: 'int32' },
  { name: 'halves', shape: [4], dtype: 'float32', quantization: { dtype: 'float16' } },
  { name: 'bytes', shape: [3], dtype: 'float32', quantization: { dtype: 'uint8', scale: 0.1, min: -3 } },
  { name: 'words', shape: [2], dtype: 'float32', quantization: { dtype: 'uint16', scale: 0.001, min: 7 } },
  { name: 'counts', shape: [3], dtype: 'int32', quantization: { dtype: 'uint8', scale: 1.5, min: -2 } },
  { name: 'one', shape: [], dtype: 'float32' },
];

const raw = (array: { readonly buffer: ArrayBufferLike }): Uint8Array => new Uint8Array(array.buffer);
const text = (value: string): Uint8Array[] => [raw(Uint32Array.of(value.length)), new TextEncoder().encode(value)];
const bytes = Uint8Array.from(
  Buffer.concat([
    raw(Float32Array.of(1, -2, 3.5, 1e-9)),
    Uint8Array.of(1, 0, 1),
    ...text('lcc'),
    ...text(''),
    raw(Int32Array.of(-5, 70000)),
    raw(Uint16Array.of(0x3c00, 0xc500, 0x0001, 0x7bff)),
    Uint8Array.of(0, 128, 255),
    raw(Uint16Array.of(0, 65535)),
    Uint8Array.of(0, 1, 255),
    raw(Float32Array.of(9)),
  ]),
);

const fieldsOf = (list: Specs): Fields[] => list.map((spec) => new Fields(JSON.parse(JSON.stringify(spec)), spec.name));

describe('a group of weights', () => {
  it('is what tfjs decodes it to, texts left out', () => {
    const expected = tf.io.decodeWeights(bytes.buffer, [...specs]);
    const tensors = decodeGroup(fieldsOf(specs), bytes);
    expect([...tensors.keys()]).toEqual(specs.map(({ name }) => name).filter((name) => name !== 'texts'));
    for (const [name, tensor] of tensors) {
      expect(sizesOf(tensor.shape)).toEqual(expected[name]!.shape);
      expect(numbersOf(tensor)).toEqual(Array.from(expected[name]!.dataSync(), Number));
      expect(tensor.dtype).toBe(expected[name]!.dtype);
    }
  });

  it('that is too short or too long is refused, cut anywhere', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeGroup(fieldsOf(specs), bytes.slice(0, length))).toThrow(WrongSize);
    }
    expect(() => decodeGroup(fieldsOf(specs), Uint8Array.from([...bytes, 0]))).toThrow(WrongSize);
  });
});
