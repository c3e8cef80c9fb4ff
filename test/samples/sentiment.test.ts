import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import { explain, longest, probabilityOf, type Run, tokensOf } from '../../samples/sentiment/page/explain.ts';
import { parseVocabulary } from '../../samples/sentiment/page/vocabulary.ts';
import { wordsOf } from '../../samples/sentiment/page/words.ts';
import { sharedFolder } from '../harness/shared.ts';
import { repository } from '../harness/source-imports.ts';

const sample = join(repository, 'samples/sentiment');
const shared = sharedFolder();
const vocabulary = parseVocabulary(readFileSync(join(sample, 'vocabulary.txt'), 'utf8'));

describe('texts become words as SST-2 has them', () => {
  test.each([
    ["It's good, isn't it?", "it 's good , is n't it ?"],
    ["I can't, won't and cannot; they've HAD it!", "i ca n't , wo n't and can not they 've had it !"],
    ['A film-culture (of sorts)... at 3:10', 'a film culture of sorts at 3 10'],
    ['“Sade” and "Quills", ("both")', "`` sade '' and `` quills '' , `` both ''"],
    ["the ‘blundering’ style, 'vain' clones' last", "the ` blundering ' style , ` vain ' clones ' last"],
    ["O'Fallon's '70s hits: kill 'em all", "o'fallon 's '70s hits kill 'em all"],
    ['a crème brûlée cliché', 'a cr me br l e clich'],
    ['  \n', ''],
  ])('%s', (text, words) => expect(wordsOf(text).join(' ')).toBe(words));

  test.skipIf(shared === undefined)('the sentences of the data stay what they are', () => {
    const sentences = testSentences().map(({ sentence }) => sentence);
    const changed = sentences.filter((sentence) => wordsOf(sentence).join(' ') !== sentence);
    expect(sentences).toHaveLength(1821);
    // What is left are spellings of single sentences: `ol'`, `'n'`, `!?`.
    expect(changed.length).toBeLessThanOrEqual(4);
  });
});

test('a vocabulary numbers its lines from 0, and other words as <unk>', () => {
  const { padding, idOf, has } = parseVocabulary('<pad>\n<unk>\ngood\nbad\n');
  expect([padding, idOf('good'), idOf('bad'), idOf('zyzzyvan')]).toEqual([0, 2, 3, 1]);
  expect([has('bad'), has('zyzzyvan')]).toEqual([true, false]);
  expect(() => parseVocabulary('good\nbad\n')).toThrow('the vocabulary has no <pad> or no <unk>');
});

describe('the compiled model', () => {
  let run: Run;
  beforeAll(async () => {
    const bundle = await compile(join(sample, 'model.onnx'), { target: 'mobile-wasm' });
    const model = await bundle.load();
    run = async (tokens) => Array.from((await model.run({ tokens })).logits ?? [], Number);
  });

  const read = (text: string) => explain(wordsOf(text), vocabulary, run);
  const partOf = async (text: string, word: string): Promise<number> =>
    (await read(text)).parts.find((part) => part.word === word)?.adds ?? Number.NaN;

  test.each([
    ['A warm, funny film that finds its heart.', true],
    ['One of the best, most moving films of the year.', true],
    ["It's a dull, lifeless mess.", false],
    ['The jokes fall flat and the plot is thin.', false],
  ])('%s', async (text, isPositive) => {
    const probability = probabilityOf((await read(text)).logOdds);
    expect(isPositive ? probability : 1 - probability).toBeGreaterThan(0.9);
  });

  test('words that praise add, words that blame take', async () => {
    expect(await partOf('a warm and moving but slow film', 'moving')).toBeGreaterThan(0.3);
    expect(await partOf('a warm and dull film', 'dull')).toBeLessThan(-0.3);
  });

  test('what the words add makes the answer, in texts longer than the model reads too', async () => {
    const long = Array.from({ length: 30 }, (_, i) => `warm dull thing${i}`).join(' ');
    for (const text of ['Not a good film.', 'dull', long, '']) {
      const { start, parts, logOdds } = await read(text);
      expect(parts).toHaveLength(Math.min(wordsOf(text).length, longest));
      expect(parts.reduce((sum, { adds }) => sum + adds, start)).toBeCloseTo(logOdds, 4);
    }
  });

  test('another word in its place changes the answer by the difference of their parts', async () => {
    const words = wordsOf('a warm and zyzzyvan film');
    const { parts } = await explain(words, vocabulary, run);
    const other = await explain(words.with(1, 'dull'), vocabulary, run);
    const whole = await read('a warm and zyzzyvan film');
    const changed = (other.parts[1]?.adds ?? Number.NaN) - (parts[1]?.adds ?? Number.NaN);
    expect(other.logOdds - whole.logOdds).toBeCloseTo(changed, 4);
    expect(parts.map(({ isKnown }) => isKnown)).toEqual([true, true, true, false, true]);
  });

  test.skipIf(shared === undefined)('the page reads as well as was measured', async () => {
    const { correct } = JSON.parse(readFileSync(join(sample, 'accuracy.json'), 'utf8'));
    let found = 0;
    for (const { sentence, label } of testSentences()) {
      const [negative = Number.NaN, positive = Number.NaN] = Array.from(
        await run(tokensOf(wordsOf(sentence), vocabulary)),
      );
      if (Number(positive > negative) === label) found++;
    }
    expect(Math.abs(found - correct)).toBeLessThanOrEqual(3);
  });
});

function testSentences(): { readonly sentence: string; readonly label: number }[] {
  return readFileSync(join(shared ?? '', 'data/sst2/test.tsv'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [sentence = '', label] = line.split('\t');
      return { sentence, label: Number(label) };
    });
}
