import {
  type Matrix,
  pickColumns,
  requireFinite,
  scale,
  scaleColumns,
  sliceColumns,
  transpose,
  unitScale,
  writeBlock,
} from './matrix.ts';
import { multiply, transposedMultiply } from './multiply.ts';
import { qr } from './qr.ts';
import { fixSigns, symmetricEigen } from './symmetric-eigen.ts';

/** Thin: a [m, n] = u diag(singular) vᵀ, k = min(m, n). */
export interface Svd {
  /** [m, k], orthonormal columns whatever the rank, the element of largest magnitude in each positive. */
  readonly u: Matrix;
  /** Descending. */
  readonly singular: Float64Array;
  /** [n, k], orthonormal columns. */
  readonly v: Matrix;
}

/**
 * All singular values and vectors through the smaller side. The values and the product are right to 1e-11 of the
 * largest value; values below rounding level (2^-52 max(m, n) of it) are 0. NaN or infinities are a RangeError.
 */
export function svd(a: Matrix): Svd {
  requireFinite('svd', a);
  const unit = unitScale(a);
  const scaled = scale(a, unit);
  const tall = decomposeTall(a.rows < a.columns ? transpose(scaled) : scaled);
  const { u, v } = a.rows < a.columns ? { u: tall.v, v: tall.u } : tall;
  fixSignsOf(u, v);
  return { u, singular: tall.singular.map((value) => value / unit), v };
}

/** Fixes the signs of u and keeps u diag(s) vᵀ. */
function fixSignsOf(u: Matrix, v: Matrix): void {
  for (const [j, isNegated] of fixSigns(u).entries())
    if (isNegated) for (let at = j; at < v.data.length; at += v.columns) v.data[at] = -(v.data[at] as number);
}

/** Within one level of refinement, singular values fall by no more than this. */
const levelRange = 1e-4;

/**
 * V from the eigenvectors of aᵀ a, then U and the values from the QR decomposition of a V, whose R is diagonal up to
 * rounding. Squaring blurs values below 1e-8 of the largest; so those below levelRange are decomposed again by
 * themselves, from the columns of a V that belong to them, where they are the largest.
 */
function decomposeTall(a: Matrix): Svd {
  const n = a.columns;
  const v = symmetricEigen(transposedMultiply(a, a)).vectors;
  const product = multiply(a, v);
  let norms = columnNorms(product);
  const floor = Number.EPSILON * a.rows * (norms[0] ?? 0);
  for (let start = nextLevel(norms, 0); start < n; start = nextLevel(norms, start)) {
    if (norms.every((norm, j) => j < start || norm <= floor)) break;
    const small = sliceColumns(product, start);
    const turned = multiply(sliceColumns(v, start), symmetricEigen(transposedMultiply(small, small)).vectors);
    writeBlock(v, 0, start, turned);
    writeBlock(product, 0, start, multiply(a, turned));
    norms = columnNorms(product);
  }
  const { q, r } = qr(product);
  const values = Float64Array.from({ length: n }, (_, i) => r.data[i * n + i] as number);
  const order = [...values.keys()].sort((i, j) => (values[j] as number) - (values[i] as number) || i - j);
  const singular = Float64Array.from(order, (i) => values[i] as number).map((value) => (value > floor ? value : 0));
  return { u: pickColumns(q, order), singular, v: pickColumns(v, order) };
}

function nextLevel(norms: Float64Array, start: number): number {
  const least = levelRange * (norms[start] ?? 0);
  let next = start + 1;
  while (next < norms.length && (norms[next] as number) >= least) next++;
  return next;
}

function columnNorms({ rows, columns, data }: Matrix): Float64Array {
  const squares = new Float64Array(columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) squares[j] = (squares[j] as number) + (data[i * columns + j] as number) ** 2;
  return squares.map(Math.sqrt);
}

/** The best approximation of rank r, as its three parts. r above k keeps all. */
export function truncate({ u, singular, v }: Svd, rank: number): Svd {
  const kept = Math.min(rank, singular.length);
  return { u: sliceColumns(u, 0, kept), singular: singular.slice(0, kept), v: sliceColumns(v, 0, kept) };
}

/** u diag(singular) vᵀ [m, n]. */
export const recompose = ({ u, singular, v }: Svd): Matrix => multiply(scaleColumns(u, singular), transpose(v));
