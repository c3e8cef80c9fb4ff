import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import { afterAll, expect, test } from 'vitest';
import { filesBeside } from '../../compiler/1-ingest/files-beside.ts';
import { decodeModel } from '../../compiler/1-ingest/onnx/decode.ts';
import {
  AttributeProtoSchema,
  ModelProtoSchema,
  TensorProto_DataLocation,
  TensorProtoSchema,
} from '../../compiler/1-ingest/onnx/proto/generated/onnx_pb.ts';
import { onnxModel, tensorOf } from '../harness/onnx-model.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lcc-beside-')));
afterAll(() => rmSync(folder, { recursive: true }));
for (const name of ['w.bin', 'c.bin', 'shard1.bin']) writeFileSync(join(folder, name), 'data');

const external = (location: string) =>
  create(TensorProtoSchema, {
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: [
      { key: 'location', value: location },
      { key: 'offset', value: '0' },
    ],
  });

/** A model with an initializer and a node's attribute that are kept in other files. */
function externalModel(): Uint8Array {
  const bytes = onnxModel({
    inputs: [{ name: 'x', dtype: 'float32', shape: [1] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: [1] }],
    initializers: { w: tensorOf('float32', [1], [1]) },
    nodes: [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
  });
  const { proto, graph } = decodeModel(bytes, undefined);
  graph.initializer.push(external('w.bin'));
  graph.node[0]?.attribute.push(create(AttributeProtoSchema, { name: 'value', t: external('c.bin') }));
  return toBinary(ModelProtoSchema, proto);
}

const beside = (name: string, bytes: Uint8Array) => filesBeside({ bytes, file: join(folder, name) });
const text = (json: object) => new TextEncoder().encode(JSON.stringify(json));

test('an ONNX model names the files of its external tensors', () => {
  expect(beside('model.onnx', externalModel())).toEqual(['w.bin', 'c.bin'].map((name) => join(folder, name)));
});

test('a model.json names its shards; those that are not there, or lie elsewhere, are left out', () => {
  const paths = ['shard1.bin', 'shard2.bin', '../other.bin', 'shard1.bin'];
  expect(beside('model.json', text({ weightsManifest: [{ paths }] }))).toEqual([join(folder, 'shard1.bin')]);
});

test('what cannot be read names none', () => {
  expect(beside('model.json', text([]))).toEqual([]);
  expect(beside('model.onnx', new Uint8Array([1, 2, 3]))).toEqual([]);
  expect(filesBeside({ bytes: externalModel() })).toEqual([]);
});
