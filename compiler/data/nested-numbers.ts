import { dtypes, type TypedArray } from '../tensor/dtype.ts';

/** Numbers, booleans and typed arrays, however deep in lists, in one row; undefined where anything else is among them. */
export function flattenNumbers(value: unknown): number[] | undefined {
  const result: number[] = [];
  return collect(value, result) ? result : undefined;
}

export const isTypedArray = (value: unknown): value is TypedArray =>
  Object.values(dtypes).some(({ array }) => value instanceof array);

function collect(value: unknown, into: number[]): boolean {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') {
    into.push(Number(value));
    return true;
  }
  if (isTypedArray(value)) {
    for (const one of value) into.push(Number(one));
    return true;
  }
  return Array.isArray(value) && value.every((one: unknown) => collect(one, into));
}
