import type { Point, Stroke } from '../../samples/digits/page/strokes-to-image.ts';

/** Part of an ellipse; angles in quarter turns, clockwise from 3 o'clock. */
function arc(x: number, y: number, radiusX: number, radiusY: number, from: number, to: number): Point[] {
  const steps = Math.ceil(Math.abs(to - from) * 6);
  return Array.from({ length: steps + 1 }, (_, i) => {
    const angle = ((from + ((to - from) * i) / steps) * Math.PI) / 2;
    return { x: x + radiusX * Math.cos(angle), y: y + radiusY * Math.sin(angle) };
  });
}

const line = (...corners: readonly (readonly [number, number])[]): Point[] => corners.map(([x, y]) => ({ x, y }));

/** Each digit as a hand would draw it on a square of side 1, y downwards. */
export const drawnDigits: readonly (readonly Stroke[])[] = [
  [arc(0.5, 0.5, 0.2, 0.32, -1, 3)],
  [line([0.52, 0.2], [0.48, 0.8])],
  [[...arc(0.48, 0.34, 0.18, 0.15, -2, 0.4), ...line([0.32, 0.78], [0.7, 0.78])]],
  [[...arc(0.48, 0.34, 0.17, 0.14, -1.8, 1), ...arc(0.48, 0.64, 0.2, 0.16, -1, 1.8)]],
  [line([0.36, 0.2], [0.3, 0.52], [0.68, 0.52]), line([0.64, 0.2], [0.6, 0.82])],
  [[...line([0.66, 0.2], [0.38, 0.2], [0.35, 0.46]), ...arc(0.47, 0.62, 0.19, 0.18, -1.5, 1.7)]],
  [[...line([0.58, 0.18], [0.38, 0.45]), ...arc(0.49, 0.64, 0.16, 0.17, -2, 2.2)]],
  [line([0.3, 0.22], [0.7, 0.22], [0.58, 0.5], [0.46, 0.82])],
  [[...arc(0.5, 0.34, 0.14, 0.14, 1, -3), ...arc(0.5, 0.65, 0.18, 0.17, -1, 3)]],
  [[...arc(0.48, 0.36, 0.16, 0.16, 0, -4), ...line([0.64, 0.36], [0.6, 0.82])]],
];
