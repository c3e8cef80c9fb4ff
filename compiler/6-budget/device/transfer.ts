export interface Transfer {
  /** Plain data as JSON keeps it. @throws TypeError for functions and the like */
  encode(value: unknown): unknown;
  /** The same data again. @throws TypeError for what encode did not make */
  decode(encoded: unknown): unknown;
}

/**
 * How jobs and results cross the network: numbers (NaN, infinities and -0 too), strings, booleans, null, undefined,
 * bigints, arrays, plain objects, array buffers and typed arrays. Runs in the page too, as its own text: it may refer to
 * nothing outside itself.
 *
 * Finite numbers, strings, booleans and null stand for themselves; all else is [kind, content].
 */
export function makeTransfer(): Transfer {
  const arrays: Readonly<
    Record<string, { new (buffer: ArrayBuffer): ArrayBufferView; readonly BYTES_PER_ELEMENT: number }>
  > = {
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
  };

  const toBase64 = (bytes: Uint8Array): string => {
    let text = '';
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return btoa(text);
  };
  const fromBase64 = (text: string): ArrayBuffer => {
    const binary = atob(text);
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
    return bytes.buffer;
  };

  const encodeObject = (value: object): unknown => {
    if (Array.isArray(value)) return ['array', value.map(encode)];
    if (value instanceof ArrayBuffer) return ['ArrayBuffer', toBase64(new Uint8Array(value))];
    // A Buffer of Node is a Uint8Array by another name.
    const kind = Object.keys(arrays).find((name) => Object.prototype.toString.call(value) === `[object ${name}]`);
    if (kind !== undefined && ArrayBuffer.isView(value)) {
      return [kind, toBase64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))];
    }
    if (kind === undefined && Object.prototype.toString.call(value) !== '[object Object]') {
      throw new TypeError(`${Object.prototype.toString.call(value)} cannot be sent`);
    }
    return ['object', Object.entries(value).map(([name, part]) => [name, encode(part)])];
  };

  const encode = (value: unknown): unknown => {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0)
          ? value
          : ['number', Object.is(value, -0) ? '-0' : String(value)];
      case 'bigint':
        return ['bigint', String(value)];
      case 'undefined':
        return ['undefined', ''];
      case 'object':
        return value === null ? null : encodeObject(value);
      default:
        throw new TypeError(`a ${typeof value} cannot be sent`);
    }
  };

  const decodeKind = (kind: unknown, content: unknown): unknown => {
    if (kind === 'array' && Array.isArray(content)) return content.map(decode);
    if (kind === 'object' && Array.isArray(content)) {
      return Object.fromEntries(content.map(([name, part]: [string, unknown]) => [name, decode(part)]));
    }
    if (typeof content !== 'string') throw new TypeError(`not a ${kind}`);
    if (kind === 'number') return Number(content);
    if (kind === 'bigint') return BigInt(content);
    if (kind === 'undefined') return undefined;
    if (kind === 'ArrayBuffer') return fromBase64(content);
    const make = Object.hasOwn(arrays, String(kind)) ? arrays[String(kind)] : undefined;
    if (make === undefined) throw new TypeError(`unknown kind ${kind}`);
    return new make(fromBase64(content));
  };

  const decode = (encoded: unknown): unknown => {
    if (!Array.isArray(encoded)) {
      if (typeof encoded === 'object' && encoded !== null) throw new TypeError('an object without a kind');
      return encoded;
    }
    const [kind, content] = encoded;
    return decodeKind(kind, content);
  };

  return { encode, decode };
}
