import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { DataPort } from '../../compiler/data/data-set.ts';
import { openData } from '../../compiler/data/open.ts';
import { encodeFloat16 } from '../../compiler/tensor/convert.ts';
import { idxBytes, makeFolder, npyBytes, npzBytes } from './files.ts';

const { write, path } = makeFolder();
const pair: DataPort = { name: 'x', dtype: 'float32', shape: [1, 2] };

describe('.npz', () => {
  test('arrays named as the inputs, first axis the samples, and labels', async () => {
    const file = write(
      'a.npz',
      npzBytes({
        x: npyBytes('<f4', [3, 2], Float32Array.of(1, 2, 3, 4, 5, 6)),
        ids: npyBytes('<i8', [3, 1], BigInt64Array.of(7n, 8n, 9n)),
        labels: npyBytes('<i8', [3], BigInt64Array.of(0n, 1n, 2n)),
        other: npyBytes('<f4', [1], Float32Array.of(0)),
      }),
    );
    const data = await openData(file, [pair, { name: 'ids', dtype: 'int64', shape: [1, 1] }]);
    expect(data.name).toBe(file);
    expect(data.size).toBe(3);
    expect(data.feedsOf(1)).toEqual({ x: Float32Array.of(3, 4), ids: BigInt64Array.of(8n) });
    expect(data.labels).toEqual({ kind: 'class', values: Int32Array.of(0, 1, 2), width: 1, names: undefined });
  });

  test('float labels are quantities, of any width', async () => {
    const arrays = { x: npyBytes('<f4', [2, 2], Float32Array.of(1, 2, 3, 4)) };
    const file = write(
      'b.npz',
      npzBytes({ ...arrays, labels: npyBytes('<f8', [2, 2], Float64Array.of(0.5, 1, 2, -3)) }),
    );
    expect((await openData(file, [pair])).labels).toEqual({
      kind: 'value',
      values: Float32Array.of(0.5, 1, 2, -3),
      width: 2,
    });
  });

  test('how labels are stored decides, unless labelType does', async () => {
    const x = npyBytes('<f4', [2, 2], Float32Array.of(1, 2, 3, 4));
    const file = write('whole.npz', npzBytes({ x, labels: npyBytes('<f4', [2], Float32Array.of(3, 1)) }));
    expect((await openData(file, [pair])).labels).toMatchObject({ kind: 'value', values: Float32Array.of(3, 1) });
    expect((await openData(`${file}?labelType=class`, [pair])).labels).toMatchObject({ kind: 'class' });
  });

  test('labels= names another array', async () => {
    const x = npyBytes('<f4', [2, 2], Float32Array.of(1, 2, 3, 4));
    const file = write('named.npz', npzBytes({ x, y: npyBytes('|u1', [2], Uint8Array.of(4, 2)) }));
    expect((await openData(file, [pair])).labels).toBeUndefined();
    expect((await openData(`${file}?labels=y`, [pair])).labels?.values).toEqual(Int32Array.of(4, 2));
  });

  test('offset and limit take samples and labels alike', async () => {
    const x = npyBytes('<f4', [4, 2], Float32Array.of(0, 0, 1, 1, 2, 2, 3, 3));
    const file = write('part.npz', npzBytes({ x, labels: npyBytes('<i4', [4], Int32Array.of(0, 1, 2, 3)) }));
    const data = await openData(`${file}?offset=1`, [pair], { limit: 2 });
    expect(data.size).toBe(2);
    expect(data.feedsOf(1).x).toEqual(Float32Array.of(2, 2));
    expect(data.labels?.values).toEqual(Int32Array.of(1, 2));
    expect(() => data.feedsOf(2)).toThrow(RangeError);
  });
});

