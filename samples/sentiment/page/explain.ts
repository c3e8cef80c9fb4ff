import type { Vocabulary } from './vocabulary.ts';

/** How many tokens the model reads: what is behind them is not read. */
export const longest = 56;

/** The model: tokens int32 [1, 56] -> logits [1, 2], negative and positive. */
export type Run = (tokens: Int32Array) => Promise<ArrayLike<number>>;

export interface Part {
  readonly word: string;
  readonly isKnown: boolean;
  /** log-odds of "positive" that the word adds */
  readonly adds: number;
}

export interface Explanation {
  /** log-odds of "positive" for the whole text */
  readonly logOdds: number;
  /** those of a text without words */
  readonly start: number;
  /** one for each word that the model reads; `start` and what they add make `logOdds` */
  readonly parts: readonly Part[];
}

/** The first words as the model takes them, filled up with padding: int32 [1, 56]. */
export function tokensOf(words: readonly string[], vocabulary: Vocabulary): Int32Array {
  const tokens = new Int32Array(longest).fill(vocabulary.padding);
  tokens.set(words.slice(0, longest).map((word) => vocabulary.idOf(word)));
  return tokens;
}

/**
 * The model is linear in the mean of its words' vectors, d(text) = start + sum of w . v(word) / n, so each word's part is
 * exact, from a run of the word alone: (d(word) - start) / n.
 */
export async function explain(words: readonly string[], vocabulary: Vocabulary, run: Run): Promise<Explanation> {
  const logOddsOf = async (text: readonly string[]): Promise<number> => {
    const { 0: negative = Number.NaN, 1: positive = Number.NaN } = await run(tokensOf(text, vocabulary));
    return positive - negative;
  };
  const read = words.slice(0, longest);
  const start = await logOddsOf([]);
  const parts: Part[] = [];
  for (const word of read) {
    const adds = ((await logOddsOf([word])) - start) / read.length;
    parts.push({ word, isKnown: vocabulary.has(word), adds });
  }
  return { logOdds: await logOddsOf(read), start, parts };
}

/** Probability of "positive". */
export const probabilityOf = (logOdds: number): number => 1 / (1 + Math.exp(-logOdds));
