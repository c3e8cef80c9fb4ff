import jpeg from 'jpeg-js';
import { describe, expect, test } from 'vitest';
import type { DataPort } from '../../compiler/data/data-set.ts';
import { openData } from '../../compiler/data/open.ts';
import type { DataOptions } from '../../compiler/data/options.ts';
import { decodePicture } from '../../compiler/data/picture/decode-picture.ts';
import { framePicture } from '../../compiler/data/picture/frame.ts';
import type { Picture } from '../../compiler/data/picture/picture.ts';
import { resizePicture } from '../../compiler/data/picture/resize.ts';
import { makeFolder, pngBytes } from './files.ts';

const { write, path } = makeFolder();
const port = (...shape: number[]): DataPort => ({ name: 'x', dtype: 'float32', shape });
const grey = (...rows: number[][]): Picture => ({
  width: rows[0]!.length,
  height: rows.length,
  channels: 1,
  data: Uint8Array.from(rows.flat()),
});

describe('decoding', () => {
  const decode = (bytes: Uint8Array) => decodePicture(bytes, 'p.png');

  test.each<[string, Parameters<typeof pngBytes>[0], number, number[]]>([
    ['grey, 8 bits', { width: 2, height: 1, depth: 8, type: 0, rows: [[5, 250]] }, 1, [5, 250]],
    ['grey, 16 bits', { width: 2, height: 1, depth: 16, type: 0, rows: [[0xff, 0xff, 0x80, 0]] }, 1, [255, 128]],
    [
      'grey, 1 bit, rows on bytes',
      { width: 3, height: 2, depth: 1, type: 0, rows: [[0b10100000], [0b01000000]] },
      1,
      [255, 0, 255, 0, 255, 0],
    ],
    ['grey, 4 bits', { width: 3, height: 1, depth: 4, type: 0, rows: [[0x0f, 0x10]] }, 1, [0, 255, 17]],
    ['grey and alpha', { width: 2, height: 1, depth: 8, type: 4, rows: [[5, 0, 6, 255]] }, 1, [5, 6]],
    [
      'colour',
      {
        width: 1,
        height: 2,
        depth: 8,
        type: 2,
        rows: [
          [1, 2, 3],
          [4, 5, 6],
        ],
      },
      3,
      [1, 2, 3, 4, 5, 6],
    ],
    [
      'colour and alpha',
      { width: 2, height: 1, depth: 8, type: 6, rows: [[1, 2, 3, 9, 4, 5, 6, 9]] },
      3,
      [1, 2, 3, 4, 5, 6],
    ],
    [
      'palette, 8 bits',
      { width: 2, height: 1, depth: 8, type: 3, rows: [[1, 0]], palette: [1, 2, 3, 7, 8, 9] },
      3,
      [7, 8, 9, 1, 2, 3],
    ],
    [
      'palette, 2 bits',
      { width: 3, height: 1, depth: 2, type: 3, rows: [[0b01000100]], palette: [1, 2, 3, 7, 8, 9] },
      3,
      [7, 8, 9, 1, 2, 3, 7, 8, 9],
    ],
  ])('PNG, %s', async (_, parts, channels, expected) => {
    const picture = await decode(pngBytes(parts));
    expect([picture.width, picture.height, picture.channels]).toEqual([parts.width, parts.height, channels]);
    expect([...picture.data]).toEqual(expected);
  });

  test('JPEG', async () => {
    const data = Buffer.from(Array.from({ length: 64 }, () => [200, 100, 50, 255]).flat());
    const picture = await decode(jpeg.encode({ width: 8, height: 8, data }, 95).data);
    expect([picture.width, picture.height, picture.channels, picture.data.length]).toEqual([8, 8, 3, 192]);
    for (const [c, value] of [200, 100, 50].entries()) expect(Math.abs(picture.data[c]! - value)).toBeLessThan(4);
  });

  test('what is damaged', async () => {
    const whole = pngBytes({ width: 1, height: 1, depth: 8, type: 0, rows: [[1]] });
    await expect(decode(whole.slice(0, 45))).rejects.toThrow('LCC7002');
    const flipped = Uint8Array.from(whole);
    flipped[flipped.length - 20]! ^= 1;
    await expect(decode(flipped)).rejects.toThrow('LCC7002');
    await expect(decode(Buffer.from('GIF89a'))).rejects.toThrow('LCC7002');
  });
});

