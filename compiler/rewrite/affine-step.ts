import type { Node, ValueId } from '../ir/graph.ts';
import { numbersOf } from '../tensor/convert.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Affine } from './fold-affine.ts';
import type { Rewriter } from './rebuild.ts';

/** One operation of x and a constant that scales or shifts. */
export interface Step {
  readonly x: ValueId;
  readonly constant: Tensor;
  readonly affine: (constant: readonly number[]) => Affine;
}

const scaleBy = (scale: readonly number[]): Affine => ({ scale, shift: scale.map(() => 0) });
const shiftBy = (shift: readonly number[], by = 1): Affine => ({ scale: shift.map(() => by), shift });

/** Undefined for other ops, and where neither operand or both are constant. */
export function stepOf(op: Node['op'], inputs: readonly ValueId[], rewriter: Rewriter): Step | undefined {
  const [a, b] = inputs;
  if (a === undefined || b === undefined) return undefined;
  const [left, right] = [rewriter.known(a), rewriter.known(b)];
  const x = right ? a : b;
  const constant = right ?? left;
  if (!constant || (left && right)) return undefined;
  switch (op) {
    case 'mul':
      return { x, constant, affine: scaleBy };
    case 'add':
      return { x, constant, affine: (c) => shiftBy(c) };
    case 'sub':
      return { x, constant, affine: (c) => (right ? shiftBy(c.map((v) => -v)) : shiftBy(c, -1)) };
    case 'div':
      return right && { x, constant, affine: (c) => scaleBy(c.map((v) => 1 / v)) };
    default:
      return undefined;
  }
}

/**
 * A constant that broadcasts to `sizes` as a list over dimensions `first` to `end`; undefined where it varies along
 * others or adds dimensions.
 */
export function along(
  constant: Tensor,
  sizes: readonly number[],
  first: number,
  end: number,
): readonly number[] | undefined {
  const missing = sizes.length - constant.shape.length;
  if (missing < 0) return undefined;
  const own = sizes.map((_, d) => constant.shape[d - missing]?.size ?? 1);
  if (own.some((size, d) => size !== 1 && (d < first || d >= end || size !== sizes[d]))) return undefined;
  const values = numbersOf(constant);
  const length = sizes.slice(first, end).reduce((a, b) => a * b, 1);
  return Array.from({ length }, (_, i) => {
    let [rest, at, stride] = [i, 0, 1];
    for (let d = end - 1; d >= first; d--) {
      const size = sizes[d] ?? 1;
      if (own[d] !== 1) at += (rest % size) * stride;
      stride *= own[d] ?? 1;
      rest = Math.floor(rest / size);
    }
    return values[at] ?? 0;
  });
}
