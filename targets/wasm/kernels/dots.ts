import binaryen from 'binaryen';
import { codesPerWord } from '../../../compiler/kernel/quantization.ts';
import { type Address, atOffset, type Code, type Local, type Ref } from './code.ts';
import { relaxedDot, relaxedPairs } from './relaxed.ts';

/** Which instructions sum products of codes. */
export type DotForm = 'scalar' | 'portable' | 'relaxed' | 'pairs';

/** Four codes of a row of A and of `width` columns of B. */
export interface Group {
  readonly row: readonly Local[];
  readonly columns: readonly Local[];
}

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
  /** sum + row * columns, over a few groups */
  accumulate(sum: Local, groups: readonly Group[]): Ref;
  /** The sums of a vector of columns in whole numbers, from its accumulators in order. */
  join(sums: readonly Local[]): Ref;
}

export function makeDots(code: Code, form: DotForm): Dots {
  switch (form) {
    case 'scalar':
      return scalarDots(code);
    case 'portable':
      return portableDots(code);
    case 'relaxed':
      return {
        ...vectorDots(code),
        accumulate: (sum, groups) =>
          groups.reduce(
            (total, { row, columns }) => relaxedDot(code.module, code.get(only(columns)), code.get(only(row)), total),
            code.get(sum),
          ),
      };
    case 'pairs':
      return pairDots(code);
    default:
      return form satisfies never;
  }
}

function only<T>(list: readonly T[]): T {
  const [first, ...rest] = list;
  if (first === undefined || rest.length > 0) throw new RangeError(`internal: ${list.length} values where one is used`);
  return first;
}

function scalarDots(code: Code): Dots {
  const { i32 } = code.module;
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
    accumulate: (sum, groups) =>
      groups
        .flatMap(({ row, columns }) => columns.map((w, i) => [row[i] ?? w, w] as const))
        .reduce((total, [x, w]) => i32.add(total, i32.mul(code.get(x), code.get(w))), code.get(sum)),
    join: (sums) => code.get(only(sums)),
  };
}

/** 16-bit lanes: an accumulator holds [column 0: k 0 and 1, k 2 and 3; column 1: the same]. A is stored in 16 bits. */
function portableDots(code: Code): Dots {
  const { v128, i32x4, i8x16 } = code.module;
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
    accumulate: (sum, groups) =>
      groups.reduce(
        (total, { row, columns }) => i32x4.add(total, i32x4.dot_i16x8_s(code.get(only(columns)), code.get(only(row)))),
        code.get(sum),
      ),
    join: (sums) => {
      const [left, right = left] = sums;
      if (!left || !right) throw new RangeError('internal: no sums');
      const pick = (lanes: readonly number[]): Ref => {
        const bytes = lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte));
        return i8x16.shuffle(code.get(left), code.get(right), bytes);
      };
      return i32x4.add(pick([0, 2, 4, 6]), pick([1, 3, 5, 7]));
    },
  };
}

/** One 32-bit lane per column, with four codes each of A and of B. */
function vectorDots(code: Code): Omit<Dots, 'accumulate'> {
  const { v128, i32x4 } = code.module;
  return {
    width: 4,
    type: binaryen.v128,
    zero: () => v128.const(new Uint8Array(16)),
    add: (a, b) => i32x4.add(a, b),
    loadRow: (address) => {
      const { offset, pointer } = code.operand(address);
      return [code.keep(binaryen.v128, v128.load32_splat(offset, 1, pointer))];
    },
    loadColumns: (address) => {
      const { offset, pointer } = code.operand(address);
      return [code.keep(binaryen.v128, v128.load(offset, 4, pointer))];
    },
    join: (sums) => code.get(only(sums)),
  };
}

/** All groups are summed in 16 bits, two lanes per column, before they join the sum. */
function pairDots(code: Code): Dots {
  const { i16x8, i32x4 } = code.module;
  // what extadd_pairwise multiplies by on x86, kept in a register
  const ones = code.keep(binaryen.v128, i16x8.splat(code.i32(1)));
  const products = ({ row, columns }: Group): Ref =>
    relaxedPairs(code.module, code.get(only(columns)), code.get(only(row)));
  return {
    ...vectorDots(code),
    accumulate: (sum, [first, ...others]) => {
      if (!first) throw new RangeError('internal: no groups');
      const pairs = others.reduce((total, group) => i16x8.add(total, products(group)), products(first));
      return i32x4.add(code.get(sum), i32x4.dot_i16x8_s(pairs, code.get(ones)));
    },
  };
}
