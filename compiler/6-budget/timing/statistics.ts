import type { Round } from './page.ts';

/** Consecutive rounds of one page: noise of a busy machine lasts, so that neighbours are not independent. */
export type Block = readonly Round[];

const roundsPerBlock = 10;
/** A block beside which the calibration kernel took this much longer than beside the best is set aside. */
export const disturbedFrom = 1.25;
/** With more than this set aside the machine is busy. */
const busyFrom = 0.5;
const resamples = 1000;

export interface Sampled {
  /** those that count */
  readonly blocks: readonly Block[];
  /** share of all blocks that were set aside, 0..1 */
  readonly disturbed: number;
  readonly isBusy: boolean;
  /** what the calibration kernel did beside the best block: float32 multiply-adds per second */
  readonly best: number;
  /** the same beside those that count: the median */
  readonly usual: number;
  /** of those that count, by the statistic of profiles: the best tenth */
  readonly rates: {
    /** multiply-adds per second */
    readonly float: number;
    readonly integer: number;
    /** bytes of wasm compiled per second, after cold starts */
    readonly compile: number;
  };
}

/** What else a device does only slows a rate down. */
export const bestTenth = 0.9;

/**
 * Blocks of the pages' rounds without those that something else disturbed, which only the calibration kernel decides, never
 * the bundle's own time.
 */
export function sampleRounds(pages: readonly (readonly Round[])[]): Sampled {
  const all = pages.flatMap((rounds) => blocksOf(rounds));
  const medians = all.map((block) =>
    quantile(
      block.map(({ float }) => float),
      0.5,
    ),
  );
  const best = Math.max(...medians);
  const calm = all.filter((_, i) => (medians[i] ?? 0) * disturbedFrom >= best);
  const disturbed = all.length === 0 ? 0 : 1 - calm.length / all.length;
  const isBusy = disturbed > busyFrom;
  const blocks = isBusy ? all : calm;
  const rateOf = (name: 'float' | 'integer' | 'compile', q: number): number =>
    quantile(
      blocks.flatMap((block) => block.map((round) => round[name])),
      q,
    );
  const rates = {
    float: rateOf('float', bestTenth),
    integer: rateOf('integer', bestTenth),
    compile: rateOf('compile', bestTenth),
  };
  return { blocks, disturbed, isBusy, best, usual: rateOf('float', 0.5), rates };
}

/** Rounds left over join the last block. */
function blocksOf(rounds: readonly Round[]): Block[] {
  const count = Math.max(1, Math.floor(rounds.length / roundsPerBlock));
  return Array.from({ length: count }, (_, i) =>
    rounds.slice(i * roundsPerBlock, i === count - 1 ? undefined : (i + 1) * roundsPerBlock),
  );
}

export interface Interval {
  readonly value: number;
  /** 95 % */
  readonly interval: readonly [low: number, high: number];
}

/**
 * A quantile of the times, and its confidence interval by the block bootstrap (Künsch 1989): blocks are drawn with replacement,
 * by a seed that is the same each time.
 */
export function quantileOf(blocks: readonly Block[], q: number): Interval {
  const times = blocks.map((block) => block.map(({ ms }) => ms));
  const value = quantile(times.flat(), q);
  let state = 2463534242;
  const draw = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % times.length;
  };
  const found = Array.from({ length: resamples }, () =>
    quantile(
      times.flatMap(() => times[draw()] ?? []),
      q,
    ),
  );
  return { value, interval: [quantile(found, 0.025), quantile(found, 0.975)] };
}

/** Nearest rank. @param q 0..1 */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = Float64Array.from(samples).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}
