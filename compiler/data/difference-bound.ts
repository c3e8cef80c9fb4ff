/** What 90 % confidence says of a mean difference, one-sided. */
export interface DifferenceBound {
  /** mean of a - b */
  readonly mean: number;
  /** the mean difference of all data is at most this, with 90 % confidence */
  readonly bound: number;
  readonly method: 'paired shares' | 'normal';
}

/** Normal quantile at 0.9. */
const z = 1.2815515655446004;

/**
 * Upper bound of the mean of a - b over all data, from paired scores of the same samples: a the original's, b the
 * candidate's, so that it bounds the loss (swap them where lower is better).
 *
 * Scores of 0 and 1 only: the score interval for the difference of paired shares (Tango, Statistics in Medicine 17,
 * 1998, 891-908), which holds for few or no changes, too. Where no sample got better the loss cannot be more than
 * the share that got worse, and the exact binomial bound of that (Clopper and Pearson, Biometrika 26, 1934, 404-413)
 * is used where it is higher. Other scores: mean + z s / sqrt(n), s the standard deviation of a - b.
 * Without any sample, with one such score, or where a difference is not finite: Infinity. @throws RangeError for unequal lengths
 */
export function differenceBound(a: ArrayLike<number>, b: ArrayLike<number>): DifferenceBound {
  const n = a.length;
  if (b.length !== n) throw new RangeError(`${n} scores against ${b.length}`);
  const differences = Float64Array.from({ length: n }, (_, i) => (a[i] ?? 0) - (b[i] ?? 0));
  const mean = differences.reduce((sum, d) => sum + d, 0) / n;
  const isShare = [a, b].every((scores) => Array.prototype.every.call(scores, (s: number) => s === 0 || s === 1));
  if (isShare && n > 0) {
    const worse = differences.filter((d) => d > 0).length;
    const better = differences.filter((d) => d < 0).length;
    return { mean, bound: shareBound(worse, better, n), method: 'paired shares' };
  }
  const isKnown = n > 1 && Number.isFinite(mean);
  const variance = differences.reduce((sum, d) => sum + (d - mean) ** 2, 0) / (n - 1);
  return { mean, bound: isKnown ? mean + z * Math.sqrt(variance / n) : Infinity, method: 'normal' };
}

function shareBound(worse: number, better: number, n: number): number {
  const tango = tangoBound(worse, better, n);
  return better === 0 ? Math.max(tango, clopperPearson(worse, n)) : tango;
}

/**
 * The difference d at which (w - b - n d) / sqrt(n (2 q + d (1 - d))) falls to -z, q the share of "better" that is
 * most likely under d: the larger root of 2 n q^2 - (w + b - (2 n - w + b) d) q - b d (1 - d) = 0, from Tango (1998).
 */
function tangoBound(worse: number, better: number, n: number): number {
  const statistic = (d: number): number => {
    const B = -worse - better + (2 * n - worse + better) * d;
    const C = -better * d * (1 - d);
    const q = (Math.sqrt(Math.max(0, B * B - 8 * n * C)) - B) / (4 * n);
    return (worse - better - n * d) / Math.sqrt(n * (2 * q + d * (1 - d)));
  };
  return bisect((d) => statistic(d) < -z, (worse - better) / n, 1);
}

/** The share at which `count` or fewer of n have a probability of 10 %. */
function clopperPearson(count: number, n: number): number {
  if (count === n) return 1;
  return bisect((share) => binomialCdf(count, n, share) < 0.1, count / n, 1);
}

/** P(X <= count), X binomial; terms by their ratio, in logarithms. */
function binomialCdf(count: number, n: number, share: number): number {
  let term = n * Math.log1p(-share);
  let sum = Math.exp(term);
  for (let k = 1; k <= count; k++) {
    term += Math.log((n - k + 1) / k) + Math.log(share) - Math.log1p(-share);
    sum += Math.exp(term);
  }
  return sum;
}

/** Where `isBeyond` turns true between low and high, to full float64 width. */
function bisect(isBeyond: (x: number) => boolean, low: number, high: number): number {
  let [inside, outside] = [low, high];
  for (let step = 0; step < 100; step++) {
    const middle = (inside + outside) / 2;
    if (isBeyond(middle)) outside = middle;
    else inside = middle;
  }
  return outside;
}
