import { type Fit, height, width } from './input.ts';

/** Boxes that share more of their area than this, intersection over union, are of one face. */
const sameFace = 0.3;

/** Corners are in sides of the picture, from its upper left. */
export interface Face {
  readonly score: number;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** What the model gives. */
export interface Detections {
  /** [1, n, 2]: probabilities of no face and of a face */
  readonly scores: Float32Array;
  /** [1, n, 4]: left, top, right and bottom in sides of the model's input */
  readonly boxes: Float32Array;
}

/** The faces with at least this score, the surest first; of boxes that overlap the surest is kept (non-maximum suppression). */
export function facesOf({ scores, boxes }: Detections, fit: Fit, least: number): Face[] {
  const candidates: Face[] = [];
  for (let i = 0; i < scores.length / 2; i++) {
    const score = scores[2 * i + 1] ?? 0;
    if (score >= least) candidates.push({ score, ...boxInPicture(boxes.subarray(4 * i, 4 * i + 4), fit) });
  }
  const faces: Face[] = [];
  for (const candidate of candidates.sort((a, b) => b.score - a.score)) {
    if (faces.every((face) => overlap(face, candidate) <= sameFace)) faces.push(candidate);
  }
  return faces;
}

function boxInPicture([left = 0, top = 0, right = 0, bottom = 0]: Float32Array, fit: Fit) {
  const x = (at: number) => clamp((at * width - fit.left) / fit.width);
  const y = (at: number) => clamp((at * height - fit.top) / fit.height);
  return { left: x(left), top: y(top), right: x(right), bottom: y(bottom) };
}

const clamp = (value: number): number => Math.min(1, Math.max(0, value));

/** Intersection over union. */
function overlap(a: Face, b: Face): number {
  const shared = areaOf({
    left: Math.max(a.left, b.left),
    top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right),
    bottom: Math.min(a.bottom, b.bottom),
  });
  const either = areaOf(a) + areaOf(b) - shared;
  return either === 0 ? 0 : shared / either;
}

const areaOf = ({ left, top, right, bottom }: Omit<Face, 'score'>): number =>
  Math.max(0, right - left) * Math.max(0, bottom - top);
