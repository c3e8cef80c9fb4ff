/** Row-major float64: element (i, j) is data[i * columns + j]. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

/** A matrix over `data`, or of zeros. Sizes that are no whole numbers or do not fit the data are a RangeError. */
export function makeMatrix(rows: number, columns: number, data = new Float64Array(rows * columns)): Matrix {
  if (
    !Number.isInteger(rows) ||
    !Number.isInteger(columns) ||
    rows < 0 ||
    columns < 0 ||
    data.length !== rows * columns
  )
    throw new RangeError(`makeMatrix: ${data.length} elements for ${rows}x${columns}`);
  return { rows, columns, data };
}

/** The same numbers in float64. */
export const fromFloat32 = (rows: number, columns: number, data: Float32Array): Matrix =>
  makeMatrix(rows, columns, Float64Array.from(data));

export function identity(n: number): Matrix {
  const unit = makeMatrix(n, n);
  for (let i = 0; i < n; i++) unit.data[i * n + i] = 1;
  return unit;
}

const tile = 32;

/** a [m, n] -> [n, m]. */
export function transpose({ rows, columns, data }: Matrix): Matrix {
  const turned = makeMatrix(columns, rows);
  const to = turned.data;
  for (let top = 0; top < rows; top += tile)
    for (let left = 0; left < columns; left += tile)
      for (let j = left; j < Math.min(left + tile, columns); j++)
        for (let i = top; i < Math.min(top + tile, rows); i++) to[j * rows + i] = data[i * columns + j] as number;
  return turned;
}

function requireRange(name: string, start: number, end: number, size: number): void {
  if (!(Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start <= end && end <= size))
    throw new RangeError(`${name}: ${start} to ${end} of ${size}`);
}

/** Rows [start, end), copied. */
export function sliceRows({ rows, columns, data }: Matrix, start: number, end = rows): Matrix {
  requireRange('sliceRows', start, end, rows);
  return { rows: end - start, columns, data: data.slice(start * columns, end * columns) };
}

/** Columns [start, end), copied. */
export const sliceColumns = (a: Matrix, start: number, end = a.columns): Matrix =>
  sliceBlock(a, 0, start, a.rows, end - start);

/** The part [rows, columns] that starts at (row, column), copied. */
export function sliceBlock(
  a: Matrix,
  row: number,
  column: number,
  rows = a.rows - row,
  columns = a.columns - column,
): Matrix {
  requireRange('sliceBlock', row, row + rows, a.rows);
  requireRange('sliceBlock', column, column + columns, a.columns);
  const part = makeMatrix(rows, columns);
  for (let i = 0; i < rows; i++) {
    const from = (row + i) * a.columns + column;
    part.data.set(a.data.subarray(from, from + columns), i * columns);
  }
  return part;
}

/** Writes `part` over `to`, its top left corner at (row, column). */
export function writeBlock(to: Matrix, row: number, column: number, part: Matrix): void {
  for (let i = 0; i < part.rows; i++)
    to.data.set(part.data.subarray(i * part.columns, (i + 1) * part.columns), (row + i) * to.columns + column);
}

/** Columns of `a` in the order given. */
export function pickColumns({ rows, columns, data }: Matrix, order: ArrayLike<number>): Matrix {
  const width = order.length;
  const picked = makeMatrix(rows, width);
  for (let k = 0; k < width; k++) {
    const from = order[k] as number;
    for (let i = 0; i < rows; i++) picked.data[i * width + k] = data[i * columns + from] as number;
  }
  return picked;
}

/** NaN and infinities are a RangeError that names `what` and the place. */
export function trace({ rows, columns, data }: Matrix): number {
  let sum = 0;
  for (let i = 0; i < rows; i++) sum += data[i * columns + i] ?? 0;
  return sum;
}

export function requireFinite(what: string, { columns, data }: Matrix): void {
  for (let at = 0; at < data.length; at++)
    if (!Number.isFinite(data[at] as number))
      throw new RangeError(`${what}: ${data[at]} at [${Math.floor(at / columns)}, ${at % columns}]`);
}

/** A power of two that brings the largest magnitude near 1; 1 for zeros. Multiplying by it loses nothing that matters. */
export function unitScale({ data }: Matrix): number {
  let largest = 0;
  for (const value of data) largest = Math.max(largest, Math.abs(value));
  return largest === 0 ? 1 : 2 ** -Math.max(-1022, Math.min(1022, Math.floor(Math.log2(largest))));
}

export const scale = ({ rows, columns, data }: Matrix, by: number): Matrix => ({
  rows,
  columns,
  data: data.map((value) => value * by),
});

/** a diag(by). */
export function scaleColumns({ rows, columns, data }: Matrix, by: Float64Array): Matrix {
  if (by.length !== columns) throw new RangeError(`scaleColumns: ${by.length} factors for ${rows}x${columns}`);
  return makeMatrix(
    rows,
    columns,
    data.map((value, at) => value * (by[at % columns] as number)),
  );
}

export function requireSquare(what: string, { rows, columns }: Matrix): void {
  if (rows !== columns) throw new RangeError(`${what}: ${rows}x${columns} is not square`);
}
