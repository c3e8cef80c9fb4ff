/** The half of the rounds that took least, one at least: what else the machine does only ever adds time. */
export const quieterHalf = <Round>(rounds: readonly Round[], timeOf: (round: Round) => number): readonly Round[] =>
  [...rounds].sort((a, b) => timeOf(a) - timeOf(b)).slice(0, Math.ceil(rounds.length / 2));

export const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
export const meanOf = (values: readonly number[]): number => sumOf(values) / values.length;

/** Milliseconds to whole nanoseconds. */
export const toNanoseconds = (ms: number): number => Math.round(ms * 1e6) / 1e6;
