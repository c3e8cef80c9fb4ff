import { describe, expect, test } from 'vitest';
import { completeOptions, mergeOptions } from '../../compiler/data/options.ts';
import { parseSource } from '../../compiler/data/parse-source.ts';

const options = (query: string) => parseSource(`d?${query}`).options;

test('a path alone', () => {
  expect(parseSource('data.npz')).toEqual({ path: 'data.npz', options: {} });
});

test('a path with options', () => {
  expect(
    parseSource('mnist/train-images-idx3-ubyte.gz?scale=1/255&mean=0.1307&std=0.3081&limit=2000&offset=0'),
  ).toEqual({
    path: 'mnist/train-images-idx3-ubyte.gz',
    options: { preprocess: { scale: 1 / 255, mean: [0.1307], std: [0.3081] }, limit: 2000, offset: 0 },
  });
});

test.each([
  ['mean=0.485,0.456,0.406', { preprocess: { mean: [0.485, 0.456, 0.406] } }],
  ['layout=nhwc&colors=BGR', { preprocess: { layout: 'NHWC', colors: 'bgr' } }],
  ['size=256&crop=224x240', { preprocess: { size: 256, crop: [224, 240] } }],
  ['labels=y.txt&labelType=value', { labels: 'y.txt', labelType: 'value' }],
  ['classes=10', { classes: 10 }],
  ['classes=cat,dog', { classes: ['cat', 'dog'] }],
  ['delimiter=tab&header=false', { delimiter: '\t', header: false }],
  ['delimiter=%26', { delimiter: '&' }],
  ['delimiter=%', { delimiter: '%' }],
  ['labelColumn=-1&ignore=id,name', { labelColumn: '-1', ignore: ['id', 'name'] }],
  [
    'tokenizer=tokenizer.json&maxLength=64&encoding=latin1',
    { tokenizer: 'tokenizer.json', maxLength: 64, encoding: 'latin1' },
  ],
  ['rate=16000&input=x', { rate: 16000, input: 'x' }],
])('%s', (query, expected) => {
  expect(options(query)).toEqual(expected);
});

test('an unknown option', () => {
  expect(() => options('scales=2')).toThrow(`LCC7005: There is no data option "scales".
  Next: Choose from scale, mean, std, layout, colors, size, crop, labels, labelType, classes, input, limit, offset, delimiter, header, labelColumn, ignore, encoding, tokenizer, maxLength, rate.`);
  expect(() => options('toString=2')).toThrow('LCC7005');
});

test('a value that an option does not take', () => {
  expect(() => options('scale=1/0')).toThrow(`LCC7004: The data option scale takes a number such as 1/255.
  given: 1/0
  Next: Write scale as a number such as 1/255.`);
});

test.each([
  'scale=',
  'scale=1/2/3',
  'mean=1,,2',
  'mean=a',
  'size=10x',
  'layout=CHW',
  'header=yes',
  'labels=',
  'limit=all',
])('%s is refused', (query) => {
  expect(() => options(query)).toThrow('LCC7004');
});

describe('completing', () => {
  test('every option has its default', () => {
    expect(completeOptions({})).toEqual({
      preprocess: { scale: 1, mean: [0], std: [1] },
      offset: 0,
      encoding: 'utf-8',
      ignore: [],
    });
  });

  test.each([
    [{ limit: 0 }, 'limit takes a whole number above 0'],
    [{ limit: 1.5 }, 'limit takes a whole number above 0'],
    [{ offset: -1 }, 'offset takes a whole number from 0'],
    [{ maxLength: 0 }, 'maxLength takes a whole number above 0'],
    [{ classes: ['a', 'a'] }, 'classes takes a number of classes, or their different names in order'],
    [{ encoding: 'klingon' }, 'encoding takes the name of a text encoding, such as utf-8 or latin1'],
    [{ preprocess: { std: [1, 0] } }, 'std takes finite numbers other than 0'],
    [{ preprocess: { scale: Number.NaN } }, 'scale takes a finite number'],
    [{ preprocess: { mean: [] } }, 'mean takes finite numbers'],
    [{ preprocess: { crop: [0, 2] as const } }, 'crop takes a size such as 224 or 240x320'],
  ])('%j is refused', (given, text) => {
    expect(() => completeOptions(given)).toThrow(`LCC7004: The data option ${text}.`);
  });

  test('the later of two wins, option by option', () => {
    expect(
      mergeOptions({ limit: 1, offset: 2, preprocess: { scale: 2, size: 3 } }, { limit: 4, preprocess: { scale: 5 } }),
    ).toEqual({ limit: 4, offset: 2, preprocess: { scale: 5, size: 3 } });
  });
});
