import { describe, expect, test } from 'vitest';
import type { DataPort } from '../../compiler/data/data-set.ts';
import { openData } from '../../compiler/data/open.ts';
import { makeFolder } from './files.ts';

const { write, path } = makeFolder();
const port: DataPort = { name: 'x', dtype: 'float32', shape: [1, 2] };
const open = (text: string, query = '', name = 't.csv') => openData(`${write(name, text)}${query}`, [port]);
const refused = (text: string, query = '', name = 't.csv') =>
  open(text, query, name).then(
    () => 'accepted',
    (error: Error) => error.message.replaceAll(`${path('')}/`, ''),
  );

describe('a table', () => {
  test('without a header, the label last', async () => {
    const data = await open('1,2,0\n3,4.5,1\n');
    expect(data.size).toBe(2);
    expect(data.feedsOf(1).x).toEqual(Float32Array.of(3, 4.5));
    expect(data.labels).toEqual({ kind: 'class', values: Int32Array.of(0, 1), width: 1, names: undefined });
  });

  test('with a header, a byte order mark, quotes, spaces, other line ends and empty lines', async () => {
    const data = await open('\ufeff"first, of all";b;kind\r\n 1 ;2;"cat"\r\n\r\n3;4;dog\r\n');
    expect(data.size).toBe(2);
    expect(data.feedsOf(0).x).toEqual(Float32Array.of(1, 2));
    expect(data.labels).toEqual({ kind: 'class', values: Int32Array.of(0, 1), width: 1, names: ['cat', 'dog'] });
  });

  test('whose columns are all features has no label', async () => {
    expect((await open('1,2\n3,4\n')).labels).toBeUndefined();
  });

  test.each([['labelColumn=kind'], ['labelColumn=0'], ['labelColumn=-3'], ['labelColumn=kind&header=true']])(
    '%s',
    async (query) => {
      const data = await open('kind,a,b\n7,1,2\n8,3,4\n', `?${query}`);
      expect(data.feedsOf(1).x).toEqual(Float32Array.of(3, 4));
      expect(data.labels?.values).toEqual(Int32Array.of(7, 8));
    },
  );

  test('columns can be left out', async () => {
    const data = await open('id,a,b,y\nq,1,2,0.5\nr,3,4,2\n', '?ignore=id');
    expect(data.feedsOf(0).x).toEqual(Float32Array.of(1, 2));
    expect(data.labels).toEqual({ kind: 'value', values: Float32Array.of(0.5, 2), width: 1 });
  });

  test('whole numbers are quantities where labelType says so', async () => {
    expect((await open('1,2,30000\n', '?labelType=value')).labels).toEqual({
      kind: 'value',
      values: Float32Array.of(30000),
      width: 1,
    });
  });

  test('class names keep the order that classes gives', async () => {
    const data = await open('1,2,dog\n1,2,cat\n', '?classes=dog,cat,bird');
    expect(data.labels).toMatchObject({ values: Int32Array.of(0, 1), names: ['dog', 'cat', 'bird'] });
  });

  test('each column is scaled by its own mean', async () => {
    expect((await open('1,20,0\n', '?mean=1,10&std=1,5')).feedsOf(0).x).toEqual(Float32Array.of(0, 2));
  });

  test('of tabs holds quotes as they are', async () => {
    const data = await open('1\t2\t"a\n1\t2\tb\n', '', 't.tsv');
    expect(data.labels).toMatchObject({ names: ['"a', 'b'] });
  });
});

describe('what is refused', () => {
  test('an empty cell, and a word among numbers', async () => {
    expect(await refused('a,b,y\n1,2,0\n3,,1\n')).toBe(`LCC7016: Row 3 has no value in column b.
  at t.csv
  given: ""
  Next: Fill or remove the row, leave the column out with ignore=, or name the label column with labelColumn=.`);
    expect(await refused('1,2,0\n3,x,1\n')).toBe(`LCC7016: Row 2 has no number in column 1.
  at t.csv
  given: "x"
  Next: Fill or remove the row, leave the column out with ignore=, or name the label column with labelColumn=.`);
    expect(await refused('1,2,0\n3,nan,1\n')).toContain('LCC7016');
    expect(await refused('1,oops,0\n3,4,1\n')).toContain('LCC7016: Row 1 has no number in column 1.');
  });

  test('an unknown column', async () => {
    expect(await refused('a,b,y\n1,2,0\n', '?labelColumn=z')).toBe(`LCC7017: The table has no column z.
  at t.csv
  Next: Choose from a, b, y, or a position from 0.`);
    expect(await refused('a,b,y\n1,2,0\n', '?ignore=3')).toContain('LCC7017');
  });

  test('rows of different lengths, a broken encoding, nothing at all', async () => {
    expect(await refused('1,2,0\n3,4\n')).toContain('LCC7002: The data cannot be read: Invalid Record Length');
    expect(await refused('a,b,y\n')).toContain('LCC7011');
    expect(await refused('')).toContain('LCC7011');
    const file = write('latin.csv', Buffer.from([0x31, 0x2c, 0x32, 0x2c, 0xe9, 0x0a]));
    await expect(openData(file, [port])).rejects.toThrow('it is not utf-8 text; encoding=latin1 may be right.');
    expect((await openData(`${file}?encoding=latin1`, [port])).labels).toMatchObject({ names: ['é'] });
  });

  test('labels that are no class', async () => {
    expect(
      await refused('1,2,cat\n1,2,cow\n', '?classes=cat,dog'),
    ).toBe(`LCC7014: The label of sample 1 is not one of cat, dog.
  at t.csv
  given: cow
  Next: Correct the labels, or choose labelType=class or labelType=value.`);
    expect(await refused('1,2,0.5\n', '?labelType=class')).toContain('is not a whole number, as classes are.');
    expect(await refused('1,2,cat\n', '?labelType=value')).toContain('The label of sample 0 is not a number.');
    expect(await refused('1,2,a\n1,2,b\n', '?classes=1')).toContain('is not one of 1 classes, there are 2.');
    expect(await refused('1,2,1\n1,2,\n')).toContain('The label of sample 1 is not a class.');
  });
});
