import binaryen from 'binaryen';
import { codesPerWord } from '../../../compiler/kernel/quantization.ts';
import type { WasmFeatures } from '../../target.ts';
import { type Address, atOffset, type Code, type Local, type Ref } from './code.ts';
import { relaxedDot } from './relaxed.ts';

/** Integer dot products of four codes at a time, for `width` columns in one accumulator. */
export interface Dots {
  readonly width: 4 | 2 | 1;
  readonly type: binaryen.Type;
  zero(): Ref;
  add(a: Ref, b: Ref): Ref;
  /** four codes of a row of A, as every column takes them */
  loadRow(address: Address): readonly Local[];
  /** four codes of each of `width` columns of B */
  loadColumns(address: Address): readonly Local[];
  /** sum + row * columns */
  accumulate(sum: Local, row: readonly Local[], columns: readonly Local[]): Ref;
  /** The sums of a vector of columns as float32, from its accumulators in order. */
  toFloat(sums: readonly Local[]): Ref;
}

export function makeDots(code: Code, features: WasmFeatures): Dots {
  switch (features) {
    case 'scalar':
      return scalarDots(code);
    case 'simd':
      return portableDots(code);
    case 'relaxed':
      return relaxedDots(code);
    default:
      return features satisfies never;
  }
}

function only<T>(list: readonly T[]): T {
  const [first, ...rest] = list;
  if (first === undefined || rest.length > 0) throw new RangeError(`internal: ${list.length} values where one is used`);
  return first;
}

function scalarDots(code: Code): Dots {
  const { i32, f32 } = code.module;
  const four = (address: Address): Local[] =>
    Array.from({ length: codesPerWord }, (_, i) => {
      const { offset, pointer } = code.operand(atOffset(address, i));
      return code.keep(binaryen.i32, i32.load8_s(offset, 1, pointer));
    });
  return {
    width: 1,
    type: binaryen.i32,
    zero: () => i32.const(0),
    add: (a, b) => i32.add(a, b),
    loadRow: four,
    loadColumns: four,
    accumulate: (sum, row, columns) =>
      columns.reduce((total, w, i) => {
        const x = row[i];
        return x ? i32.add(total, i32.mul(code.get(x), code.get(w))) : total;
      }, code.get(sum)),
    toFloat: (sums) => f32.convert_s.i32(code.get(only(sums))),
  };
}

/** 16-bit lanes: an accumulator holds [column 0: k 0 and 1, k 2 and 3; column 1: the same]. A is stored in 16 bits. */
function portableDots(code: Code): Dots {
  const { v128, i32x4, i8x16, f32x4 } = code.module;
  const load = (
    address: Address,
    read: (offset: number, align: number, pointer: Ref) => Ref,
    align: number,
  ): Local[] => {
    const { offset, pointer } = code.operand(address);
    return [code.keep(binaryen.v128, read(offset, align, pointer))];
  };
  return {
    width: 2,
    type: binaryen.v128,
    zero: () => v128.const(new Uint8Array(16)),
    add: (a, b) => i32x4.add(a, b),
    loadRow: (address) => load(address, (...at) => v128.load64_splat(...at), 1),
    loadColumns: (address) => load(address, (...at) => v128.load8x8_s(...at), 4),
    accumulate: (sum, row, columns) =>
      i32x4.add(code.get(sum), i32x4.dot_i16x8_s(code.get(only(columns)), code.get(only(row)))),
    toFloat: (sums) => {
      const [left, right = left] = sums;
      if (!left || !right) throw new RangeError('internal: no sums');
      const pick = (lanes: readonly number[]): Ref => {
        const bytes = lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte));
        return i8x16.shuffle(code.get(left), code.get(right), bytes);
      };
      return f32x4.convert_i32x4_s(i32x4.add(pick([0, 2, 4, 6]), pick([1, 3, 5, 7])));
    },
  };
}

function relaxedDots(code: Code): Dots {
  const { v128, i32x4, f32x4 } = code.module;
  const operand = (address: Address) => code.operand(address);
  return {
    width: 4,
    type: binaryen.v128,
    zero: () => v128.const(new Uint8Array(16)),
    add: (a, b) => i32x4.add(a, b),
    loadRow: (address) => {
      const { offset, pointer } = operand(address);
      return [code.keep(binaryen.v128, v128.load32_splat(offset, 1, pointer))];
    },
    loadColumns: (address) => {
      const { offset, pointer } = operand(address);
      return [code.keep(binaryen.v128, v128.load(offset, 4, pointer))];
    },
    accumulate: (sum, row, columns) =>
      relaxedDot(code.module, code.get(only(columns)), code.get(only(row)), code.get(sum)),
    toFloat: (sums) => f32x4.convert_i32x4_s(code.get(only(sums))),
  };
}
