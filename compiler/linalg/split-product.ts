import { type Matrix, makeMatrix } from './matrix.ts';
import { svd } from './svd.ts';

/**
 * Factors F_1 [inner, n], F_2 ... [inner, inner], F_count [m, inner] whose product F_count ... F_1 is w [m, n], or where `inner`
 * is below min(m, n) the nearest matrix of that rank. They are balanced: of w = U S V' each takes the root, S^(1 / count), so that
 * the sum of their squares is the least that any factors have. Where a singular value is 0 the last factor alone is, so that
 * gradients reach it; what `inner` has beyond min(m, n) is 0.
 */
export function splitProduct(w: Matrix, count: number, inner = Math.min(w.rows, w.columns)): Matrix[] {
  if (count === 1) return [w];
  const { u, singular, v } = svd(w);
  const kept = Math.min(inner, singular.length);
  const roots = singular.slice(0, kept).map((value) => value ** (1 / count));
  const scales = roots.map((root) => root || 1);
  const first = makeMatrix(inner, w.columns);
  const middle = makeMatrix(inner, inner);
  const last = makeMatrix(w.rows, inner);
  for (let j = 0; j < kept; j++) {
    const scale = scales[j] ?? 1;
    for (let i = 0; i < w.columns; i++) first.data[j * w.columns + i] = scale * (v.data[i * v.columns + j] ?? 0);
    for (let i = 0; i < w.rows; i++) last.data[i * inner + j] = (roots[j] ?? 0) * (u.data[i * u.columns + j] ?? 0);
    middle.data[j * inner + j] = scale;
  }
  return [first, ...new Array<Matrix>(count - 2).fill(middle), last];
}
