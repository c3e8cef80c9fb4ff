export interface Vocabulary {
  readonly padding: number;
  has(word: string): boolean;
  /** The number of a word, or that of `<unk>`. */
  idOf(word: string): number;
}

/** One token on each line; a token's number is its line, from 0. Throws without `<pad>` and `<unk>`. */
export function parseVocabulary(text: string): Vocabulary {
  const ids = new Map(
    text
      .trimEnd()
      .split('\n')
      .map((token, id) => [token, id]),
  );
  const padding = ids.get('<pad>');
  const unknown = ids.get('<unk>');
  if (padding === undefined || unknown === undefined) throw new Error('the vocabulary has no <pad> or no <unk>');
  return { padding, has: (word) => ids.has(word), idOf: (word) => ids.get(word) ?? unknown };
}
