import binaryen from 'binaryen';
import { type Index, rangeOf } from '../../../compiler/kernel/index-expr.ts';
import { codesPerWord, maxActivationCode, type Quantization } from '../../../compiler/kernel/quantization.ts';
import type { WasmFeatures } from '../../target.ts';
import { type Address, atOffset, type Code, type Ref } from './code.ts';
import { strideIn } from './contraction.ts';
import { makePassage, makeRound, type Rounding, roundOne } from './rounding.ts';
import { elementBytes, type Stream } from './walk.ts';

/** Bytes of one code of A in scratch: the portable dot product multiplies 16-bit lanes. */
export const bytesOfCode = (features: WasmFeatures): 1 | 2 => (features === 'simd' ? 2 : 1);

/** Codes that `writeCodes` wrote, from the first element that is read; a whole group may reach three codes further. */
export function writtenCodes(code: Code, a: Index, features: WasmFeatures, scratch: number): Stream {
  const codeBytes = bytesOfCode(features);
  const base = code.keep(binaryen.i32, code.i32(scratch));
  const start = (a.offset - rangeOf(a).min) * codeBytes;
  return { slot: 1, base, start, stride: (axis) => strideIn(a, axis) * codeBytes };
}

const spanOf = (a: Index): { readonly first: number; readonly count: number } => {
  const { min, max } = rangeOf(a);
  return { first: min, count: max - min + 1 };
};

const alignment = 16;

/** Bytes of scratch for the codes of everything between the first and the last element of A that is read. */
export const codesBytes = (a: Index, features: WasmFeatures): number =>
  Math.ceil(((spanOf(a).count + codesPerWord - 1) * bytesOfCode(features)) / alignment) * alignment;

const step = 16;

/**
 * Writes the codes of A to `scratch`, in A's own order, once before all tiles:
 * clamp(round(x * inverseScale) + zero, 0, 127), and 0 for NaN.
 */
export function writeCodes(
  code: Code,
  a: Index,
  { inverseScale, zero }: Quantization,
  features: WasmFeatures,
  scratch: number,
): void {
  const { first, count } = spanOf(a);
  const from = { base: code.param(1), offset: first * elementBytes };
  const to = { base: code.keep(binaryen.i32, code.i32(scratch)), offset: 0 };
  const over = features === 'scalar' || count < 4 ? overElements : overVectors;
  over(code, { from, to, count, codeBytes: bytesOfCode(features) }, { inverseScale, low: -zero, zero });
}

/** Neighbouring elements, and where their codes go. */
interface Run {
  readonly from: Address;
  readonly to: Address;
  readonly count: number;
  readonly codeBytes: 1 | 2;
}

/** Steps of `by` elements over the run, the last moved back to end with it; both addresses move along. */
function overSteps(
  code: Code,
  { from, to, count, codeBytes }: Run,
  by: number,
  body: (from: Address, to: Address) => void,
): void {
  const rounds = Math.floor(count / by);
  const left = code.keep(binaryen.i32, code.i32(rounds));
  const [source, target] = [from, to].map((a) => code.keep(binaryen.i32, code.plus(code.get(a.base), a.offset)));
  if (!source || !target) throw new RangeError('internal: no addresses');
  code.repeat(
    () => {
      body({ base: source, offset: 0 }, { base: target, offset: 0 });
      code.addTo(source, by * elementBytes);
      code.addTo(target, by * codeBytes);
      code.addTo(left, -1);
    },
    () => code.get(left),
  );
  const start = count - by;
  if (count % by !== 0) body(atOffset(from, start * elementBytes), atOffset(to, start * codeBytes));
}

function overElements(code: Code, run: Run, rounding: Rounding): void {
  const { f32, i32 } = code.module;
  const passage = makePassage(code);
  const store = run.codeBytes === 1 ? i32.store8 : i32.store16;
  overSteps(code, run, 1, (source, target) => {
    const at = code.operand(source);
    const value = f32.load(at.offset, elementBytes, at.pointer);
    const own = roundOne(code, value, rounding, maxActivationCode, passage);
    const stored = code.operand(target);
    code.emit(store(stored.offset, 1, stored.pointer, own));
  });
}

function overVectors(code: Code, run: Run, rounding: Rounding): void {
  const { count, codeBytes } = run;
  const { i16x8, i8x16, v128, i32 } = code.module;
  const round = makeRound(code, rounding);
  const most = code.keep(binaryen.v128, i16x8.splat(i32.const(maxActivationCode)));

  /** Codes of four neighbours, as i32x4. */
  const codes = (address: Address): Ref => {
    const { offset, pointer } = code.operand(address);
    return round(v128.load(offset, elementBytes, pointer));
  };
  // Narrowing to 8 bits saturates at 127 by itself.
  const narrow = (a: Ref, b: Ref): Ref => {
    const both = i16x8.narrow_i32x4_s(a, b);
    return codeBytes === 1 ? both : i16x8.min_s(both, code.get(most));
  };
  const pair = (address: Address): Ref => narrow(codes(address), codes(atOffset(address, 4 * elementBytes)));

  if (count < step) {
    overSteps(code, run, 4, (source, target) => {
      const four = code.keep(binaryen.v128, codes(source));
      const { offset, pointer } = code.operand(target);
      const halves = code.keep(binaryen.v128, narrow(code.get(four), code.get(four)));
      if (codeBytes === 2) code.emit(v128.store64_lane(offset, 1, 0, pointer, code.get(halves)));
      else {
        const bytes = i8x16.narrow_i16x8_s(code.get(halves), code.get(halves));
        code.emit(v128.store32_lane(offset, 1, 0, pointer, bytes));
      }
    });
    return;
  }
  overSteps(code, run, step, (source, target) => {
    const halves = [pair(source), pair(atOffset(source, 8 * elementBytes))] as const;
    const { offset, pointer } = code.operand(target);
    if (codeBytes === 1) {
      code.emit(v128.store(offset, 1, pointer, i8x16.narrow_i16x8_s(...halves)));
      return;
    }
    halves.forEach((half, i) => {
      const at = code.operand(atOffset(target, 16 * i));
      code.emit(v128.store(at.offset, 1, at.pointer, half));
    });
  });
}
