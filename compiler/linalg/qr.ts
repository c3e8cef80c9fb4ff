import {
  identity,
  type Matrix,
  makeMatrix,
  requireFinite,
  scale,
  sliceBlock,
  sliceRows,
  transpose,
  unitScale,
  writeBlock,
} from './matrix.ts';
import { makeReflector, type Reflectors, reflect } from './reflectors.ts';

export interface Qr {
  /** [m, min(m, n)], orthonormal columns whatever the rank. */
  readonly q: Matrix;
  /** [min(m, n), n], upper triangular, diagonal not negative. */
  readonly r: Matrix;
}

const panelSize = 64;

/** a [m, n] = q r, thin, by blocked Householder reflections (Golub, Van Loan 5.2). NaN or infinities are a RangeError. */
export function qr(a: Matrix): Qr {
  requireFinite('qr', a);
  const unit = unitScale(a);
  const rest = scale(a, unit);
  const depth = Math.min(a.rows, a.columns);
  const panels: Reflectors[] = [];
  for (let start = 0; start < depth; start += panelSize) {
    const width = Math.min(panelSize, depth - start);
    const panel = reducePanel(transpose(sliceBlock(rest, start, start, rest.rows - start, width)));
    writeBlock(rest, start, start, transpose(panel.reduced));
    panels.push(panel.reflectors);
    const after = sliceBlock(rest, start, start + width);
    reflect(panel.reflectors, after, true);
    writeBlock(rest, start, start + width, after);
  }
  const q = makeMatrix(a.rows, depth);
  writeBlock(q, 0, 0, identity(depth));
  for (const [index, reflectors] of [...panels.entries()].reverse()) {
    const start = index * panelSize;
    const part = sliceBlock(q, start, start);
    reflect(reflectors, part);
    writeBlock(q, start, start, part);
  }
  const r = scale(sliceRows(rest, 0, depth), 1 / unit);
  makeDiagonalPositive(q, r);
  return { q, r };
}

/** Rows of x [width, length], the panel's columns: reduced to the triangle's columns, with what reduces them. */
function reducePanel(x: Matrix): { reflectors: Reflectors; reduced: Matrix } {
  const width = x.rows;
  const length = x.columns;
  const vectors = makeMatrix(width, length);
  const factors = new Float64Array(width);
  for (let j = 0; j < width; j++) {
    const row = x.data.subarray(j * length, (j + 1) * length);
    const v = vectors.data.subarray(j * length, (j + 1) * length);
    v.set(row.subarray(j), j);
    const { factor, at } = makeReflector(v.subarray(j), 0);
    factors[j] = factor;
    row.fill(0, j);
    row[j] = at;
    for (let later = j + 1; later < width; later++) {
      const other = x.data.subarray(later * length, (later + 1) * length);
      let dot = 0;
      for (let i = j; i < length; i++) dot += (v[i] as number) * (other[i] as number);
      for (let i = j; i < length; i++) other[i] = (other[i] as number) - factor * dot * (v[i] as number);
    }
  }
  return { reflectors: { vectors, factors }, reduced: x };
}

function makeDiagonalPositive(q: Matrix, r: Matrix): void {
  for (let i = 0; i < r.rows; i++) {
    if ((r.data[i * r.columns + i] as number) >= 0) continue;
    for (let j = i; j < r.columns; j++) r.data[i * r.columns + j] = -(r.data[i * r.columns + j] as number);
    for (let k = 0; k < q.rows; k++) q.data[k * q.columns + i] = -(q.data[k * q.columns + i] as number);
  }
}
