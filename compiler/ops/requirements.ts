import { type DType, dtypes, isFloat, isInteger } from '../tensor/dtype.ts';
import type { Shape } from '../tensor/shape.ts';
import { printType, type TensorType } from '../tensor/tensor.ts';
import { OpError } from './op.ts';

/** What ops ask of their operands and attributes. Every failure is an OpError that gives the values. */

export const isNumeric = (dtype: DType): boolean => dtype !== 'bool';
export const isSigned = (dtype: DType): boolean => isFloat(dtype) || dtypes[dtype].kind === 'signed';

/** Names of type families, for messages. */
const families = { float: isFloat, integer: isInteger, numeric: isNumeric, signed: isSigned } as const;
export type Family = keyof typeof families;

export function requireFamily(op: string, operand: string, type: TensorType, family: Family): void {
  if (!families[family](type.dtype)) throw new OpError(`${op}: ${operand} must be ${family}, not ${printType(type)}`);
}

/** All operands have the first one's element type. */
export function requireSameDType(op: string, types: readonly TensorType[]): void {
  const first = types[0];
  if (first === undefined || types.every((t) => t.dtype === first.dtype)) return;
  throw new OpError(`${op}: operands must share one element type, not ${types.map(printType).join(', ')}`);
}

export function requireRank(op: string, operand: string, type: TensorType, min: number, max = Infinity): void {
  const rank = type.shape.length;
  if (rank >= min && rank <= max) return;
  const expected = min === max ? `rank ${min}` : max === Infinity ? `rank ${min} or more` : `rank ${min} to ${max}`;
  throw new OpError(`${op}: ${operand} must have ${expected}, not ${printType(type)}`);
}

/** The operand's shape is exactly `sizes`. */
export function requireSizes(op: string, operand: string, type: TensorType, sizes: readonly number[]): void {
  if (type.shape.length === sizes.length && type.shape.every((d, i) => d.size === sizes[i])) return;
  throw new OpError(`${op}: ${operand} must have the shape [${sizes.join(',')}], not ${printType(type)}`);
}

/** 0 <= axis < rank; lcc graphs hold no negative axes. */
export function requireAxis(op: string, axis: number, rank: number): void {
  if (Number.isInteger(axis) && axis >= 0 && axis < rank) return;
  throw new OpError(`${op}: axis ${axis} is outside 0..${rank - 1} (rank ${rank})`);
}

export function requireLength(op: string, attribute: string, values: readonly number[], length: number): void {
  if (values.length === length) return;
  throw new OpError(`${op}: ${attribute} must have ${length} entries, not [${values.join(',')}]`);
}

export function requireIntegers(op: string, attribute: string, values: readonly number[], min = -Infinity): void {
  if (values.every((v) => Number.isInteger(v) && v >= min)) return;
  const bound = min === -Infinity ? 'integers' : `integers of at least ${min}`;
  throw new OpError(`${op}: ${attribute} must be ${bound}, not [${values.join(',')}]`);
}

export function requireOneOf<T extends string>(op: string, attribute: string, value: string, known: readonly T[]): T {
  const found = known.find((k) => k === value);
  if (found !== undefined) return found;
  throw new OpError(`${op}: ${attribute} must be one of ${known.join(', ')}, not "${value}"`);
}

/** Replaces the size of one dimension of a shape. */
export const withSize = (shape: Shape, axis: number, size: number): Shape =>
  shape.map((d, i) => (i === axis && d.size !== size ? { size } : d));
