import { tokenizerInvalid } from '../diagnostics/data.ts';
import { decodeText, readBytes, reasonOf, resolveBeside } from './read-source.ts';

export interface Tokenizer {
  readonly padId: number;
  /** Ids of a text with the tokenizer's own special tokens, at most `limit`; the text is cut, not they. @throws LccError LCC7019 */
  encode(text: string, limit: number): number[];
}

/**
 * A Hugging Face tokenizer.json (WordLevel, WordPiece, BPE, Unigram; by @huggingface/tokenizers), or a vocabulary with
 * one token on each line: WordPiece as BERT has it where it holds [CLS], [SEP] and [UNK], else words as they stand.
 * @param given from the current folder, or beside the data
 * @throws LccError LCC7001, LCC7019
 */
export async function openTokenizer(data: string, given: string): Promise<Tokenizer> {
  const file = resolveBeside(data, given);
  const text = decodeText(readBytes(file), 'utf-8', file);
  const isJson = /^\s*\{/.test(text);
  const definition = isJson ? parseDefinition(text, file) : vocabularyDefinition(tokensOf(text), file);
  const { Tokenizer: Engine } = await import('@huggingface/tokenizers');
  try {
    // A word-level model takes its unknown token from the second argument.
    const engine = new Engine(definition, { unk_token: definition.model.unk_token });
    const ids = (given: string, special: boolean) => engine.encode(given, { add_special_tokens: special }).ids;
    const padName = ['[PAD]', '<pad>', '<|pad|>'].find((name) => engine.token_to_id(name) !== undefined);
    const padId = definition.padding?.pad_id ?? (padName === undefined ? 0 : (engine.token_to_id(padName) ?? 0));
    return { padId, encode: (one, limit) => cutIds(ids(one, false), ids(one, true), limit, one, file) };
  } catch (error) {
    throw tokenizerInvalid(file, reasonOf(error));
  }
}

/** Keeps what stands around the content, and as much of the content as then fits. */
function cutIds(
  content: readonly number[],
  whole: readonly number[],
  limit: number,
  text: string,
  file: string,
): number[] {
  if (whole.some((id) => !Number.isInteger(id))) {
    throw tokenizerInvalid(file, `it has no token, and none for unknown words, for "${text.slice(0, 60)}"`);
  }
  if (whole.length <= limit) return [...whole];
  const special = whole.length - content.length;
  const start = Array.from({ length: special + 1 }, (_, at) => at).find((at) =>
    content.every((id, i) => whole[at + i] === id),
  );
  if (start === undefined || special >= limit) return whole.slice(0, limit);
  return [...whole.slice(0, start), ...content.slice(0, limit - special), ...whole.slice(start + content.length)];
}

interface Definition {
  readonly model: { readonly type?: string; readonly unk_token?: string; readonly [key: string]: unknown };
  readonly padding?: { readonly pad_id?: number } | null;
  readonly [key: string]: unknown;
}

function parseDefinition(text: string, file: string): Definition {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw tokenizerInvalid(file, reasonOf(error));
  }
  if (!isDefinition(parsed)) throw tokenizerInvalid(file, 'it has no model with a vocabulary');
  return { added_tokens: [], normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, ...parsed };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const isDefinition = (value: unknown): value is Definition =>
  isRecord(value) && isRecord(value.model) && isRecord(value.model.vocab);

/** The line is the id: none is left out. */
const tokensOf = (text: string): string[] => text.replace(/\r?\n$/, '').split(/\r?\n/);

function vocabularyDefinition(tokens: readonly string[], file: string): Definition {
  if (tokens.every((token) => token === '')) throw tokenizerInvalid(file, 'it is empty');
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const vocab = Object.fromEntries(ids);
  const special = (name: string): readonly [string, number] | undefined => {
    const id = ids.get(name);
    return id === undefined ? undefined : [name, id];
  };
  const [first, last, unknown] = ['[CLS]', '[SEP]', '[UNK]'].map(special);
  const added = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '<pad>', '<unk>']
    .map(special)
    .filter((one) => one !== undefined);
  const base = {
    added_tokens: added.map(([content, id]) => ({
      id,
      content,
      special: true,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
    })),
    decoder: null,
  };
  if (first && last && unknown) {
    return {
      ...base,
      normalizer: {
        type: 'BertNormalizer',
        clean_text: true,
        handle_chinese_chars: true,
        strip_accents: null,
        lowercase: isLowerCase(tokens),
      },
      pre_tokenizer: { type: 'BertPreTokenizer' },
      post_processor: { type: 'BertProcessing', cls: first, sep: last },
      model: {
        type: 'WordPiece',
        unk_token: '[UNK]',
        continuing_subword_prefix: '##',
        max_input_chars_per_word: 100,
        vocab,
      },
    };
  }
  const unkToken = ['<unk>', '[UNK]', 'UNK', '<UNK>'].find((name) => ids.has(name));
  return {
    ...base,
    normalizer: isLowerCase(tokens) ? { type: 'Lowercase' } : null,
    pre_tokenizer: { type: 'WhitespaceSplit' },
    post_processor: null,
    model: { type: 'WordLevel', vocab, ...(unkToken === undefined ? {} : { unk_token: unkToken }) },
  };
}

/** No token but the special ones has a capital: the model was trained on lower case. */
const isLowerCase = (tokens: readonly string[]): boolean =>
  tokens.every((token) =>
    /^[[<]?[A-Z_]+[\]>]?$/.test(token) ? /^[[<]/.test(token) || token === 'UNK' : token === token.toLowerCase(),
  );
