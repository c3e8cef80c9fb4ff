import type { DType } from '../../tensor/dtype.ts';

/** Element types of an ONNX file, by TensorProto.DataType. Those that are no DType are refused by their name. */
const names = [
  'undefined',
  'float32',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'float64',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'uint4',
  'int4',
  'float4e2m1',
  'float8e8m0',
  'uint2',
  'int2',
] as const;

export type ElementType = (typeof names)[number];

type Foreign = Exclude<ElementType, DType>;

const foreign: Readonly<Record<Foreign, true>> = {
  undefined: true,
  string: true,
  complex64: true,
  complex128: true,
  float8e4m3fn: true,
  float8e4m3fnuz: true,
  float8e5m2: true,
  float8e5m2fnuz: true,
  uint4: true,
  int4: true,
  float4e2m1: true,
  float8e8m0: true,
  uint2: true,
  int2: true,
};

/** Name of a data type code of the file; codes newer than this list as `type 99`. */
export const nameOfElementType = (code: number): string => names[code] ?? `type ${code}`;

export const codeOfElementType = (type: ElementType): number => names.indexOf(type);

const isDType = (type: ElementType): type is DType => !(type in foreign);

/** The DType of a data type code, or undefined when lcc has none. */
export function dtypeOf(code: number): DType | undefined {
  const name = names[code];
  return name !== undefined && isDType(name) ? name : undefined;
}
