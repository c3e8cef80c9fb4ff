import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import type { Bindings } from '../../compiler/1-ingest/bind.ts';
import { ingestOnnx } from '../../compiler/1-ingest/onnx/ingest.ts';
import { ModelProtoSchema, TensorProtoSchema } from '../../compiler/1-ingest/onnx/proto/generated/onnx_pb.ts';
import { decodeTensor } from '../../compiler/1-ingest/onnx/tensor.ts';
import { LccError } from '../../compiler/diagnostics/index.ts';
import { evaluateGraph } from '../../compiler/ir/evaluate.ts';
import type { Graph } from '../../compiler/ir/graph.ts';
import { decodeData, encodeData } from '../../compiler/tensor/convert.ts';
import { isFloat } from '../../compiler/tensor/dtype.ts';
import { sizesOf } from '../../compiler/tensor/shape.ts';
import { makeTensor, printType, type Tensor, type TensorType } from '../../compiler/tensor/tensor.ts';
import { sharedFolder } from './shared.ts';

/** A test of ONNX's own suite: a model, and tensors that go in and should come out. */
export interface OnnxNodeTest {
  readonly name: string;
  readonly graph: Graph;
  readonly feeds: ReadonlyMap<string, Tensor>;
  readonly expected: ReadonlyMap<string, Tensor>;
}

/** The folder of the suite's tests, where this machine has it. */
export function onnxNodeTestFolder(): string | undefined {
  const shared = sharedFolder();
  const folder = shared === undefined ? undefined : join(shared, 'onnx-node-tests');
  return folder !== undefined && existsSync(folder) ? folder : undefined;
}

export const onnxNodeTestNames = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.startsWith('test_'))
    .sort();

/**
 * Reads a test and ingests its model with shapes taken from the inputs; when lcc needs their values at build time,
 * with all inputs bound as constants.
 */
export function readOnnxNodeTest(folder: string, name: string): OnnxNodeTest {
  const bytes = readFileSync(join(folder, name, 'model.onnx'));
  const graph = fromBinary(ModelProtoSchema, bytes).graph;
  const read = (direction: 'input' | 'output', i: number): Tensor =>
    decodeTensor(
      fromBinary(TensorProtoSchema, readFileSync(join(folder, name, 'test_data_set_0', `${direction}_${i}.pb`))),
      undefined,
    );
  const feeds = new Map((graph?.input ?? []).map((v, i) => [v.name, read('input', i)]));
  const expected = new Map((graph?.output ?? []).map((v, i) => [v.name, read('output', i)]));
  const shapes = Object.fromEntries([...feeds].map(([input, tensor]) => [input, sizesOf(tensor.shape)]));
  return { name, graph: ingestTest(bytes, { shapes }, { constants: Object.fromEntries(feeds) }), feeds, expected };
}

function ingestTest(bytes: Uint8Array, free: Bindings, fixed: Bindings): Graph {
  try {
    return ingestOnnx({ bytes }, free).graph;
  } catch (error) {
    const needsValues = error instanceof LccError && /^LCC1016|known at build time$/m.test(error.message);
    if (needsValues) return ingestOnnx({ bytes }, fixed).graph;
    throw error;
  }
}

/** Evaluates a test in float64; the differences from what is expected, one line per output that differs. */
export function runOnnxNodeTest({ graph, feeds, expected }: OnnxNodeTest): string[] {
  const results = evaluateGraph(graph, feeds, 'float64');
  return [...expected].flatMap(([name, tensor]) => {
    const found = results.get(name);
    if (found === undefined) return [`output "${name}" is missing`];
    const difference = compare(found.type, found.data, tensor);
    return difference === undefined ? [] : [`output "${name}": ${difference}`];
  });
}

/** Results are rounded to their type first. The suite's own tolerance: |a - b| <= 1e-7 + 1e-3 |b|; NaN equals NaN. */
function compare(type: TensorType, found: ArrayLike<number> | ArrayLike<bigint>, expected: Tensor): string | undefined {
  if (printType(type) !== printType(expected)) return `${printType(type)} instead of ${printType(expected)}`;
  const wanted = decodeData(expected);
  const rounded = decodeData(makeTensor(type.dtype, type.shape, encodeData(type.dtype, found)));
  for (let i = 0; i < wanted.length; i++) {
    const [a, b] = [rounded[i], wanted[i]];
    if (Object.is(Number(a), Number(b)) || a === b) continue;
    const isNear = isFloat(type.dtype) && Math.abs(Number(a) - Number(b)) <= 1e-7 + 1e-3 * Math.abs(Number(b));
    if (!isNear) return `element ${i} is ${a} instead of ${b}`;
  }
  return undefined;
}
