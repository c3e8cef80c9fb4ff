import { type Matrix, makeMatrix } from './matrix.ts';
import { gram } from './multiply.ts';

const chunkRows = 2048;

/**
 * Mean and covariance of rows of one width that come in batches. Each batch is centred on its own mean and merged by
 * the pairwise formula (Chan, Golub, LeVeque 1983), so that a large mean costs no digits and the order and the sizes of
 * the batches change nothing beyond rounding.
 */
export class Moments {
  readonly width: number;
  #count = 0;
  readonly #mean: Float64Array;
  /** Sum of (x - mean)(x - mean)ᵀ. */
  readonly #scatter: Float64Array;

  constructor(width: number) {
    if (!Number.isInteger(width) || width < 1) throw new RangeError(`Moments: width ${width}`);
    this.width = width;
    this.#mean = new Float64Array(width);
    this.#scatter = new Float64Array(width * width);
  }

  get count(): number {
    return this.#count;
  }

  /** rows [count, width], row-major. Another length, NaN and infinities are a RangeError; nothing is added then. */
  add(rows: Float32Array | Float64Array, count: number): void {
    const { width } = this;
    if (rows.length !== count * width)
      throw new RangeError(`Moments.add: ${rows.length} elements for ${count} rows of ${width}`);
    for (let at = 0; at < rows.length; at++)
      if (!Number.isFinite(rows[at] as number))
        throw new RangeError(`Moments.add: ${rows[at]} at [${Math.floor(at / width)}, ${at % width}]`);
    for (let start = 0; start < count; start += chunkRows) {
      const end = Math.min(start + chunkRows, count);
      const chunk = new Float64Array(rows.subarray(start * width, end * width));
      const mean = centre(chunk, width);
      const centred = makeMatrix(end - start, width, chunk);
      this.#merge(end - start, mean, gram(centred).data);
    }
  }

  /** Adds all that `other` was given. Another width is a RangeError. */
  merge(other: Moments): void {
    if (other.width !== this.width) throw new RangeError(`Moments.merge: width ${other.width} into ${this.width}`);
    this.#merge(other.#count, other.#mean, other.#scatter);
  }

  /** n = a + b; mean += (b / n) d; scatter += scatter_b + (a b / n) d dᵀ, d the distance of the means. */
  #merge(added: number, mean: Float64Array, scatter: Float64Array): void {
    const { width } = this;
    const own = this.#scatter;
    if (added === 0) return;
    const total = this.#count + added;
    const between = (this.#count * added) / total;
    const distance = mean.map((value, j) => value - (this.#mean[j] as number));
    for (let i = 0; i < width; i++) {
      const step = between * (distance[i] as number);
      for (let j = 0, at = i * width; j < width; j++, at++)
        own[at] = (own[at] as number) + (scatter[at] as number) + step * (distance[j] as number);
    }
    for (let j = 0; j < width; j++)
      this.#mean[j] = (this.#mean[j] as number) + (added / total) * (distance[j] as number);
    this.#count = total;
  }

  /** [width]. Without rows a RangeError, as in the two below. */
  mean(): Float64Array {
    this.#requireRows('mean');
    return this.#mean.slice();
  }

  /** E[(x - mean)(x - mean)ᵀ] [width, width], divided by the count. */
  covariance(): Matrix {
    this.#requireRows('covariance');
    const { width } = this;
    const covariance = makeMatrix(width, width);
    // (distance_i between) distance_j is not the same bits as its mirror image.
    for (let i = 0; i < width; i++)
      for (let j = 0; j <= i; j++) {
        const value = (this.#scatter[i * width + j] as number) / this.#count;
        covariance.data[i * width + j] = value;
        covariance.data[j * width + i] = value;
      }
    return covariance;
  }

  /** E[x xᵀ] [width, width]. */
  secondMoment(): Matrix {
    this.#requireRows('secondMoment');
    const { width } = this;
    const moment = this.covariance();
    for (let i = 0; i < width; i++)
      for (let j = 0; j < width; j++)
        moment.data[i * width + j] =
          (moment.data[i * width + j] as number) + (this.#mean[i] as number) * (this.#mean[j] as number);
    return moment;
  }

  #requireRows(method: string): void {
    if (this.#count === 0) throw new RangeError(`Moments.${method}: no rows yet`);
  }
}

/** Subtracts the mean row from each; gives it. */
function centre(rows: Float64Array, width: number): Float64Array {
  const count = rows.length / width;
  // About the first row, so that equal rows have it for their exact mean.
  const first = rows.slice(0, width);
  const mean = new Float64Array(width);
  for (let start = 0; start < rows.length; start += width)
    for (let j = 0; j < width; j++) {
      const value = (rows[start + j] as number) - (first[j] as number);
      rows[start + j] = value;
      mean[j] = (mean[j] as number) + value;
    }
  for (let j = 0; j < width; j++) mean[j] = (mean[j] as number) / count;
  for (let start = 0; start < rows.length; start += width)
    for (let j = 0; j < width; j++) rows[start + j] = (rows[start + j] as number) - (mean[j] as number);
  return mean.map((value, j) => value + (first[j] as number));
}
