/** A reproducible source of choices. */
export interface Random {
  /** in [0, 1) */
  real(): number;
  /** a whole number in [low, high] */
  int(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** values in [low, high), float32 exact */
  reals(count: number, low?: number, high?: number): Float32Array;
  shuffle<T>(from: readonly T[]): T[];
}

/** mulberry32. */
export function makeRandom(seed: number): Random {
  let a = seed | 0;
  const real = (): number => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const int = (low: number, high: number): number => low + Math.floor(real() * (high - low + 1));
  return {
    real,
    int,
    chance: (probability) => real() < probability,
    pick: (from) => from[int(0, from.length - 1)]!,
    reals: (count, low = -1, high = 1) => Float32Array.from({ length: count }, () => low + (high - low) * real()),
    shuffle: (from) => {
      const all = [...from];
      for (let i = all.length - 1; i > 0; i--) {
        const j = int(0, i);
        [all[i], all[j]] = [all[j]!, all[i]!];
      }
      return all;
    },
  };
}
