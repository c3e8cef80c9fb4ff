import { ByteBuffer } from 'flatbuffers';
import { describe, expect, it } from 'vitest';
import { Model } from '../../compiler/5-emit/generated/model_generated.ts';
import { emitWeights } from '../../compiler/5-emit/weights.ts';
import type { ConstantPool } from '../../compiler/ir/program.ts';
import { hashBytes } from '../../runtime/hash.ts';
import { parseWeights } from '../../runtime/weights.ts';

const bytesOf = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

const pool: ConstantPool = {
  entries: [
    { name: 'w', dtype: 'float32', encoding: 'panels-of-8', offset: 0, bytes: bytesOf(1, 2, 3, 4, 5) },
    { name: 'empty', dtype: 'int32', encoding: 'row-major', offset: 64, bytes: bytesOf() },
    { name: 'b', dtype: 'float32', encoding: 'row-major', offset: 64, bytes: bytesOf(-1) },
  ],
  size: 128,
};

describe('model.lcw', () => {
  const file = emitWeights('tiny', pool);

  it('is a FlatBuffer that the generated reader understands', () => {
    const buffer = new ByteBuffer(file.bytes);
    expect(Model.bufferHasIdentifier(buffer)).toBe(true);
    const model = Model.getRootAsModel(buffer);
    expect(model.name()).toBe('tiny');
    expect(model.imageBytes()).toBe(128);
    expect(model.dataOffset() % 64).toBe(0);
    expect([0, 1, 2].map((i) => model.tensors(i)?.name())).toEqual(['w', 'empty', 'b']);
    for (const [i, entry] of pool.entries.entries()) {
      const segment = model.segments(i)!;
      const bytes = file.bytes.subarray(segment.offset(), segment.offset() + segment.bytes());
      expect(segment.offset() % 64).toBe(0);
      expect(bytes).toEqual(entry.bytes);
      expect(segment.address()).toBe(entry.offset);
      expect([segment.hashLow(), segment.hashHigh()]).toEqual(hashBytes(bytes));
    }
  });

  function readImage(bytes: Uint8Array): Uint8Array {
    const image = new Uint8Array(128);
    parseWeights(bytes, file.hash)(image);
    return image;
  }

  it('fills the constant image', () => {
    const floats = new Float32Array(readImage(file.bytes).buffer);
    expect([...floats.subarray(0, 5), floats[16]]).toEqual([1, 2, 3, 4, 5, -1]);
  });

  it('reads from an unaligned view', () => {
    const shifted = new Uint8Array(file.bytes.length + 1);
    shifted.set(file.bytes, 1);
    expect(new Float32Array(readImage(shifted.subarray(1)).buffer)[4]).toBe(5);
  });

  it('has the same bytes every time', () => {
    expect(emitWeights('tiny', pool)).toEqual(file);
  });

  it('is refused when any byte that carries something differs', () => {
    const model = Model.getRootAsModel(new ByteBuffer(file.bytes));
    const spans = [[0, model.dataOffset()], ...[0, 2].map((i) => span(model.segments(i)!))] as const;
    for (const [start, end] of spans) {
      for (let at = start; at < end; at++) {
        const damaged = file.bytes.slice();
        damaged[at]! ^= 0x10;
        expect(() => readImage(damaged), `byte ${at}`).toThrowError('the weights file is damaged');
      }
    }
  });

  it('is refused at every shorter length', () => {
    for (let length = 0; length < file.bytes.length; length++) {
      expect(() => readImage(file.bytes.slice(0, length))).toThrowError('the weights file is damaged');
    }
  });

  it('is refused by another build', () => {
    const other = emitWeights('tiny', { ...pool, entries: pool.entries.slice(0, 2) });
    expect(() => parseWeights(other.bytes, file.hash)).toThrowError('belongs to another build');
  });
});

const span = (segment: { offset(): number; bytes(): number }): [number, number] => [
  segment.offset(),
  segment.offset() + segment.bytes(),
];
