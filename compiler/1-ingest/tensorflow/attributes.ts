import type { DeclaredDim } from '../bind.ts';
import { nameOfType } from './element-type.ts';
import { Fields, type Json, Malformed } from './json.ts';

/** The attributes of a GraphDef node, each one an object that says its kind: {"i": "3"}, {"list": {"f": [1]}}, ... */
export class NodeAttributes {
  readonly #fields: Fields | undefined;

  constructor(node: Fields) {
    this.#fields = node.has('attr') ? node.fields('attr') : undefined;
  }

  has(name: string): boolean {
    return this.#fields?.has(name) ?? false;
  }

  int(name: string, fallback: number): number {
    const value = this.#value(name, 'i');
    return value === undefined ? fallback : integer(value, name);
  }

  float(name: string, fallback: number): number {
    const value = this.#value(name, 'f');
    if (value === undefined) return fallback;
    if (typeof value === 'number') return value;
    // protobuf's JSON has no number for these
    if (value === 'Infinity' || value === '-Infinity' || value === 'NaN') return Number(value);
    throw new Malformed(`attribute "${name}" is no number`);
  }

  flag(name: string, fallback = false): boolean {
    const value = this.#value(name, 'b');
    if (value === undefined) return fallback;
    if (typeof value === 'boolean') return value;
    throw new Malformed(`attribute "${name}" is neither true nor false`);
  }

  string(name: string, fallback: string): string {
    const value = this.#value(name, 's');
    return value === undefined ? fallback : text(value, name);
  }

  /** Name of an element type, such as DT_FLOAT. */
  type(name: string): string | undefined {
    const value = this.#value(name, 'type');
    if (value === undefined) return undefined;
    if (typeof value === 'string' || typeof value === 'number') return nameOfType(value);
    throw new Malformed(`attribute "${name}" is no element type`);
  }

  /** undefined: the attribute is left out; a shape of unknown rank is `unknown`. */
  shape(name: string): DeclaredDim[] | 'unknown' | undefined {
    const value = this.#value(name, 'shape');
    return value === undefined ? undefined : parseShape(new Fields(value, `attribute "${name}"`));
  }

  ints(name: string): number[] | undefined {
    return this.#list(name, 'i')?.map((value) => integer(value, name));
  }

  strings(name: string): string[] | undefined {
    return this.#list(name, 's')?.map((value) => text(value, name));
  }

  #value(name: string, kind: string): Json | undefined {
    const fields = this.#fields;
    return fields?.has(name) ? fields.fields(name).value(kind) : undefined;
  }

  /** An empty list has no field for its kind. */
  #list(name: string, kind: string): readonly Json[] | undefined {
    const fields = this.#fields;
    if (!fields?.has(name)) return undefined;
    const list = fields.fields(name).fields('list');
    return list.has(kind) ? list.list(kind) : [];
  }
}

/** Sizes of a TensorShapeProto; one below 0 is open, and open first sizes are the batch. */
export function parseShape(shape: Fields): DeclaredDim[] | 'unknown' {
  if (shape.boolean('unknownRank', false)) return 'unknown';
  if (!shape.has('dim')) return [];
  return shape.entries('dim').map((entry, i) => {
    const size = integer(entry.value('size') ?? -1, `${entry.path}.size`);
    return size < 0 ? (i === 0 ? 'batch' : undefined) : size;
  });
}

/** Integers of 64 bits are texts in protobuf's JSON. */
function integer(value: Json, name: string): number {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number)) return number;
  throw new Malformed(`"${name}" is no integer`);
}

/** Base64, or the bytes as numbers. */
function text(value: Json, name: string): string {
  if (typeof value === 'string') return Buffer.from(value, 'base64').toString('utf8');
  if (Array.isArray(value)) return Buffer.from(value.map((byte) => integer(byte, name))).toString('utf8');
  throw new Malformed(`attribute "${name}" is no text`);
}