describe('resizing', () => {
  test('keeps what is of the size, and flat areas flat', () => {
    const picture = grey([1, 2], [3, 4]);
    expect(resizePicture(picture, 2, 2)).toBe(picture);
    expect([...resizePicture(grey([7, 7, 7], [7, 7, 7]), 5, 2).data]).toEqual(Array(10).fill(7));
  });

  test('as Pillow 12.3 does with BILINEAR, but for its rounding between rows and columns', () => {
    const picture = grey(
      ...Array.from({ length: 5 }, (_, y) =>
        Array.from({ length: 7 }, (_, x) => (37 * y * y + 91 * x + 13 * x * y) % 256),
      ),
    );
    const near = (height: number, width: number, expected: number[]) => {
      const { data } = resizePicture(picture, height, width);
      for (const [i, value] of expected.entries()) expect(Math.abs(data[i]! - value)).toBeLessThanOrEqual(1);
    };
    expect([...resizePicture(grey([0, 80, 160, 240]), 1, 2).data]).toEqual([57, 183]);
    near(2, 3, [102, 137, 125, 127, 164, 129]);
    near(8, 9, [0, 61, 131, 145, 17, 88, 159, 144, 34, 16, 81, 156, 174, 50, 126, 139, 116, 84, 44, 103, 179]);
  });

  test('enlarging interpolates between pixel centres', () => {
    expect([...resizePicture(grey([0, 100]), 1, 4).data]).toEqual([0, 25, 75, 100]);
    expect([...resizePicture(grey([0], [100]), 4, 1).data]).toEqual([0, 25, 75, 100]);
  });
});

