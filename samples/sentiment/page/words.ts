/** An apostrophe before a word that does not begin with one, as `'em` and `'s` do. */
const openingQuote = /(^|\s)'(?=[a-z])(?!(?:s|m|re|ve|ll|d|em|til|n)\b)/g;

/** In turn: double quotes, marks, what begins with an apostrophe, a word before `n't`, `n't`, a word, a lone apostrophe. */
const word =
  /``|''|[`,?!]|'(?:s|m|re|ve|ll|d|em|til|n)\b|'\d+s?\b|[a-z0-9]+?(?=n't\b)|n't\b|[a-z0-9]+(?:'(?!(?:s|m|re|ve|ll|d)\b)[a-z0-9]+)*|'/g;

/**
 * A text as SST-2 has its sentences: lower case, contractions apart (`do n't`, `it 's`), quotes as `` ` `` and `'`, single
 * or double, and commas, question and exclamation marks as words. The data has no other character: there they are spaces.
 */
export function wordsOf(text: string): string[] {
  const plain = text
    .toLowerCase()
    .replace(/‘/g, '`')
    .replace(/’/g, "'")
    .replace(/(^|[^a-z0-9,.?!'"])"(?=\S)/g, '$1 `` ')
    .replace(/“/g, ' `` ')
    .replace(/[”"]/g, " '' ")
    .replace(/[^a-z0-9'`,?!]/g, ' ')
    .replace(/\bcannot\b/g, 'can not')
    .replace(openingQuote, '$1`');
  return plain.match(word) ?? [];
}
