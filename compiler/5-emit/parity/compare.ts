import { decodeBfloat16, decodeFloat16 } from '../../tensor/convert.ts';
import type { DType, TypedArray } from '../../tensor/dtype.ts';
import type { Reference } from './reference.ts';

/** The element of an output that lies farthest from its reference, in multiples of the tolerance. */
export interface Deviation {
  readonly output: string;
  readonly index: number;
  readonly expected: number;
  readonly found: number;
  readonly tolerance: number;
  readonly isWithin: boolean;
}

/** Compares the public arrays of an engine with the references: the worst element of each output. */
export function compareResults(
  references: readonly Reference[],
  results: Readonly<Record<string, TypedArray>>,
): Deviation[] {
  return references.map((reference) => {
    const found = results[reference.name];
    if (found === undefined || found.length !== reference.expected.length) {
      throw new Error(`internal: output "${reference.name}" has ${found?.length ?? 'no'} elements`);
    }
    return compareOutput(reference, found);
  });
}

function compareOutput({ name, dtype, expected, rounded, tolerance }: Reference, found: TypedArray): Deviation {
  const decode = decoders[dtype] ?? Number;
  let worst: Deviation = { output: name, index: 0, expected: 0, found: 0, tolerance, isWithin: true };
  let worstDistance = -1;
  for (let i = 0; i < expected.length; i++) {
    const value = decode(Number(found[i]));
    const distance = Math.min(distanceOf(Number(expected[i]), value), distanceOf(Number(rounded[i]), value));
    if (distance <= worstDistance) continue;
    worstDistance = distance;
    worst = { ...worst, index: i, expected: Number(expected[i]), found: value, isWithin: distance <= tolerance };
  }
  return worst;
}

const decoders: Readonly<Partial<Record<DType, (bits: number) => number>>> = {
  float16: decodeFloat16,
  bfloat16: decodeBfloat16,
};

/** Zero for two NaNs and for equal infinities, a float64 beyond float32's range counted as infinite. */
function distanceOf(expected: number, found: number): number {
  if (Number.isNaN(expected) && Number.isNaN(found)) return 0;
  if (expected === found || Math.fround(expected) === found) return 0;
  const distance = Math.abs(expected - found);
  return Number.isNaN(distance) ? Infinity : distance;
}
