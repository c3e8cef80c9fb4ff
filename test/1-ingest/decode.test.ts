import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { afterAll, describe, expect, it } from 'vitest';
import { ingestOnnx } from '../../compiler/1-ingest/onnx/ingest.ts';
import {
  type TensorProto,
  TensorProto_DataLocation,
  TensorProtoSchema,
} from '../../compiler/1-ingest/onnx/proto/generated/onnx_pb.ts';
import { decodeTensor } from '../../compiler/1-ingest/onnx/tensor.ts';
import { tensorProto } from '../../compiler/1-ingest/onnx/write.ts';
import type { DType } from '../../compiler/tensor/dtype.ts';
import { onnxModel, tensorOf } from '../harness/onnx-model.ts';

/** TensorProto.DataType */
const code = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
};
const wide = { float64: 11, uint32: 12, uint64: 13, bfloat16: 16, int4: 22 };

type Fields = Exclude<MessageInitShape<typeof TensorProtoSchema>, TensorProto>;
const proto = (dataType: number, dims: readonly number[], fields: Fields): TensorProto =>
  create(TensorProtoSchema, { name: 'w', dataType, dims: dims.map(BigInt), ...fields });

const elements = (tensor: TensorProto, file?: string): unknown[] => [...decodeTensor(tensor, file).data];

describe('typed fields', () => {
  const cases: readonly [string, TensorProto, readonly unknown[]][] = [
    ['float_data', proto(code.float32, [2], { floatData: [1.5, -2] }), [1.5, -2]],
    ['double_data', proto(wide.float64, [2], { doubleData: [0.1, -2] }), [0.1, -2]],
    ['int64_data', proto(code.int64, [2], { int64Data: [2n ** 62n, -1n] }), [2n ** 62n, -1n]],
    ['uint64_data', proto(wide.uint64, [1], { uint64Data: [2n ** 64n - 1n] }), [2n ** 64n - 1n]],
    ['uint64_data of uint32', proto(wide.uint32, [1], { uint64Data: [4294967295n] }), [4294967295]],
    ['int32_data of int32', proto(code.int32, [2], { int32Data: [7, -8] }), [7, -8]],
    ['int32_data of int16', proto(code.int16, [1], { int32Data: [-300] }), [-300]],
    ['int32_data of uint16', proto(code.uint16, [1], { int32Data: [65535] }), [65535]],
    ['int32_data of int8', proto(code.int8, [2], { int32Data: [-128, 127] }), [-128, 127]],
    ['int32_data of uint8', proto(code.uint8, [1], { int32Data: [255] }), [255]],
    ['int32_data of bool', proto(code.bool, [3], { int32Data: [0, 1, 5] }), [0, 1, 1]],
    ['int32_data of float16 bits', proto(code.float16, [1], { int32Data: [0x3c00] }), [0x3c00]],
    ['int32_data of bfloat16 bits', proto(wide.bfloat16, [1], { int32Data: [0x3f80] }), [0x3f80]],
    ['a scalar', proto(code.float32, [], { floatData: [3] }), [3]],
    ['nothing for no elements', proto(code.float32, [0, 3], {}), []],
  ];
  it.each(cases)('%s', (_, tensor, expected) => expect(elements(tensor)).toEqual(expected));
});

describe('raw_data', () => {
  const dtypes: readonly DType[] = ['float32', 'float64', 'int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32'];
  it.each(dtypes)('%s', (dtype) => {
    const tensor = tensorOf(dtype, [2, 2], [1, 2, 3, 100]);
    expect(decodeTensor(tensorProto(tensor), undefined)).toEqual(tensor);
  });

  it('int64 beyond 2^53', () => {
    const tensor = tensorOf('int64', [1], [2n ** 60n + 1n]);
    expect(decodeTensor(tensorProto(tensor), undefined)).toEqual(tensor);
  });

  it('bool bytes become 0 or 1', () => {
    expect(elements(proto(code.bool, [3], { rawData: Uint8Array.of(0, 1, 255) }))).toEqual([0, 1, 1]);
  });

  it('at an odd offset of a file', () => {
    const bytes = new Uint8Array(new Uint8Array([9, 0, 0, 128, 63]).buffer, 1);
    expect(elements(proto(code.float32, [1], { rawData: bytes }))).toEqual([1]);
  });
});

