import { describe, expect, test } from 'vitest';
import { facesOf } from '../../samples/face/page/faces.ts';
import { fitPicture, height, inputOf, width } from '../../samples/face/page/input.ts';

describe('pictures become the input of the model', () => {
  test.each([
    ['as it is', { width: 320, height: 240 }, { left: 0, top: 0, width: 320, height: 240 }],
    ['wide', { width: 1280, height: 480 }, { left: 0, top: 60, width: 320, height: 120 }],
    ['high', { width: 600, height: 800 }, { left: 70, top: 0, width: 180, height: 240 }],
    ['small', { width: 16, height: 12 }, { left: 0, top: 0, width: 320, height: 240 }],
  ])('a picture that is %s', (_, picture, fit) => expect(fitPicture(picture)).toEqual(fit));

  test('channels apart, 127 is 0', () => {
    const pixels = new Uint8ClampedArray(4 * width * height).fill(127);
    pixels.set([255, 191, 0, 255], 4 * (3 * width + 5));
    const input = inputOf(pixels);
    expect(input).toHaveLength(3 * width * height);
    const places = [0, 1, 2].map((channel) => channel * width * height + 3 * width + 5);
    expect(places.map((at) => input[at])).toEqual([1, 0.5, -127 / 128]);
    expect(input.filter((value) => value !== 0)).toHaveLength(3);
  });
});

describe('what the model gives becomes faces', () => {
  const whole = { left: 0, top: 0, width, height };
  /** Boxes with the score of a face before their corners. */
  const detections = (...rows: readonly (readonly number[])[]) => ({
    scores: Float32Array.from(rows.flatMap(([score = 0]) => [1 - score, score])),
    boxes: Float32Array.from(rows.flatMap((row) => row.slice(1))),
  });

  test('from the least score on, the surest first', () => {
    const found = facesOf(
      detections([0.5, 0, 0, 0.25, 0.25], [0.25, 0.5, 0, 0.75, 0.25], [0.75, 0.5, 0.5, 1, 1]),
      whole,
      0.5,
    );
    expect(found).toEqual([
      { score: 0.75, left: 0.5, top: 0.5, right: 1, bottom: 1 },
      { score: 0.5, left: 0, top: 0, right: 0.25, bottom: 0.25 },
    ]);
  });

  test('of boxes that share more than 0.3 of their union the surest is left', () => {
    // 0.2 of 0.6 and of 0.8 in common: a third, and a quarter.
    const found = facesOf(
      detections([0.9, 0, 0, 0.4, 0.5], [0.8, 0.2, 0, 0.6, 0.5], [0.95, 0, 0.5, 0.5, 1], [0.7, 0.3, 0.5, 0.8, 1]),
      whole,
      0.5,
    );
    expect(found.map(({ score }) => score.toFixed(2))).toEqual(['0.95', '0.90', '0.70']);
  });

  test('a box that only a dropped box overlaps is kept', () => {
    const found = facesOf(
      detections([0.9, 0, 0, 0.4, 1], [0.8, 0.18, 0, 0.58, 1], [0.7, 0.36, 0, 0.76, 1]),
      whole,
      0.5,
    );
    expect(found.map(({ score }) => score.toFixed(1))).toEqual(['0.9', '0.7']);
  });

  test('corners are in sides of the picture, and within it', () => {
    const [face] = facesOf(detections([0.75, 0.5, -0.1, 0.9, 0.5]), fitPicture({ width: 600, height: 800 }), 0.5);
    expect(face?.left).toBeCloseTo((160 - 70) / 180, 6);
    expect(face).toMatchObject({ top: 0, right: 1, bottom: 0.5 });
  });

  test('nothing is no face', () => expect(facesOf(detections(), whole, 0)).toEqual([]));
});