describe('.npy', () => {
  const only = async (bytes: Uint8Array, port: DataPort = pair) =>
    (await openData(write('x.npy', bytes), [port])).feedsOf(1).x;

  test.each<[string, Uint8Array]>([
    ['<f4', npyBytes('<f4', [2, 2], Float32Array.of(1, 2, 3, 4))],
    ['<f8', npyBytes('<f8', [2, 2], Float64Array.of(1, 2, 3, 4))],
    ['<f2', npyBytes('<f2', [2, 2], Uint16Array.of(...[1, 2, 3, 4].map(encodeFloat16)))],
    ['|u1', npyBytes('|u1', [2, 2], Uint8Array.of(1, 2, 3, 4))],
    ['<i8', npyBytes('<i8', [2, 2], BigInt64Array.of(1n, 2n, 3n, 4n))],
    [
      'big-endian',
      npyBytes(
        '>i2',
        [2, 2],
        Int16Array.of(1, 2, 3, 4).map((v) => v << 8),
      ),
    ],
    ['Fortran order', npyBytes('<f4', [2, 2], Float32Array.of(1, 3, 2, 4), true)],
    ['one axis more', npyBytes('<f4', [2, 1, 2], Float32Array.of(1, 2, 3, 4))],
  ])('%s', async (_, bytes) => {
    expect(await only(bytes)).toEqual(Float32Array.of(3, 4));
  });

  test('Fortran order of three axes', async () => {
    // a[i, j, k] = 100 i + 10 j + k stands at i + 2 j + 6 k.
    const stored = Float32Array.from(
      { length: 12 },
      (_, at) => 100 * (at % 2) + 10 * (Math.floor(at / 2) % 3) + Math.floor(at / 6),
    );
    const bytes = npyBytes('<f4', [2, 3, 2], stored, true);
    expect(await only(bytes, { name: 'x', dtype: 'float32', shape: [1, 3, 2] })).toEqual(
      Float32Array.of(100, 101, 110, 111, 120, 121),
    );
  });

  test.each<[DataPort['dtype'], unknown]>([
    ['float16', Uint16Array.of(encodeFloat16(3), encodeFloat16(4))],
    ['float64', Float64Array.of(3, 4)],
    ['int8', Int8Array.of(3, 4)],
    ['int64', BigInt64Array.of(3n, 4n)],
    ['uint64', BigUint64Array.of(3n, 4n)],
  ])('becomes %s for the model', async (dtype, expected) => {
    const bytes = npyBytes('<f4', [2, 2], Float32Array.of(1, 2, 3, 4));
    expect(await only(bytes, { ...pair, dtype })).toEqual(expected);
  });

  test('labels come from a file beside it', async () => {
    const file = write('img.npy', npyBytes('<f4', [2, 2], Float32Array.of(1, 2, 3, 4)));
    write('img-labels.txt', 'cat\ndog\n');
    const data = await openData(`${file}?labels=img-labels.txt`, [pair]);
    expect(data.labels).toEqual({ kind: 'class', values: Int32Array.of(0, 1), width: 1, names: ['cat', 'dog'] });
  });

  test('means by column, or by channel of a picture', async () => {
    const file = write('m.npy', npyBytes('<f4', [1, 8], Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8)));
    const feed = async (shape: number[], query: string) =>
      [...(await openData(`${file}?${query}`, [{ name: 'x', dtype: 'float32', shape }])).feedsOf(0).x!].map(Number);
    expect(await feed([1, 8], 'mean=1,2,3,4,5,6,7,8')).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(await feed([1, 2, 2, 2], 'mean=1,5&std=1,2')).toEqual([0, 1, 2, 3, 0, 0.5, 1, 1.5]);
    expect(await feed([1, 2, 2, 2], 'mean=1,2&layout=NHWC')).toEqual([0, 0, 2, 2, 4, 4, 6, 6]);
    expect(await feed([1, 8], 'scale=1/4&mean=0.25&std=0.5')).toEqual([0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]);
  });
});

