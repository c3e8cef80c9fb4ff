import { type Matrix, makeMatrix } from '../../linalg/matrix.ts';
import { symmetricEigen } from '../../linalg/symmetric-eigen.ts';

/** Eigenvalues below this share of the largest are noise: their directions carry nothing. */
const leastShare = 1e-10;

/** s = L L' with s = V e V': root L = V sqrt(e) [n, n] and inverse V / sqrt(e), zero where nothing varies. */
export function whiten(s: Matrix): { readonly root: Matrix; readonly inverse: Matrix } {
  const { values, vectors } = symmetricEigen(s);
  const n = s.rows;
  const floor = leastShare * Math.max(0, values[0] ?? 0);
  const scaled = (by: (e: number) => number): Matrix =>
    makeMatrix(
      n,
      n,
      vectors.data.map((v, at) => {
        const e = values[at % n] ?? 0;
        return e > floor ? v * by(e) : 0;
      }),
    );
  return { root: scaled(Math.sqrt), inverse: scaled((e) => 1 / Math.sqrt(e)) };
}
