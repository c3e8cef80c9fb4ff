import { bug } from '../diagnostics/index.ts';
import { type Matrix, makeMatrix } from '../linalg/matrix.ts';
import { gram, multiply, multiplyTransposed, transposedMultiply } from '../linalg/multiply.ts';

/** What some readers see of the units, and how much of it counts for them. */
export interface View {
  /** unit of each feature, no unit twice */
  readonly units: readonly number[];
  /** C [P, P] of the features: their covariance, or second moment where no constant may replace a feature */
  readonly spread: Matrix;
  /** M [P, P]: sum of W' W over the readers and their taps */
  readonly weight: Matrix;
}

/** Units in the order they are worth keeping. */
export interface Selection {
  readonly order: readonly number[];
  /** at each width asked for: sum over views of trace(M C) of what the best linear map of the kept units leaves over */
  readonly residuals: ReadonlyMap<number, number>;
}

/** Features with less than this share of their own variance left are linear combinations of those before. */
const spent = 1e-10;

/**
 * Greedy column subset selection, weighted by what the readers make of the columns. With C what is left of the spread
 * after the units kept so far, keeping i takes c_i c_i' / C_ii away from it (c_i its column i) and lowers the readers'
 * error trace(M C) by
 *
 *     gain_i = (C M C)_ii / C_ii.
 *
 * Both follow in O(P^2) per step, so that one sweep of O(P^3) gives every width. With `order` the units are taken in
 * that order instead of by gain.
 */
export function selectUnits(
  width: number,
  views: readonly View[],
  widths: readonly number[],
  order?: readonly number[],
): Selection {
  const sweeps = views.map((view) => new Sweep(view, width));
  const chosen: number[] = [];
  const isChosen = new Array<boolean>(width).fill(false);
  const residuals = new Map<number, number>();
  const last = Math.max(0, ...widths);
  const measure = (): void => {
    if (widths.includes(chosen.length))
      residuals.set(
        chosen.length,
        sweeps.reduce((sum, sweep) => sum + sweep.residual(), 0),
      );
  };
  measure();
  while (chosen.length < last) {
    const next = order ? order[chosen.length] : mostGain(sweeps, isChosen);
    if (next === undefined || isChosen[next] !== false) throw bug(`unit ${next} cannot be kept next`);
    isChosen[next] = true;
    chosen.push(next);
    for (const sweep of sweeps) sweep.take(next);
    measure();
  }
  const others = Array.from(isChosen.keys()).filter((unit) => !isChosen[unit]);
  return { order: [...chosen, ...others], residuals };
}

/** The first of those with the largest gain. */
function mostGain(sweeps: readonly Sweep[], isChosen: readonly boolean[]): number | undefined {
  let best: number | undefined;
  let most = Number.NEGATIVE_INFINITY;
  isChosen.forEach((isOut, unit) => {
    if (isOut) return;
    const gain = sweeps.reduce((sum, sweep) => sum + sweep.gain(unit), 0);
    if (gain > most) [best, most] = [unit, gain];
  });
  return best;
}

/** Steps between updates of whole matrices. */
const blockSteps = 64;

/**
 * One view's C as units are taken from it: C - sum of l l' over the steps since the last update, l = c_i / sqrt(C_ii). With
 * C M and C M C at hand too, a step needs only products of a few columns; the matrices follow every 64 steps by GEMM.
 */
class Sweep {
  readonly #size: number;
  readonly #features: readonly number[];
  readonly #weight: Matrix;
  /** C, C M and C M C at the last update */
  #left: Matrix;
  #half: Matrix;
  #seen: Matrix;
  /** trace(M C) at the last update */
  #trace: number;
  /** l, M l and C M l of the steps since, C as at the last update */
  #steps: { readonly l: Float64Array; readonly ml: Float64Array; readonly cml: Float64Array }[] = [];
  /** diagonals of C and C M C now */
  readonly #variances: Float64Array;
  readonly #gains: Float64Array;
  /** C_ii below which a feature is spent */
  readonly #floor: Float64Array;

  constructor({ units, spread, weight }: View, width: number) {
    const features = new Array<number>(width).fill(-1);
    units.forEach((unit, feature) => {
      features[unit] = feature;
    });
    this.#size = units.length;
    this.#features = features;
    this.#weight = weight;
    this.#left = spread;
    this.#half = multiply(spread, weight);
    this.#seen = multiply(this.#half, spread);
    this.#trace = dot(weight.data, spread.data);
    this.#variances = diagonal(spread);
    this.#gains = diagonal(this.#seen);
    this.#floor = this.#variances.map((variance) => spent * variance);
  }