describe('IDX', () => {
  const pixels = Array.from({ length: 2 * 4 * 4 }, (_, i) => i);
  const images = gzipSync(idxBytes([2, 4, 4], pixels));

  test.each([[[1, 1, 4, 4]], [[1, 4, 4, 1]], [[1, 16]], [[1, 4, 4]], [[4, 4]], [[16]]])(
    'a one-channel picture fits %j; labels are beside it',
    async (shape) => {
      const file = write('train-images-idx3-ubyte.gz', images);
      write('train-labels-idx1-ubyte', idxBytes([2], [3, 1]));
      const data = await openData(file, [{ name: 'x', dtype: 'float32', shape }]);
      expect(data.feedsOf(1).x).toEqual(Float32Array.from(pixels.slice(16)));
      expect(data.labels?.values).toEqual(Int32Array.of(3, 1));
    },
  );

  test('raw bytes for an input of bytes; labels= names their file; grey becomes colours', async () => {
    const file = write('some.idx', images);
    write('other.gz', gzipSync(idxBytes([2], [9, 8])));
    const data = await openData(`${file}?labels=other.gz&size=2x2`, [
      { name: 'x', dtype: 'uint8', shape: [1, 3, 2, 2] },
    ]);
    const grey = [19, 20, 27, 28].map((_, i) => data.feedsOf(1).x![i]);
    expect(data.feedsOf(1).x).toEqual(Uint8Array.from([...grey, ...grey, ...grey].map(Number)));
    expect(data.labels?.values).toEqual(Int32Array.of(9, 8));
  });

  test('other types are plain values', async () => {
    const bytes = Buffer.concat([Buffer.from([0, 0, 13, 2, 0, 0, 0, 1, 0, 0, 0, 2]), Buffer.alloc(8)]);
    bytes.writeFloatBE(0.5, 12);
    bytes.writeFloatBE(-2, 16);
    const data = await openData(write('f.idx', bytes), [pair]);
    expect(data.feedsOf(0).x).toEqual(Float32Array.of(0.5, -2));
  });
});

test('CIFAR-10 and CIFAR-100: label bytes, then planes', async () => {
  const plane = (value: number) => Array.from({ length: 1024 }, (_, i) => (i === 1 ? value + 1 : value));
  const picture = [...plane(10), ...plane(20), ...plane(30)];
  const ten = write('batch.bin.gz', gzipSync(Buffer.from([4, ...picture, 7, ...picture])));
  const data = await openData(ten, [{ name: 'x', dtype: 'float32', shape: [1, 3, 32, 32] }]);
  expect(data.size).toBe(2);
  expect(data.labels?.values).toEqual(Int32Array.of(4, 7));
  const x = data.feedsOf(1).x!;
  expect([x[0], x[1], x[1024], x[1025], x[2048], x[3071]]).toEqual([10, 11, 20, 21, 30, 30]);
  const last = await openData(ten, [{ name: 'x', dtype: 'uint8', shape: [1, 32, 32, 3] }]);
  expect([...last.feedsOf(0).x!].slice(0, 6)).toEqual([10, 20, 30, 11, 21, 31]);
  const reversed = await openData(`${ten}?colors=bgr&mean=30,20,10`, [
    { name: 'x', dtype: 'float32', shape: [1, 3, 32, 32] },
  ]);
  expect([0, 1, 1024, 2048].map((e) => reversed.feedsOf(0).x![e])).toEqual([0, 1, 0, 0]);
  const hundred = write('hundred.bin', Buffer.from([2, 99, ...picture]));
  expect((await openData(hundred, [{ name: 'x', dtype: 'uint8', shape: [1, 3072] }])).labels?.values).toEqual(
    Int32Array.of(99),
  );
});

test('the same feeds have the same hash, whatever they come from', async () => {
  const idx = write('h.idx', idxBytes([2, 1, 2], [1, 2, 3, 4]));
  const npy = write('h.npy', npyBytes('<f8', [2, 2], Float64Array.of(3, 4, 1, 2)));
  const [a, b] = await Promise.all([openData(idx, [pair]), openData(npy, [pair])]);
  expect(a.hashOf(0)).toBe(b.hashOf(1));
  expect(a.hashOf(0)).not.toBe(a.hashOf(1));
  expect(a.hashOf(0)).toMatch(/^[0-9a-f]{32}$/);
});