describe('refused data', () => {
  const refused: readonly [string, TensorProto, string][] = [
    [
      'too few bytes',
      proto(code.float32, [2], { rawData: new Uint8Array(7) }),
      'float32[2] takes 8 bytes, there are 7',
    ],
    ['too few elements', proto(code.float32, [2], { floatData: [1] }), 'float32[2] takes 2 elements, there are 1'],
    ['a negative size', proto(code.float32, [-1], {}), 'its shape is [-1]'],
    [
      'an absurd size',
      proto(code.float32, [65536, 65536], {}),
      'float32[65536,65536] is 17179869184 bytes, a tensor holds at most 2147483647',
    ],
    ['a segment', proto(code.float32, [1], { segment: { begin: 0n, end: 1n } }), 'it is a segment of a larger tensor'],
    ['strings', proto(code.string, [1], {}), 'Tensor "w" holds string, which lcc does not compile'],
    ['int4', proto(wide.int4, [2], {}), 'Tensor "w" holds int4, which lcc does not compile'],
    ['a type of the future', proto(99, [2], {}), 'Tensor "w" holds type 99, which lcc does not compile'],
  ];
  it.each(refused)('%s', (_, tensor, reason) => expect(() => decodeTensor(tensor, undefined)).toThrow(reason));
});

describe('external data', () => {
  const root = mkdtempSync(join(tmpdir(), 'lcc-external-'));
  const folder = join(root, 'model');
  mkdirSync(join(folder, 'data'), { recursive: true });
  writeFileSync(join(root, 'secret.bin'), new Uint8Array(16));
  writeFileSync(join(folder, 'data', 'w.bin'), new Uint8Array(Float32Array.of(0, 1, 2, 3).buffer));
  symlinkSync(join(root, 'secret.bin'), join(folder, 'link.bin'));
  afterAll(() => rmSync(root, { recursive: true }));
  const file = join(folder, 'model.onnx');

  const external = (entries: Readonly<Record<string, string>>): TensorProto =>
    proto(code.float32, [2], {
      dataLocation: TensorProto_DataLocation.EXTERNAL,
      externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
    });
  const model = (tensor: TensorProto): Uint8Array =>
    onnxModel({
      inputs: [{ name: 'x', dtype: 'float32', shape: [2] }],
      outputs: [{ name: 'y', dtype: 'float32', shape: [2] }],
      nodes: [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
      initializers: { w: tensor },
    });

  it('is read at its offset and length', () => {
    const tensor = external({ location: 'data/w.bin', offset: '4', length: '8' });
    const { graph } = ingestOnnx({ bytes: model(tensor), file });
    expect([...graph.constants.values()].map((t) => [...t.data])).toEqual([[1, 2]]);
  });

  it('runs to the end of the file without a length', () => {
    expect(elements(external({ location: 'data/w.bin', offset: '8' }), file)).toEqual([2, 3]);
  });

  const refused: readonly [string, Readonly<Record<string, string>>, string][] = [
    ['above the folder', { location: '../secret.bin' }, '"../secret.bin" is outside the folder of the model'],
    ['above it, hidden', { location: 'data/../../secret.bin' }, 'is outside the folder of the model'],
    ['absolute', { location: join(root, 'secret.bin') }, 'is outside the folder of the model'],
    ['a link out of the folder', { location: 'link.bin' }, '"link.bin" is outside the folder of the model'],
    ['missing', { location: 'none.bin' }, 'there is no file "none.bin"'],
    ['without a location', {}, 'it names no file'],
    [
      'beyond the end',
      { location: 'data/w.bin', offset: '12', length: '8' },
      'bytes 12 to 20 of "data/w.bin" are wanted, it has 16',
    ],
    ['at a negative offset', { location: 'data/w.bin', offset: '-4' }, 'its offset "-4" is no number'],
    ['of the wrong length', { location: 'data/w.bin', length: '4' }, 'float32[2] takes 8 bytes, there are 4'],
  ];
  it.each(refused)('is refused %s', (_, entries, reason) => {
    expect(() => decodeTensor(external(entries), file)).toThrow(reason);
  });

  it('is refused for a model given as bytes', () => {
    expect(() => ingestOnnx({ bytes: model(external({ location: 'data/w.bin' })) })).toThrow(
      'LCC1009: The external data of tensor "w" cannot be read: the model was given as bytes',
    );
  });
});
