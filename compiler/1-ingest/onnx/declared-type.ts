import { ingest } from '../../diagnostics/index.ts';
import type { DeclaredDim, DeclaredType } from '../bind.ts';
import { dtypeOf, nameOfElementType } from './element-type.ts';
import type { TypeProto, ValueInfoProto } from './proto/generated/onnx_pb.ts';

/** The tensor type a value is declared with; undefined for sequences, maps and the like. */
export function declaredType(type: TypeProto | undefined): DeclaredType | undefined {
  if (type?.value.case !== 'tensorType') return undefined;
  const { elemType, shape } = type.value.value;
  const dims = shape?.dim.map(({ value }): DeclaredDim => {
    if (value.case === 'dimValue') return value.value < 0n ? undefined : Number(value.value);
    return value.case === 'dimParam' && value.value !== '' ? value.value : undefined;
  });
  return { elementType: nameOfElementType(elemType), dtype: dtypeOf(elemType), dims };
}

/** The type of each input by its name. @throws LccError LCC1007 for what is no tensor, or of no element type of lcc */
export const declaredInputs = (
  inputs: readonly ValueInfoProto[],
  file: string | undefined,
): ReadonlyMap<string, DeclaredType> => new Map(inputs.map((input) => [input.name, requireTensorType(input, file)]));

function requireTensorType(input: ValueInfoProto, file: string | undefined): DeclaredType {
  const type = declaredType(input.type);
  if (type === undefined) {
    const kind = input.type?.value.case?.replace('Type', '') ?? 'no type';
    throw ingest.unsupportedElementType({ file }, `Input "${input.name}"`, kind);
  }
  if (type.dtype !== undefined) return type;
  throw ingest.unsupportedElementType({ file }, `Input "${input.name}"`, type.elementType);
}
