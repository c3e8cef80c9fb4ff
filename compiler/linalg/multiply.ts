import type { Matrix } from './matrix.ts';
import { asIs, type Operand, product, turned } from './product.ts';

function checked(name: string, a: Operand, b: Operand): Matrix {
  if (a.columns !== b.rows)
    throw new RangeError(`${name}: ${a.rows}x${a.columns} by ${b.rows}x${b.columns} do not fit`);
  return product(a, b);
}

/** a [m, k] b [k, n] -> a b [m, n]. Sizes that do not fit are a RangeError, as in the two below. */
export const multiply = (a: Matrix, b: Matrix): Matrix => checked('multiply', asIs(a), asIs(b));

/** a [m, k] b [n, k] -> a bᵀ [m, n]. */
export const multiplyTransposed = (a: Matrix, b: Matrix): Matrix => checked('multiplyTransposed', asIs(a), turned(b));

/** a [k, m] b [k, n] -> aᵀ b [m, n]. With a = b the result is symmetric to the last bit. */
export const transposedMultiply = (a: Matrix, b: Matrix): Matrix => checked('transposedMultiply', turned(a), asIs(b));
