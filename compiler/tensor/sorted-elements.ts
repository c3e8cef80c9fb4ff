import type { Tensor } from './tensor.ts';

/** A tensor's elements in ascending order, with what those before each position weigh. */
export interface SortedElements {
  readonly values: Float64Array;
  /** one more than values: sum of the weights before each position */
  readonly mass: Float64Array;
  /** sum of weight times value before each position */
  readonly moment: Float64Array;
}

/** Weights of at least 0, by position in the tensor; all 1 without. Undefined unless all elements are finite float32. */
export function sortElements({ data }: Tensor, weights?: Float64Array): SortedElements | undefined {
  if (!(data instanceof Float32Array) || !data.every((v) => Number.isFinite(v))) return undefined;
  const count = data.length;
  const order = weights && sortedOrder(data);
  const values = order ? Float64Array.from(order, (i) => data[i] ?? 0) : Float64Array.from(data).sort();
  const mass = new Float64Array(count + 1);
  const moment = new Float64Array(count + 1);
  for (let i = 0; i < count; i++) {
    const weight = order ? (weights[order[i] ?? 0] ?? 0) : 1;
    mass[i + 1] = (mass[i] ?? 0) + weight;
    moment[i + 1] = (moment[i] ?? 0) + weight * (values[i] ?? 0);
  }
  return { values, mass, moment };
}

const digitBits = 11;
const digits = 1 << digitBits;

/** Positions of the elements in ascending order, equal ones as they come: a radix sort of float32 bits, three digits. */
function sortedOrder(data: Float32Array): Uint32Array {
  // As unsigned whole numbers floats ascend once the sign bit is flipped, and all others too where it was set.
  const keys = new Uint32Array(data.slice().buffer).map((bits) => bits ^ (bits >>> 31 ? 0xffffffff : 0x80000000));
  let order = Uint32Array.from({ length: data.length }, (_, i) => i);
  for (let shift = 0; shift < 32; shift += digitBits) {
    const digitOf = (at: number): number => ((keys[at] ?? 0) >>> shift) & (digits - 1);
    const starts = new Uint32Array(digits + 1);
    for (const at of order) starts[digitOf(at) + 1] = (starts[digitOf(at) + 1] ?? 0) + 1;
    for (let digit = 0; digit < digits; digit++) starts[digit + 1] = (starts[digit + 1] ?? 0) + (starts[digit] ?? 0);
    const next = new Uint32Array(order.length);
    for (const at of order) {
      const place = starts[digitOf(at)] ?? 0;
      next[place] = at;
      starts[digitOf(at)] = place + 1;
    }
    order = next;
  }
  return order;
}
