import { create, toBinary } from '@bufbuild/protobuf';
import type { Tensor } from '../../tensor/tensor.ts';
import { codeOfElementType, type ElementType } from './element-type.ts';
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type FunctionProto,
  FunctionProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from './proto/generated/onnx_pb.ts';

/** A dimension: its size, a symbol, or nothing known. */
export type WrittenDim = number | string | undefined;

export interface WrittenPort {
  readonly name: string;
  readonly dtype: ElementType;
  /** Left out: the rank is unknown too. */
  readonly shape?: readonly WrittenDim[];
}

export interface WrittenGraph {
  readonly name?: string;
  readonly inputs?: readonly WrittenPort[];
  readonly outputs: readonly WrittenPort[];
  readonly nodes: readonly WrittenNode[];
  /** A Tensor is written as raw_data; a TensorProto as it is. */
  readonly initializers?: Readonly<Record<string, Tensor | TensorProto>>;
  readonly valueInfo?: readonly WrittenPort[];
}

/**
 * An attribute by its ONNX kind. `{ int }` and `{ float }` say what a bare number does not; bare numbers are ints when
 * they are integers.
 */
export type WrittenAttribute =
  | number
  | bigint
  | string
  | readonly number[]
  | { readonly int: number | bigint }
  | { readonly float: number }
  | { readonly ints: readonly (number | bigint)[] }
  | { readonly floats: readonly number[] }
  | { readonly strings: readonly string[] }
  | { readonly tensor: Tensor | TensorProto }
  | { readonly graph: WrittenGraph }
  /** Inside a function: the function's attribute of that name. */
  | { readonly reference: string };

export interface WrittenNode {
  readonly op: string;
  readonly domain?: string;
  readonly name?: string;
  /** '' leaves an optional input out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, WrittenAttribute>>;
}

export interface WrittenFunction {
  readonly name: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly WrittenNode[];
  /** Names of attributes without a default. */
  readonly attributes?: readonly string[];
  readonly defaults?: Readonly<Record<string, WrittenAttribute>>;
  readonly opsets?: Readonly<Record<string, number>>;
}

/** What an ONNX model file holds. Dimensions are sizes, or names that are bound when it is built. */
export interface WrittenModel extends WrittenGraph {
  /** Version of ONNX's own operators. */
  readonly opset: number;
  /** Versions of other domains. */
  readonly opsets?: Readonly<Record<string, number>>;
  readonly irVersion?: number;
  readonly producer?: string;
  /** Written in the order of the keys (metadata_props). */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly functions?: readonly WrittenFunction[];
}

/** The bytes of an ONNX model file. */
export function writeOnnx(model: WrittenModel): Uint8Array {
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: BigInt(model.irVersion ?? 10),
      producerName: model.producer ?? 'lcc',
      opsetImport: opsetImports({ '': model.opset, ...model.opsets }),
      graph: graphProto(model),
      functions: (model.functions ?? []).map(functionProto),
      metadataProps: metadataProps(model.metadata ?? {}),
    }),
  );
}

/** A tensor with its elements as little-endian raw_data. */
export function tensorProto(tensor: Tensor, name?: string): TensorProto {
  const { buffer, byteOffset, byteLength } = tensor.data;
  return create(TensorProtoSchema, {
    ...(name === undefined ? {} : { name }),
    dims: tensor.shape.map((d) => BigInt(d.size)),
    dataType: codeOfElementType(tensor.dtype),
    rawData: new Uint8Array(buffer, byteOffset, byteLength).slice(),
  });
}

function graphProto(graph: WrittenGraph): GraphProto {
  return create(GraphProtoSchema, {
    name: graph.name ?? 'graph',
    node: graph.nodes.map(nodeProto),
    input: (graph.inputs ?? []).map(valueInfoProto),
    output: graph.outputs.map(valueInfoProto),
    valueInfo: (graph.valueInfo ?? []).map(valueInfoProto),
    initializer: Object.entries(graph.initializers ?? {}).map(([name, tensor]) => namedTensor(tensor, name)),
  });
}