  gain(unit: number): number {
    const i = this.#live(unit);
    return i < 0 ? 0 : (this.#gains[i] ?? 0) / (this.#variances[i] ?? 1);
  }

  /** Position of a unit's feature while anything of it is left, else -1. */
  #live(unit: number): number {
    const i = this.#features[unit] ?? -1;
    return i >= 0 && (this.#variances[i] ?? 0) > (this.#floor[i] ?? 0) ? i : -1;
  }

  /**
   * With v = column i of C now, p = v_i, u = C M v and s = v' M v: C_jj <- C_jj - v_j^2 / p, and the diagonal of C M C
   * becomes d_j - 2 v_j u_j / p + v_j^2 s / p^2.
   */
  take(unit: number): void {
    const i = this.#live(unit);
    if (i < 0) return;
    const v = rowOf(this.#left, i);
    const mv = rowOf(this.#half, i);
    const cmv = rowOf(this.#seen, i);
    for (const { l, ml, cml } of this.#steps) {
      const share = l[i] ?? 0;
      subtract(v, share, l);
      subtract(mv, share, ml);
      subtract(cmv, share, cml);
    }
    const p = v[i] ?? 0;
    if (p > (this.#floor[i] ?? 0)) {
      const u = cmv.slice();
      for (const { l } of this.#steps) subtract(u, dot(l, mv), l);
      const s = dot(v, mv);
      for (let j = 0; j < this.#size; j++) {
        const share = (v[j] ?? 0) / p;
        this.#variances[j] = (this.#variances[j] ?? 0) - share * (v[j] ?? 0);
        this.#gains[j] = Math.max(0, (this.#gains[j] ?? 0) - 2 * share * (u[j] ?? 0) + share * share * s);
      }
      const root = Math.sqrt(p);
      const scaled = (column: Float64Array): Float64Array => column.map((value) => value / root);
      this.#steps.push({ l: scaled(v), ml: scaled(mv), cml: scaled(cmv) });
      if (this.#steps.length === blockSteps) this.#update();
    }
    this.#variances[i] = 0;
  }

  /**
   * With L the columns l: C <- C - L L', C M <- C M - L (M L)', and with Y = C M L - L (L' M L) / 2
   * C M C <- C M C - Y L' - L Y'.
   */
  #update(): void {
    const { length } = this.#steps;
    const stack = (columns: readonly Float64Array[]): Matrix => {
      const rows = makeMatrix(columns.length, this.#size);
      columns.forEach((column, at) => {
        rows.data.set(column, at * this.#size);
      });
      return rows;
    };
    const columns = this.#steps.map(({ l }) => l);
    const l = stack(columns);
    const ml = stack(this.#steps.map((step) => step.ml));
    const inner = multiplyTransposed(l, ml);
    const y = this.#steps.map(({ cml }, a) => {
      const column = cml.slice();
      for (let b = 0; b < length; b++) subtract(column, (inner.data[b * length + a] ?? 0) / 2, columns[b] ?? column);
      return column;
    });
    this.#left = difference(this.#left, gram(l));
    this.#half = difference(this.#half, transposedMultiply(l, ml));
    this.#seen = difference(this.#seen, transposedMultiply(stack([...y, ...columns]), stack([...columns, ...y])));
    this.#trace = dot(this.#weight.data, this.#left.data);
    this.#steps = [];
  }

  /** trace(M C) */
  residual(): number {
    return Math.max(
      0,
      this.#steps.reduce((trace, { l, ml }) => trace - dot(l, ml), this.#trace),
    );
  }
}

const rowOf = ({ columns, data }: Matrix, row: number): Float64Array => data.slice(row * columns, (row + 1) * columns);

const diagonal = ({ rows, columns, data }: Matrix): Float64Array =>
  Float64Array.from({ length: rows }, (_, i) => data[i * columns + i] ?? 0);

/** a - b */
const difference = (a: Matrix, b: Matrix): Matrix => {
  const data = a.data.slice();
  subtract(data, 1, b.data);
  return { ...a, data };
};

/** a <- a - by b */
function subtract(a: Float64Array, by: number, b: Float64Array): void {
  for (let i = 0; i < a.length; i++) a[i] = (a[i] as number) - by * (b[i] as number);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
