export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The way of the pen from touching to lifting. */
export type Stroke = readonly Point[];

export const side = 28;

/** The digit itself fits a box of this many pixels, strokes included. */
const box = 20;
/** Width of the line in pixels of the image, near that of most digits in MNIST. */
const lineWidth = 2.5;

/**
 * Strokes in any unit as MNIST has its digits: scaled to fit 20x20 pixels, antialiased, the centre of mass in the middle of
 * 28x28. Ink is 1, paper 0. Undefined without a point.
 */
export function strokesToImage(strokes: readonly Stroke[]): Float32Array | undefined {
  const points = strokes.flat();
  if (points.length === 0) return undefined;
  const left = Math.min(...points.map((p) => p.x));
  const top = Math.min(...points.map((p) => p.y));
  const extent = Math.max(...points.map((p) => Math.max(p.x - left, p.y - top)));
  const scale = extent === 0 ? 1 : (box - lineWidth) / extent;
  const start = (side - box + lineWidth) / 2;
  const move = (dx: number, dy: number) =>
    strokes.map((stroke) => stroke.map(({ x, y }) => ({ x: (x - left) * scale + dx, y: (y - top) * scale + dy })));
  const mass = centreOfMass(draw(move(start, start)));
  return draw(move(start + side / 2 - mass.x, start + side / 2 - mass.y));
}

/** Each pixel's ink falls from 1 to 0 over one pixel at the edge of a line with round ends. */
function draw(strokes: readonly Stroke[]): Float32Array {
  const image = new Float32Array(side * side);
  for (const stroke of strokes) {
    stroke.forEach((end, i) => {
      const start = stroke[i - 1] ?? end;
      for (let y = 0; y < side; y++) {
        for (let x = 0; x < side; x++) {
          const distance = distanceToLine({ x: x + 0.5, y: y + 0.5 }, start, end);
          const ink = Math.min(1, Math.max(0, (lineWidth + 1) / 2 - distance));
          const at = y * side + x;
          image[at] = Math.max(image[at] ?? 0, ink);
        }
      }
    });
  }
  return image;
}

function distanceToLine(p: Point, a: Point, b: Point): number {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const length2 = dx * dx + dy * dy;
  const along = length2 === 0 ? 0 : Math.min(1, Math.max(0, ((p.x - a.x) * dx + (p.y - a.y) * dy) / length2));
  return Math.hypot(p.x - a.x - along * dx, p.y - a.y - along * dy);
}

function centreOfMass(image: Float32Array): Point {
  let mass = 0;
  let x = 0;
  let y = 0;
  image.forEach((ink, i) => {
    mass += ink;
    x += ink * ((i % side) + 0.5);
    y += ink * (Math.floor(i / side) + 0.5);
  });
  return { x: x / mass, y: y / mass };
}
