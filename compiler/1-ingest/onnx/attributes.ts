import {
  type AttributeProto,
  AttributeProto_AttributeType,
  type GraphProto,
  type TensorProto,
} from './proto/generated/onnx_pb.ts';

/** Kinds of attributes and what they hold. other: a kind no importer reads, by name. */
export interface AttributeKinds {
  readonly int: bigint;
  readonly float: number;
  readonly string: string;
  readonly ints: readonly bigint[];
  readonly floats: readonly number[];
  readonly strings: readonly string[];
  readonly tensor: TensorProto;
  readonly graph: GraphProto;
  readonly other: string;
}

/** An attribute of a node, its kind made explicit. */
export type OnnxAttribute = {
  readonly [K in keyof AttributeKinds]: { readonly kind: K; readonly value: AttributeKinds[K] };
}[keyof AttributeKinds];

export type OnnxAttributes = ReadonlyMap<string, OnnxAttribute>;

/**
 * Attributes of a node by name. Inside a function, a reference takes the caller's attribute; where the caller has none
 * the attribute is absent. @param outer the function's attributes, undefined outside functions
 */
export function readAttributes(protos: readonly AttributeProto[], outer: OnnxAttributes = new Map()): OnnxAttributes {
  const attributes = new Map<string, OnnxAttribute>();
  for (const proto of protos) {
    const value = proto.refAttrName === '' ? readAttribute(proto) : outer.get(proto.refAttrName);
    if (value !== undefined) attributes.set(proto.name, value);
  }
  return attributes;
}

function readAttribute(proto: AttributeProto): OnnxAttribute {
  const { FLOAT, INT, STRING, TENSOR, GRAPH, FLOATS, INTS, STRINGS } = AttributeProto_AttributeType;
  const type = proto.type === AttributeProto_AttributeType.UNDEFINED ? typeOfContent(proto) : proto.type;
  if (type === INT) return { kind: 'int', value: proto.i };
  if (type === FLOAT) return { kind: 'float', value: proto.f };
  if (type === STRING) return { kind: 'string', value: text(proto.s) };
  if (type === INTS) return { kind: 'ints', value: proto.ints };
  if (type === FLOATS) return { kind: 'floats', value: proto.floats };
  if (type === STRINGS) return { kind: 'strings', value: proto.strings.map(text) };
  if (type === TENSOR && proto.t !== undefined) return { kind: 'tensor', value: proto.t };
  if (type === GRAPH && proto.g !== undefined) return { kind: 'graph', value: proto.g };
  return { kind: 'other', value: AttributeProto_AttributeType[type].toLowerCase() };
}

/** Files older than IR version 2 leave the type out: the one field that is set tells it. */
function typeOfContent(proto: AttributeProto): AttributeProto_AttributeType {
  const { FLOAT, INT, STRING, TENSOR, GRAPH, FLOATS, INTS, STRINGS } = AttributeProto_AttributeType;
  if (proto.t !== undefined) return TENSOR;
  if (proto.g !== undefined) return GRAPH;
  if (proto.s.length > 0) return STRING;
  if (proto.floats.length > 0) return FLOATS;
  if (proto.strings.length > 0) return STRINGS;
  if (proto.ints.length > 0) return INTS;
  return proto.f !== 0 ? FLOAT : INT;
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