describe('framing', () => {
  const numbers = grey(...Array.from({ length: 4 }, (_, y) => Array.from({ length: 8 }, (_, x) => 10 * y + x)));
  const frame = (to: DataPort, options: NonNullable<DataOptions['preprocess']>, picture = numbers, stretch = true) => [
    ...framePicture(picture, to, options, stretch, 'p.png').values,
  ];

  test('the middle is cut out', () => {
    expect(frame(port(1, 1, 2, 2), { crop: 2 })).toEqual([13, 14, 23, 24]);
    expect(frame(port(1, 1, 2, 4), { crop: [2, 4] })).toEqual([12, 13, 14, 15, 22, 23, 24, 25]);
  });

  test('a size of one number keeps the proportions, then the input crops', () => {
    expect(frame(port(1, 1, 4, 4), { size: 4 })).toEqual(frame(port(1, 1, 4, 4), { crop: 4 }));
  });

  test('without either it is stretched, or kept', () => {
    expect(frame(port(1, 1, 4, 8), {})).toEqual([...numbers.data]);
    expect(frame(port(1, 1, 1, 1), {})).toHaveLength(1);
    expect(frame(port(1, 1, 1, 1), {}, numbers, false)).toHaveLength(32);
  });

  test('colours become grey by their luma, and the reverse', () => {
    const red: Picture = { width: 1, height: 1, channels: 3, data: Uint8Array.of(255, 0, 0) };
    expect(frame(port(1, 1, 1, 1), {}, red)).toEqual([76]);
    expect(frame(port(1, 3, 1, 1), { colors: 'bgr' }, red)).toEqual([0, 0, 255]);
    expect(frame(port(1, 3), {}, red)).toEqual([255, 0, 0]);
    expect(frame(port(1, 3, 1, 1), {}, grey([9]))).toEqual([9, 9, 9]);
  });

  test('layouts', () => {
    const two: Picture = { width: 2, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
    expect(frame(port(1, 3, 1, 2), {}, two)).toEqual([1, 4, 2, 5, 3, 6]);
    expect(frame(port(1, 1, 2, 3), { layout: 'NHWC' }, two)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(frame(port(1, 1, 2, 3), { layout: 'NHWC', colors: 'bgr' }, two)).toEqual([3, 2, 1, 6, 5, 4]);
  });

  test('a crop larger than the picture', () => {
    expect(() =>
      frame(port(1, 1, 5, 5), { crop: 5 }),
    ).toThrow(`LCC7020: The picture is 4x8, smaller than the crop of 5x5.
  at p.png
  Next: Give size= at least as large as crop=, or leave the crop out.`);
  });
});

describe('a folder', () => {
  const png = (value: number) => pngBytes({ width: 1, height: 1, depth: 8, type: 2, rows: [[value, value, value]] });

  test('classes in turn, so that a part has them all', async () => {
    for (const [name, value] of [
      ['cat/1', 1],
      ['cat/2', 2],
      ['cat/3', 3],
      ['ant/1', 11],
      ['ant/2', 12],
    ] as const) {
      write(`pets/${name}.png`, png(value));
    }
    write('pets/README.md', 'not a picture');
    const data = await openData(path('pets'), [port(1, 1, 1, 1)]);
    expect(Array.from({ length: data.size }, (_, i) => data.feedsOf(i).x![0])).toEqual([11, 1, 12, 2, 3]);
    expect(data.labels).toEqual({
      kind: 'class',
      values: Int32Array.of(0, 1, 0, 1, 1),
      width: 1,
      names: ['ant', 'cat'],
    });
    const part = await openData(`${path('pets')}?limit=2&offset=1&scale=1/2`, [port(1, 1, 1, 1)]);
    expect([part.feedsOf(0).x![0], part.feedsOf(1).x![0], [...part.labels!.values]]).toEqual([0.5, 6, [1, 0]]);
  });

  test('folders named by numbers are those classes', async () => {
    for (const name of ['2/a', '10/a']) write(`numbers/${name}.png`, png(Number.parseInt(name, 10)));
    const data = await openData(path('numbers'), [port(1, 1, 1, 1)]);
    const listed = await openData(`${path('numbers')}?classes=2,10`, [port(1, 1, 1, 1)]);
    expect(listed.labels).toMatchObject({ values: Int32Array.of(1, 0), names: ['2', '10'] });
    expect([0, 1].map((i) => [data.feedsOf(i).x![0], data.labels!.values[i]])).toEqual([
      [10, 10],
      [2, 2],
    ]);
  });

  test('without classes there are no labels, unless a file has them', async () => {
    write('flat/a.png', png(1));
    write('flat/b.JPG', png(2));
    expect((await openData(path('flat'), [port(1, 1, 1, 1)])).labels).toBeUndefined();
    write('flat.csv', 'b.JPG,5\na.png,4\n');
    const labelled = await openData(`${path('flat')}?labels=${path('flat.csv')}`, [port(1, 1, 1, 1)]);
    expect(labelled.labels?.values).toEqual(Int32Array.of(4, 5));
    write('flat.txt', '7\n8\n');
    const listed = await openData(`${path('flat')}?labels=${path('flat.txt')}`, [port(1, 1, 1, 1)]);
    expect(listed.labels?.values).toEqual(Int32Array.of(7, 8));
    write('short.csv', 'b.JPG,5\n');
    write('odd.txt', '7\n-8\n');
    await expect(openData(`${path('flat')}?labels=${path('odd.txt')}`, [port(1, 1, 1, 1)])).rejects.toThrow(
      `LCC7013: The label of sample 1 is -8; classes count from 0.\n  at ${path('odd.txt')}`,
    );
    await expect(openData(`${path('flat')}?labels=${path('short.csv')}`, [port(1, 1, 1, 1)])).rejects.toThrow(
      'LCC7012: There are 1 labels for 2 samples.',
    );
  });

  test('files beside class folders, and a damaged file by its name', async () => {
    write('mixed/a/1.png', png(1));
    write('mixed/2.png', png(1));
    await expect(openData(path('mixed'), [port(1, 1, 1, 1)])).rejects.toThrow(
      'it has files both in class folders and beside them',
    );
    const bad = write('bad/a/1.png', 'no picture');
    await expect(openData(path('bad'), [port(1, 1, 1, 1)])).rejects.toThrow(`\n  at ${bad}\n`);
  });
});
