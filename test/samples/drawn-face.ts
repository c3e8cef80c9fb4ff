export interface DrawnFace {
  /** middle of the face and half its height, in pixels */
  readonly x: number;
  readonly y: number;
  readonly size: number;
}

type Colour = readonly [red: number, green: number, blue: number];

/** An ellipse in halves of the face's height, from its middle; `soft` is the width of its edge. */
interface Spot {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly colour: Colour;
  readonly soft?: number;
}

const skin: Colour = [214, 164, 134];
const shade: Colour = [150, 104, 82];
const hair: Colour = [52, 36, 28];

const pair = (spot: Spot): Spot[] => [spot, { ...spot, x: -spot.x }];

/** From back to front: hair, neck, face, cheeks, brows, eyes, nose, mouth. */
const spots: readonly Spot[] = [
  { x: 0, y: -0.18, width: 0.86, height: 0.98, colour: hair },
  { x: 0, y: 1, width: 0.36, height: 0.7, colour: shade },
  { x: 0, y: 0.06, width: 0.68, height: 0.9, colour: skin },
  { x: 0, y: -0.5, width: 0.5, height: 0.28, colour: [232, 186, 158], soft: 0.4 },
  ...pair({ x: 0.36, y: 0.26, width: 0.2, height: 0.24, colour: [226, 168, 142], soft: 0.3 }),
  ...pair({ x: 0.29, y: -0.1, width: 0.19, height: 0.13, colour: shade, soft: 0.12 }),
  ...pair({ x: 0.29, y: -0.26, width: 0.17, height: 0.035, colour: hair, soft: 0.04 }),
  ...pair({ x: 0.28, y: -0.08, width: 0.12, height: 0.06, colour: [240, 236, 230], soft: 0.03 }),
  ...pair({ x: 0.28, y: -0.08, width: 0.055, height: 0.06, colour: [40, 30, 28], soft: 0.03 }),
  { x: 0.05, y: 0.12, width: 0.06, height: 0.2, colour: [190, 138, 110], soft: 0.1 },
  ...pair({ x: 0.08, y: 0.28, width: 0.05, height: 0.035, colour: [110, 66, 54], soft: 0.05 }),
  { x: 0, y: 0.52, width: 0.24, height: 0.07, colour: [172, 84, 80], soft: 0.05 },
  { x: 0, y: 0.515, width: 0.22, height: 0.015, colour: [96, 40, 40], soft: 0.03 },
  { x: 0, y: 0.66, width: 0.18, height: 0.04, colour: shade, soft: 0.12 },
];

/** A picture with faces on a grey ground: RGB, 8 bits each. */
export function drawFaces(width: number, height: number, faces: readonly DrawnFace[]): Uint8Array {
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      data.set(colourAt(x, y, 150 - (60 * y) / height, faces), 3 * (y * width + x));
    }
  }
  return data;
}

function colourAt(x: number, y: number, ground: number, faces: readonly DrawnFace[]): Colour {
  let colour: Colour = [ground, ground, ground];
  for (const face of faces) {
    for (const spot of spots) {
      const ink = inkOf(spot, (x - face.x) / face.size, (y - face.y) / face.size, 1 / face.size);
      if (ink > 0) colour = mix(colour, spot.colour, ink);
    }
  }
  return colour;
}

/** 1 within the spot, falling to 0 over its edge. */
function inkOf({ x, y, width, height, soft = 0 }: Spot, atX: number, atY: number, pixel: number): number {
  const edge = Math.max(soft, pixel);
  const inside = (1 - Math.hypot((atX - x) / width, (atY - y) / height)) * Math.min(width, height);
  return Math.min(1, Math.max(0, inside / edge + 0.5));
}

const mix = (under: Colour, over: Colour, ink: number): Colour => [
  under[0] + (over[0] - under[0]) * ink,
  under[1] + (over[1] - under[1]) * ink,
  under[2] + (over[2] - under[2]) * ink,
];
