import { type Matrix, makeMatrix, trace } from '../../linalg/matrix.ts';
import { multiply } from '../../linalg/multiply.ts';
import { solveSpd } from '../../linalg/solve-spd.ts';
import type { Selection } from '../select-units.ts';
import { pickBlock } from './pick-block.ts';

/** Added to a head's covariance, as a share of its mean variance, before it is inverted. */
const ridgeShare = 1e-6;

/**
 * Heads in the order they are worth keeping, as `selectUnits` orders units: with C what is left of the covariance [P, P]
 * after the heads kept so far and M = W' W of the layer that reads them, keeping the features h takes
 * C_:h C_hh^-1 C_h: away from C and lowers the error trace(M C) by
 *
 *     gain_h = trace((C M C)_hh C_hh^-1).
 */
export function selectHeads(heads: readonly (readonly number[])[], spread: Matrix, weight: Matrix): Selection {
  let left = spread;
  const order: number[] = [];
  const residuals = new Map<number, number>([[0, traceOfProduct(weight, left)]]);
  const others = new Set(heads.keys());
  while (others.size > 0) {
    const seen = multiply(multiply(left, weight), left);
    let best: { readonly head: number; readonly gain: number } | undefined;
    for (const head of others) {
      const own = heads[head] ?? [];
      const gain = trace(solve(pickBlock(left, own, own), pickBlock(seen, own, own)));
      if (best === undefined || gain > best.gain) best = { head, gain };
    }
    if (!best) break;
    left = without(left, heads[best.head] ?? []);
    others.delete(best.head);
    order.push(best.head);
    residuals.set(order.length, Math.max(0, traceOfProduct(weight, left)));
  }
  return { order, residuals };
}

/** C - C_:h C_hh^-1 C_h: */
function without(left: Matrix, own: readonly number[]): Matrix {
  const all = Array.from({ length: left.rows }, (_, i) => i);
  const columns = pickBlock(left, all, own);
  const taken = multiply(columns, solve(pickBlock(left, own, own), pickBlock(left, own, all)));
  return makeMatrix(
    left.rows,
    left.columns,
    left.data.map((v, at) => v - (taken.data[at] ?? 0)),
  );
}

/** What is left of a head that those before explain is rounding, of either sign. */
const solve = (inner: Matrix, right: Matrix): Matrix =>
  solveSpd(inner, right, (ridgeShare * Math.max(0, trace(inner))) / Math.max(1, inner.rows)).x;

/** trace(a b) of symmetric matrices. */
const traceOfProduct = (a: Matrix, b: Matrix): number => a.data.reduce((sum, v, i) => sum + v * (b.data[i] ?? 0), 0);
