import { lower } from '../../compiler/4-lower/lower.ts';
import { GraphBuilder } from '../../compiler/ir/build.ts';
import type { Port, Program } from '../../compiler/ir/program.ts';
import { decodeData, encodeData } from '../../compiler/tensor/convert.ts';
import { dtypes, isFloat, isWide } from '../../compiler/tensor/dtype.ts';
import { elementCount, shapeOf } from '../../compiler/tensor/shape.ts';
import { makeTensor, type Tensor } from '../../compiler/tensor/tensor.ts';
import type { OpCase } from '../ops/case.ts';

/** A program of one op, and what to feed it. `constants`: all inputs but the first are known at build time. */
export interface OpProgram {
  readonly program: Program;
  readonly feeds: Readonly<Record<string, Tensor>>;
}

export function opProgram({ op, attributes, inputs }: OpCase, constants: boolean): OpProgram {
  const builder = new GraphBuilder(op);
  const feeds: Record<string, Tensor> = {};
  const ids = inputs.map((tensor, i) => {
    if (constants && i > 0) return builder.constant(tensor);
    feeds[`x${i}`] = tensor;
    return builder.input(`x${i}`, { dtype: tensor.dtype, shape: tensor.shape });
  });
  builder.addAll(op, ids, attributes).forEach((id, i) => {
    builder.output(`y${i}`, id);
  });
  return { program: lower(builder.build()), feeds };
}

/** Elements as the arena holds them: float32, int32 or uint32. */
export function arenaElements(tensor: Tensor): Float32Array | Int32Array | Uint32Array {
  const values = Array.from(decodeData(tensor), Number);
  if (isFloat(tensor.dtype)) return Float32Array.from(values);
  return isUnsigned32(tensor.dtype) ? Uint32Array.from(values) : Int32Array.from(values);
}

const isUnsigned32 = (dtype: Tensor['dtype']): boolean => dtypes[dtype].kind === 'unsigned' && dtypes[dtype].bytes >= 4;

/** A public tensor from the bytes of the arena. */
export function portTensor(port: Port, arena: ArrayBuffer, base = 0): Tensor {
  const count = elementCount(shapeOf(port.shape));
  const at = base + port.location.offset;
  const array = isFloat(port.dtype)
    ? new Float32Array(arena, at, count)
    : isUnsigned32(port.dtype)
      ? new Uint32Array(arena, at, count)
      : new Int32Array(arena, at, count);
  return makeTensor(port.dtype, shapeOf(port.shape), encodeData(port.dtype, encodable(port.dtype, array)));
}

/** Elements outside float32 rounding of the reference (or different at all, for other types), first few. */
export function differences(actual: Tensor, expected: Tensor, relative = 1e-5): string[] {
  const found: string[] = [];
  const wanted: ArrayLike<number | bigint> = decodeData(expected);
  const given: ArrayLike<number | bigint> = decodeData(actual);
  const scale = isFloat(expected.dtype)
    ? Math.max(1e-3, ...Array.from(wanted, (v) => (Number.isFinite(Number(v)) ? Math.abs(Number(v)) : 0)))
    : 0;
  Array.from(given, Number).forEach((got, i) => {
    const want = Number(wanted[i]);
    if (Object.is(got, want) || got === want) return;
    if (!(Math.abs(got - want) <= relative * Math.max(Math.abs(want), scale)))
      found.push(`[${i}] ${got} instead of ${want}`);
  });
  return found.slice(0, 5);
}

const encodable = (dtype: Tensor['dtype'], array: ArrayLike<number>): ArrayLike<number> | ArrayLike<bigint> =>
  isWide(dtype) ? Array.from(array, BigInt) : Array.from(array);
