import { describe, expect, test } from 'vitest';
import type { DataPort } from '../../compiler/data/data-set.ts';
import { openData } from '../../compiler/data/open.ts';
import { parseWave } from '../../compiler/data/wave.ts';
import { makeFolder, wavBytes } from './files.ts';

const { write, path } = makeFolder();
const port = (length: number): DataPort => ({ name: 'x', dtype: 'float32', shape: [1, length] });
const bytesOf = (data: Int16Array | Int32Array | Float32Array | Float64Array) => new Uint8Array(data.buffer);

describe('samples', () => {
  test.each<[string, number, number, Uint8Array]>([
    ['8 bits', 1, 8, Uint8Array.of(128, 192, 0)],
    ['16 bits', 1, 16, bytesOf(Int16Array.of(0, 16384, -32768))],
    ['24 bits', 1, 24, Uint8Array.of(0, 0, 0, 0, 0, 0x40, 0, 0, 0x80)],
    ['32 bits', 1, 32, bytesOf(Int32Array.of(0, 2 ** 30, -(2 ** 31)))],
    ['float32', 3, 32, bytesOf(Float32Array.of(0, 0.5, -1))],
    ['float64', 3, 64, bytesOf(Float64Array.of(0, 0.5, -1))],
  ])('%s', (_, format, bits, data) => {
    expect(parseWave(wavBytes(format, 1, 8000, bits, data), 'a.wav')).toEqual({
      rate: 8000,
      values: Float32Array.of(0, 0.5, -1),
    });
  });

  test('channels are averaged; chunks of other kinds are passed over', () => {
    const plain = Buffer.from(wavBytes(1, 2, 8000, 16, bytesOf(Int16Array.of(16384, 0, -16384, -16384))));
    const other = Buffer.from([...Buffer.from('LIST'), 3, 0, 0, 0, 1, 2, 3, 0]);
    const bytes = Buffer.concat([plain.subarray(0, 36), other, plain.subarray(36)]);
    expect(parseWave(bytes, 'a.wav').values).toEqual(Float32Array.of(0.25, -0.5));
  });

  test('the extensible header names the format later', () => {
    const plain = Buffer.from(wavBytes(0xfffe, 1, 8000, 16, bytesOf(Int16Array.of(16384))));
    const more = Buffer.alloc(24);
    more.set([22, 0, 16, 0, 4, 0, 0, 0, 1, 0]);
    const bytes = Buffer.concat([plain.subarray(0, 36), more, plain.subarray(36)]);
    bytes.writeUInt32LE(40, 16);
    expect(parseWave(bytes, 'a.wav').values).toEqual(Float32Array.of(0.5));
  });

  test.each([
    [Buffer.from('RIFX'), 'it is not a WAV file'],
    [wavBytes(1, 1, 8000, 16, new Uint8Array(4)).subarray(0, 46), 'it ends within its samples'],
    [wavBytes(1, 1, 8000, 16, new Uint8Array(4)).subarray(0, 36), 'it has no samples'],
    [wavBytes(2, 1, 8000, 4, new Uint8Array(4)), 'samples of format 2 with 4 bits are not read'],
  ])('%#: refused', (bytes, reason) => {
    expect(() => parseWave(bytes, 'a.wav')).toThrow(`LCC7002: The data cannot be read: ${reason}.\n  at a.wav`);
  });
});

const sound = (rate: number, ...values: number[]) => wavBytes(3, 1, rate, 32, bytesOf(Float32Array.from(values)));

test('class folders; sounds are cut, or filled with silence, to the length of the input', async () => {
  write('words/yes/1.wav', sound(8000, 0.5, 0.25, 0.125));
  write('words/no/1.wav', sound(8000, 1));
  const data = await openData(path('words'), [port(2)]);
  expect([data.feedsOf(0).x, data.feedsOf(1).x]).toEqual([Float32Array.of(1, 0), Float32Array.of(0.5, 0.25)]);
  expect(data.labels).toMatchObject({ values: Int32Array.of(0, 1), names: ['no', 'yes'] });
});

test('one file is one sample', async () => {
  const file = write('one.wav', sound(16000, 0.5));
  const data = await openData(`${file}?rate=16000`, [port(1)]);
  expect([data.size, data.labels]).toEqual([1, undefined]);
});

test('another rate is refused', async () => {
  const file = write('rate.wav', sound(44100, 0.5));
  await expect(
    openData(`${file}?rate=16000`, [port(1)]),
  ).rejects.toThrow(`LCC7021: The sound has 44100 samples a second, not 16000; lcc does not resample.
  at ${file}
  Next: Convert the files to 16000 Hz, such as with ffmpeg -ar 16000.`);
  write('rates/a.wav', sound(8000, 0.5));
  write('rates/b.wav', sound(16000, 0.5));
  await expect(openData(path('rates'), [port(1)])).rejects.toThrow(
    'has 16000 samples a second, not 8000 as the first file;',
  );
});

test('a sound with NaN', async () => {
  const file = write('nan.wav', sound(8000, 0.5, Number.NaN));
  await expect(openData(file, [port(2)])).rejects.toThrow(
    'LCC7009: Sample 0 holds a value for "x" that is not a finite number.',
  );
});
