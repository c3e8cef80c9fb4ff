import { describe, expect, test } from 'vitest';
import { type DataPort, ignoredLabel } from '../../compiler/data/data-set.ts';
import { openData } from '../../compiler/data/open.ts';
import { makeFolder } from './files.ts';

const { write, path } = makeFolder();
const port = (name: string, length: number, dtype: DataPort['dtype'] = 'int64'): DataPort => ({
  name,
  dtype,
  shape: [1, length],
});
const lines = (...values: unknown[]) => values.map((value) => JSON.stringify(value)).join('\n');

async function idsOf(text: string, tokenizer: string, length: number, query = '') {
  const file = write('t.jsonl', lines({ text }));
  const data = await openData(`${file}?tokenizer=${tokenizer}${query}`, [port('input_ids', length)]);
  return Array.from(data.feedsOf(0).input_ids!, Number);
}

const special = (content: string, id: number) => ({
  id,
  content,
  special: true,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
});

describe('a tokenizer', () => {
  const bert = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'the', 'play', '##ing', '##er', 'cat', ',', '!'];

  test('a vocabulary of BERT: lower case, punctuation, pieces, unknown words, padding', async () => {
    write('vocab.txt', `${bert.join('\n')}\n`);
    expect(await idsOf('The PLAYING cat, zebra!', 'vocab.txt', 12)).toEqual([2, 4, 5, 6, 8, 9, 1, 10, 3, 0, 0, 0]);
  });

  test('the text is cut, not what stands around it', async () => {
    expect(await idsOf('the playing cat player', 'vocab.txt', 5)).toEqual([2, 4, 5, 6, 3]);
    expect(await idsOf('the playing cat player', 'vocab.txt', 6, '&maxLength=4')).toEqual([2, 4, 5, 3, 0, 0]);
  });

  test('a vocabulary of words; empty lines count', async () => {
    write('words.txt', '<pad>\n<unk>\n\nhello\nWorld');
    expect(await idsOf('hello World mars', 'words.txt', 4)).toEqual([3, 4, 1, 0]);
  });

  test('tokenizer.json: WordLevel', async () => {
    const model = { type: 'WordLevel', vocab: { '[UNK]': 0, a: 1, b: 2, '.': 3 }, unk_token: '[UNK]' };
    write(
      'level.json',
      JSON.stringify({ normalizer: { type: 'Lowercase' }, pre_tokenizer: { type: 'Whitespace' }, model }),
    );
    expect(await idsOf('A b. c', 'level.json', 4)).toEqual([1, 2, 3, 0]);
  });

  test('tokenizer.json: WordPiece with a template, accents stripped, padding by its id', async () => {
    const vocab = Object.fromEntries(
      ['[UNK]', '[CLS]', '[SEP]', 'un', '##able', 'cafe', '[PAD]'].map((t, i) => [t, i]),
    );
    const item = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
    write(
      'piece.json',
      JSON.stringify({
        added_tokens: [special('[CLS]', 1), special('[SEP]', 2)],
        normalizer: {
          type: 'BertNormalizer',
          clean_text: true,
          handle_chinese_chars: true,
          strip_accents: null,
          lowercase: true,
        },
        pre_tokenizer: { type: 'BertPreTokenizer' },
        post_processor: {
          type: 'TemplateProcessing',
          single: [item('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, item('[SEP]')],
          pair: [],
          special_tokens: {
            '[CLS]': { id: '[CLS]', ids: [1], tokens: ['[CLS]'] },
            '[SEP]': { id: '[SEP]', ids: [2], tokens: ['[SEP]'] },
          },
        },
        padding: { pad_id: 6 },
        model: {
          type: 'WordPiece',
          unk_token: '[UNK]',
          continuing_subword_prefix: '##',
          max_input_chars_per_word: 100,
          vocab,
        },
      }),
    );
    expect(await idsOf('Unable Café', 'piece.json', 7)).toEqual([1, 3, 4, 5, 2, 6, 6]);
  });

  test('tokenizer.json: byte-level BPE, merges in their order', async () => {
    const tokens = ['h', 'e', 'l', 'o', 'Ġ', 'he', 'll', 'hell', 'hello', 'Ġhe', 'Ã', '©'];
    write(
      'bpe.json',
      JSON.stringify({
        added_tokens: [special('<pad>', 12)],
        pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
        model: {
          type: 'BPE',
          vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
          merges: ['h e', 'l l', 'he ll', 'hell o', 'Ġ he'],
          continuing_subword_prefix: '',
          end_of_word_suffix: '',
        },
      }),
    );
    // "Ġ he" comes after "he ll", so that " hello" is Ġ + hello; " he" is one token; é is two bytes.
    expect(await idsOf('hello hello he é', 'bpe.json', 8)).toEqual([8, 4, 8, 9, 4, 10, 11, 12]);
  });

  test('one that is none', async () => {
    write('none.json', '{ "model": {} }');
    await expect(
      idsOf('a', 'none.json', 2),
    ).rejects.toThrow(`LCC7019: The tokenizer cannot be used: it has no model with a vocabulary.
  at ${path('none.json')}
  Next: Name the tokenizer.json, or the vocabulary, that the model was trained with.`);
    write('broken.json', '{ "model": ');
    await expect(idsOf('a', 'broken.json', 2)).rejects.toThrow('LCC7019');
    write('empty.txt', '');
    await expect(idsOf('a', 'empty.txt', 2)).rejects.toThrow('it is empty');
    write('closed.txt', 'a\nb');
    await expect(idsOf('a c', 'closed.txt', 2)).rejects.toThrow(
      'it has no token, and none for unknown words, for "a c"',
    );
    await expect(idsOf('a', 'missing.json', 2)).rejects.toThrow('LCC7001');
  });
});

describe('JSON lines', () => {
  const ports = [port('a', 2, 'float32'), port('b', 1, 'int32')];

  test('inputs by name, nested or not, and labels', async () => {
    const file = write('n.jsonl', `${lines({ a: [[1], [2]], b: 5, label: 1 }, { b: [6], a: [3, 4], label: 0 })}\n\n`);
    const data = await openData(file, ports);
    expect(data.feedsOf(1)).toEqual({ a: Float32Array.of(3, 4), b: Int32Array.of(6) });
    expect(data.labels?.values).toEqual(Int32Array.of(1, 0));
  });

  test.each<[unknown[], object]>([
    [['pos', 'neg'], { kind: 'class', values: Int32Array.of(1, 0), width: 1, names: ['neg', 'pos'] }],
    [
      [
        [0.5, 1],
        [2, 3],
      ],
      { kind: 'value', values: Float32Array.of(0.5, 1, 2, 3), width: 2 },
    ],
  ])('labels %j', async (labels, expected) => {
    const file = write('l.jsonl', lines(...labels.map((label) => ({ a: [1, 2], b: 3, label }))));
    expect((await openData(file, ports)).labels).toEqual(expected);
  });

  test('masks, segments and positions for the inputs named so', async () => {
    write('vocab.txt', '[PAD]\n[UNK]\n[CLS]\n[SEP]\nhi');
    const file = write('m.jsonl', lines({ text: 'hi', label: 3 }));
    const names = ['input_ids', 'attention_mask', 'token_type_ids', 'position_ids'];
    const data = await openData(
      file,
      names.map((name) => port(name, 5, 'int32')),
      { tokenizer: 'vocab.txt' },
    );
    expect(data.feedsOf(0)).toEqual({
      input_ids: Int32Array.of(2, 4, 3, 0, 0),
      attention_mask: Int32Array.of(1, 1, 1, 0, 0),
      token_type_ids: Int32Array.of(0, 0, 0, 0, 0),
      position_ids: Int32Array.of(0, 1, 2, 3, 4),
    });
  });

  test('labels=next: the token after each', async () => {
    const data = await openData(`${write('m.jsonl', lines({ text: 'hi hi' }))}?tokenizer=vocab.txt&labels=next`, [
      port('ids', 5),
    ]);
    expect(data.labels).toMatchObject({
      kind: 'class',
      values: Int32Array.of(4, 4, 3, ignoredLabel, ignoredLabel),
      width: 5,
    });
  });

  const refused = (text: string, query = '', to: readonly DataPort[] = ports) =>
    openData(`${write('r.jsonl', text)}${query}`, to).then(
      () => 'accepted',
      (error: Error) => error.message.replaceAll(`${path('')}/`, ''),
    );

  test('text without a tokenizer', async () => {
    expect(await refused(lines({ text: 'a' }))).toBe(`LCC7018: The data is text, and no tokenizer is named.
  at r.jsonl
  Next: Add tokenizer=tokenizer.json, or a vocabulary with one token on each line, such as vocab.txt, from the model's own folder.`);
  });

  test('a text that gives no label to any position', async () => {
    write('plain.txt', '<unk>\na');
    expect(await refused(lines({ text: 'a' }), '?tokenizer=plain.txt&labels=next', [port('ids', 3)])).toContain(
      'LCC7014: The label of sample 0 is not there at any position.',
    );
  });

  test.each([
    ['{"a": 1', 'LCC7002: The data cannot be read: line 1:'],
    ['[1]', 'LCC7002: The data cannot be read: line 1 is not an object.'],
    [lines({ a: [1, 2] }), 'LCC7006: The data has nothing for the model\'s input "b".\n  at r.jsonl, sample 0'],
    [lines({ a: [1, null], b: 1 }), '"a" is not a list of numbers'],
    [
      lines({ a: [1, 2], b: 1, label: 1 }, { a: [1, 2], b: 1 }),
      'LCC7014: The label of sample 1 is not a number, a name or a list',
    ],
    [
      lines({ a: [1, 2], b: 1, label: 1 }, { a: [1, 2], b: 1, label: [1, 2] }),
      'LCC7014: The label of sample 1 is not 1 value, as the first.',
    ],
  ])('%s', async (text, message) => {
    expect(await refused(text)).toContain(message);
  });
});

test('a table of text', async () => {
  write('words.txt', '<pad>\n<unk>\ngood\nbad');
  const file = write('s.tsv', 'bad " day\t0\ngood\t1\n');
  const data = await openData(`${file}?tokenizer=words.txt`, [port('ids', 4)]);
  expect(data.feedsOf(0).ids).toEqual(BigInt64Array.of(3n, 1n, 1n, 0n));
  expect(data.labels?.values).toEqual(Int32Array.of(0, 1));
  const named = write('n.csv', 'text,label\n"good, bad",1\n');
  expect((await openData(`${named}?tokenizer=words.txt`, [port('ids', 2)])).size).toBe(1);
});
