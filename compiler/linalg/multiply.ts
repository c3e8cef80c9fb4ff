import type { Matrix } from './matrix.ts';
import { asIs, gramOf, type Operand, product, turned } from './product.ts';

function checked(name: string, a: Operand, b: Operand): Matrix {
  if (a.columns !== b.rows)
    throw new RangeError(`${name}: ${a.rows}x${a.columns} by ${b.rows}x${b.columns} do not fit`);
  return product(a, b);
}

/** a [m, k] b [k, n] -> a b [m, n]. Sizes that do not fit are a RangeError, as in the two below. */
export const multiply = (a: Matrix, b: Matrix): Matrix => checked('multiply', asIs(a), asIs(b));

/** a [m, k] b [n, k] -> a bᵀ [m, n]. */
export const multiplyTransposed = (a: Matrix, b: Matrix): Matrix => checked('multiplyTransposed', asIs(a), turned(b));

/** a [k, m] b [k, n] -> aᵀ b [m, n]. */
export const transposedMultiply = (a: Matrix, b: Matrix): Matrix => checked('transposedMultiply', turned(a), asIs(b));

/** a [k, m] -> aᵀ a [m, m], symmetric to the last bit, in half the time of the product. */
export const gram = (a: Matrix): Matrix => gramOf(a);