function functionProto(fn: WrittenFunction): FunctionProto {
  return create(FunctionProtoSchema, {
    name: fn.name,
    domain: fn.domain,
    input: [...fn.inputs],
    output: [...fn.outputs],
    node: fn.nodes.map(nodeProto),
    attribute: [...(fn.attributes ?? [])],
    attributeProto: Object.entries(fn.defaults ?? {}).map(([name, value]) => attributeProto(name, value)),
    opsetImport: opsetImports(fn.opsets ?? {}),
  });
}

const metadataProps = (metadata: Readonly<Record<string, string>>) =>
  Object.keys(metadata)
    .sort()
    .map((key) => create(StringStringEntryProtoSchema, { key, value: metadata[key] ?? '' }));

const opsetImports = (opsets: Readonly<Record<string, number>>) =>
  Object.entries(opsets).map(([domain, version]) =>
    create(OperatorSetIdProtoSchema, { domain, version: BigInt(version) }),
  );

function nodeProto(node: WrittenNode): NodeProto {
  return create(NodeProtoSchema, {
    opType: node.op,
    domain: node.domain ?? '',
    name: node.name ?? '',
    input: [...node.inputs],
    output: [...node.outputs],
    attribute: Object.entries(node.attributes ?? {}).map(([name, value]) => attributeProto(name, value)),
  });
}

function valueInfoProto(port: WrittenPort): ValueInfoProto {
  return create(ValueInfoProtoSchema, {
    name: port.name,
    type: {
      value: {
        case: 'tensorType',
        value: {
          elemType: codeOfElementType(port.dtype),
          ...(port.shape === undefined ? {} : { shape: { dim: port.shape.map((d) => ({ value: dimension(d) })) } }),
        },
      },
    },
  });
}

function dimension(d: WrittenDim) {
  if (d === undefined) return { case: undefined };
  return typeof d === 'number'
    ? ({ case: 'dimValue', value: BigInt(d) } as const)
    : ({ case: 'dimParam', value: d } as const);
}

const isTensorProto = (tensor: Tensor | TensorProto): tensor is TensorProto => '$typeName' in tensor;

const namedTensor = (tensor: Tensor | TensorProto, name?: string): TensorProto =>
  isTensorProto(tensor)
    ? create(TensorProtoSchema, { ...tensor, ...(name === undefined ? {} : { name }) })
    : tensorProto(tensor, name);

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function attributeProto(name: string, value: WrittenAttribute): AttributeProto {
  const { FLOAT, INT, STRING, TENSOR, GRAPH, FLOATS, INTS, STRINGS } = AttributeProto_AttributeType;
  const make = (fields: Parameters<typeof create<typeof AttributeProtoSchema>>[1]) =>
    create(AttributeProtoSchema, { name, ...fields });
  if (typeof value === 'bigint') return make({ type: INT, i: value });
  if (typeof value === 'number') {
    return Number.isInteger(value) ? make({ type: INT, i: BigInt(value) }) : make({ type: FLOAT, f: value });
  }
  if (typeof value === 'string') return make({ type: STRING, s: utf8(value) });
  if (isList(value)) {
    return value.every(Number.isInteger)
      ? make({ type: INTS, ints: value.map(BigInt) })
      : make({ type: FLOATS, floats: [...value] });
  }
  if ('int' in value) return make({ type: INT, i: BigInt(value.int) });
  if ('float' in value) return make({ type: FLOAT, f: value.float });
  if ('ints' in value) return make({ type: INTS, ints: value.ints.map(BigInt) });
  if ('floats' in value) return make({ type: FLOATS, floats: [...value.floats] });
  if ('strings' in value) return make({ type: STRINGS, strings: value.strings.map(utf8) });
  if ('tensor' in value) return make({ type: TENSOR, t: namedTensor(value.tensor) });
  if ('graph' in value) return make({ type: GRAPH, g: graphProto(value.graph) });
  return make({ refAttrName: value.reference });
}

const isList = (value: WrittenAttribute): value is readonly number[] => Array.isArray(value);