describe('what is refused, before any work', () => {
  const refused = async (name: string, bytes: Uint8Array, ports: readonly DataPort[] = [pair], query = '') =>
    openData(`${write(name, bytes)}${query}`, ports).then(
      () => 'accepted',
      (error: Error) => error.message.replaceAll(`${path('')}/`, ''),
    );
  const x = (values: number[], shape = [values.length / 2, 2]) => npyBytes('<f4', shape, Float32Array.from(values));

  test('a missing input', async () => {
    expect(
      await refused('a.npz', npzBytes({ y: x([1, 2]) })),
    ).toBe(`LCC7006: The data has nothing for the model's input "x".
  at a.npz
  it has: y
  Next: Name one array "x", or bind that input with --const.`);
  });

  test('a wrong shape', async () => {
    expect(
      await refused('s.npy', x([1, 2, 3, 4, 5, 6], [2, 3])),
    ).toBe(`LCC7007: Sample 0 does not fit the model's input "x".
  at s.npy
  the sample has: 3 values
  the input takes: float32[1,2], 2 values
  Next: Reshape the data, give size= or crop= for pictures, or build the model with another --shape.`);
  });

  test('a batch larger than 1', async () => {
    expect(
      await refused('s.npy', x([1, 2, 3, 4]), [{ ...pair, shape: [8, 2] }]),
    ).toBe(`LCC7008: The model's input "x" takes 8 samples at a time; data is fed one by one.
  at s.npy
  the input takes: float32[8,2], 16 values
  Next: Build the model with a batch of 1 (--shape or --dim).`);
  });

  test('NaN, named with its sample in the file', async () => {
    expect(
      await refused('n.npy', x([1, 2, 3, 4, 5, Number.NaN]), [pair], '?offset=1'),
    ).toBe(`LCC7009: Sample 2 holds a value for "x" that is not a finite number.
  at n.npy
  element: 1
  value: NaN
  Next: Correct or leave out that sample, or its preprocessing.`);
    expect(await refused('n.npy', x([1, 2, 3, 4, 5, Number.NaN]), [pair], '?limit=2')).toBe('accepted');
  });

  test.each<[string, DataPort['dtype'], number, string]>([
    ['infinity', 'float16', Infinity, 'not a finite number'],
    ['a fraction', 'int64', 1.5, 'not a whole number, as int64 needs'],
    ['NaN for integers', 'int64', Number.NaN, 'not a whole number, as int64 needs'],
    ['more than a byte', 'uint8', 256, 'outside of uint8'],
    ['less than int8', 'int8', -129, 'outside of int8'],
    ['no truth value', 'bool', 2, 'outside of bool'],
  ])('%s', async (_, dtype, value, reason) => {
    expect(await refused('v.npy', x([0, value]), [{ ...pair, dtype }])).toContain(
      `LCC7009: Sample 0 holds a value for "x" that is ${reason}.`,
    );
  });

  test('what float32 cannot hold', async () => {
    const bytes = npyBytes('<f8', [1, 2], Float64Array.of(1, 1e300));
    expect(await refused('v.npy', bytes)).toContain('that is too large for float32.');
  });

  test('strings and records', async () => {
    expect(
      await refused('o.npy', npyBytes('|O', [1], Uint8Array.of(0))),
    ).toBe(`LCC7010: The array "x" holds values of numpy type |O, not plain numbers.
  at o.npy
  Next: Save it as a numeric array, such as numpy.asarray(x, numpy.float32).`);
  });

  test('no sample', async () => {
    expect(await refused('e.npy', npyBytes('<f4', [0, 2], new Float32Array()))).toBe(`LCC7011: The data holds no sample.
  at e.npy
  Next: Check the file, and that offset and limit leave something.`);
    expect(await refused('e.npy', x([1, 2]), [pair], '?offset=1')).toContain('LCC7011');
  });

  test('labels that are too few, or no class', async () => {
    const labels = (...values: number[]) => npyBytes('<i4', [values.length], Int32Array.from(values));
    expect(
      await refused('l.npz', npzBytes({ x: x([1, 2, 3, 4]), labels: labels(1) })),
    ).toBe(`LCC7012: There are 1 labels for 2 samples.
  at l.npz
  Next: Give every sample one label, in the same order.`);
    expect(
      await refused('l.npz', npzBytes({ x: x([1, 2, 3, 4]), labels: labels(1, -1) })),
    ).toBe(`LCC7013: The label of sample 1 is -1; classes count from 0.
  at l.npz
  Next: Correct the labels; if they are quantities and not classes, say labelType=value.`);
    expect(
      await refused('l.npz', npzBytes({ x: x([1, 2, 3, 4]), labels: labels(1, 5) }), [pair], '?classes=5'),
    ).toContain('LCC7013: The label of sample 1 is 5; there are 5 classes, from 0.');
    // 2^32 is 0 in an int32
    expect(
      await refused(
        'l.npz',
        npzBytes({ x: x([1, 2]), labels: npyBytes('<f8', [1], Float64Array.of(2 ** 32)) }),
        [pair],
        '?labelType=class',
      ),
    ).toContain('LCC7014: The label of sample 0 is not a class, 2147483647 at most.');
    expect(
      await refused('l.npz', npzBytes({ x: x([1, 2]), labels: npyBytes('<f4', [1], Float32Array.of(Number.NaN)) })),
    ).toBe(`LCC7014: The label of sample 0 is not a finite number.
  at l.npz
  given: NaN
  Next: Correct the labels, or choose labelType=class or labelType=value.`);
  });

  test('damaged files', async () => {
    expect(
      await refused('d.npy', x([1, 2, 3, 4]).subarray(0, 130)),
    ).toBe(`LCC7002: The data cannot be read: the array "x" ends after 2 of 16 bytes.
  at d.npy
  Next: Write the file again, and check that it is whole and of the kind its name says.`);
    expect(await refused('d.npz', Buffer.from('PK\x03\x04 not a zip'))).toContain('LCC7002');
    expect(await refused('d.npy', Buffer.from('not an array at all'))).toContain('"x" is not a numpy array');
    expect(await refused('d.gz', gzipSync(Buffer.alloc(100)).subarray(0, 15))).toContain('LCC7002');
    expect(await refused('d.idx', idxBytes([2, 2], [1, 2, 3]))).toContain('its header tells of 4 bytes, and 3 follow');
    expect(await refused('d.bin', Buffer.alloc(3000))).toContain('3000 bytes are no whole number of CIFAR pictures');
  });

  test('arrays of different lengths', async () => {
    const ports = [pair, { ...pair, name: 'y' }];
    expect(await refused('t.npz', npzBytes({ x: x([1, 2]), y: x([1, 2, 3, 4]) }), ports)).toContain(
      'its arrays have different numbers of samples: "x" 1, "y" 2',
    );
  });

  test('several inputs from a format that feeds one', async () => {
    expect(
      await refused('x.npy', x([1, 2]), [pair, { ...pair, name: 'y' }]),
    ).toBe(`LCC7024: The model has 2 inputs, "x", "y"; an .npy file can feed only one.
  at x.npy
  Next: Put all inputs into one .npz file, or bind the others with --const.`);
  });

  test('means that are not as many as the channels', async () => {
    expect(
      await refused('x.npy', x([1, 2]), [pair], '?std=1,2,3'),
    ).toBe(`LCC7023: The option std has 3 values; the samples have 2 channels.
  at x.npy
  Next: Give std one value, or one for each channel.`);
  });

  test('no file, and no format', async () => {
    await expect(openData(path('none.npz'), [pair])).rejects.toThrow(`LCC7001: There is no data at this path.
  at ${path('none.npz')}
  Next: Check the path: it is taken from the current folder, in a recipe from its own or from that of --data.`);
    expect(await refused('x.xyz', Buffer.from('hello'))).toMatch(
      /^LCC7003: This is no data format that lcc reads\.\n {2}at x\.xyz\n {2}- a module .*\n( {2}- .*\n){8} {2}Next: Convert the data to one of these, or name a module that yields batches\.$/,
    );
  });
});
