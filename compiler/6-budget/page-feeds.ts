export interface PortTask {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** Runs in pages, as its own text: small random numbers for float32 and float64 inputs, the same each time, zeros for the others. */
export function makeFeeds(inputs: readonly PortTask[]): Record<string, ArrayBufferView> {
  let state = 12345;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) / 2 ** 24 - 0.5;
  };
  const integers: Record<string, new (length: number) => ArrayBufferView> = {
    int8: Int8Array,
    uint8: Uint8Array,
    bool: Uint8Array,
    int16: Int16Array,
    uint16: Uint16Array,
    float16: Uint16Array,
    bfloat16: Uint16Array,
    int32: Int32Array,
    uint32: Uint32Array,
    int64: BigInt64Array,
    uint64: BigUint64Array,
  };
  const entries = inputs.map(({ name, dtype, shape }): [string, ArrayBufferView] => {
    const length = shape.reduce((product, size) => product * size, 1);
    if (dtype === 'float32') return [name, Float32Array.from({ length }, random)];
    if (dtype === 'float64') return [name, Float64Array.from({ length }, random)];
    const make = integers[dtype];
    if (make === undefined) throw new Error(`no feed of ${dtype}`);
    return [name, new make(length)];
  });
  return Object.fromEntries(entries);
}
