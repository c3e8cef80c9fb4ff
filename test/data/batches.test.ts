import { describe, expect, test } from 'vitest';
import type { DataModule } from '../../compiler/data/batches.ts';
import type { DataPort } from '../../compiler/data/data-set.ts';
import { openData } from '../../compiler/data/open.ts';
import { makeFolder } from './files.ts';

const { write, path } = makeFolder();
const port: DataPort = { name: 'x', dtype: 'float32', shape: [1, 2] };

test('a TypeScript module: an async generator', async () => {
  const file = write(
    'data.ts',
    `interface Batch { inputs: { x: Float32Array | number[][] }; labels: number[] }
     export default async function* (): AsyncGenerator<Batch> {
       yield { inputs: { x: Float32Array.of(1, 2, 3, 4) }, labels: [1, 0] };
       yield { inputs: { x: [[5, 6]] }, labels: [2] };
     }`,
  );
  const data = await openData(`${file}?scale=2`, [port]);
  expect(data.size).toBe(3);
  expect(data.feedsOf(2).x).toEqual(Float32Array.of(10, 12));
  expect(data.labels).toEqual({ kind: 'class', values: Int32Array.of(1, 0, 2), width: 1, names: undefined });
});

test('a list, a changed file and a promise', async () => {
  const file = write('list.ts', 'export default [{ inputs: { x: [1, 2] } }];');
  expect((await openData(file, [port])).feedsOf(0).x).toEqual(Float32Array.of(1, 2));
  write('list.ts', 'export default async () => [{ inputs: { x: [3, 4] }, labels: ["a"] }];');
  const data = await openData(file, [port]);
  expect(data.feedsOf(0).x).toEqual(Float32Array.of(3, 4));
  expect(data.labels).toMatchObject({ names: ['a'] });
});

test('batches without a file; no more are asked for than needed; reused arrays are copied', async () => {
  let yielded = 0;
  const x = new Float32Array(2);
  function* batches() {
    for (let i = 0; i < 100; i++) {
      yielded++;
      yield { inputs: { x: x.fill(i) }, labels: Float32Array.of(i / 2) };
    }
  }
  const data = await openData(batches, [port], { offset: 2, limit: 2 });
  expect(yielded).toBe(4);
  expect([data.feedsOf(0).x, data.feedsOf(1).x]).toEqual([Float32Array.of(2, 2), Float32Array.of(3, 3)]);
  expect(data.labels).toEqual({ kind: 'value', values: Float32Array.of(1, 1.5), width: 1 });
});

describe('what is refused', () => {
  const refused = (module: unknown) =>
    openData(module as DataModule, [port]).then(
      () => 'accepted',
      (error: Error) => error.message,
    );

  test('a module that cannot be loaded, or exports something else', async () => {
    const file = write('bad.ts', 'export default 5;');
    await expect(
      openData(file, [port]),
    ).rejects.toThrow(`LCC7022: The module cannot be used: its default export is no iterable and no function that returns one.
  at ${file}
  Next: A data module exports by default an iterable, or a function that returns one, of { inputs: { name: values }, labels }.`);
    await expect(openData(write('syntax.ts', 'export default {'), [port])).rejects.toThrow('LCC7022');
    await expect(openData(path('none.ts'), [port])).rejects.toThrow('LCC7001');
  });

  test.each<[string, unknown, string]>([
    ['no inputs', [{ x: [1, 2] }], 'LCC7022: The module cannot be used: it yields something without inputs.'],
    ['another name', [{ inputs: { y: [1, 2] } }], 'LCC7006'],
    ['words', [{ inputs: { x: ['a', 'b'] } }], '"x" of a batch is not made of numbers'],
    ['half a sample', [{ inputs: { x: [1, 2, 3] } }], 'the sample has: 3 values in its batch'],
    ['odd labels', [{ inputs: { x: [1, 2, 3, 4] }, labels: [1, 2, 3] }], 'it gave 3 labels for 2 samples'],
    ['labels of objects', [{ inputs: { x: [1, 2] }, labels: [{}] }], 'neither numbers nor names'],
    ['nothing', [], 'LCC7011'],
    ['NaN', [{ inputs: { x: [1, Number.NaN] } }], 'LCC7009'],
    [
      'an error of its own',
      () => {
        throw new Error('no disk.');
      },
      'LCC7022: The module cannot be used: no disk.\n',
    ],
  ])('%s', async (_, module, message) => {
    expect(await refused(module)).toContain(message);
  });
});
