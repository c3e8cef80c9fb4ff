/** ONNX Resize, coordinate_transformation_mode. */
export const coordinateModes = [
  'half_pixel',
  'half_pixel_symmetric',
  'pytorch_half_pixel',
  'align_corners',
  'asymmetric',
  'tf_half_pixel_for_nn',
  'tf_crop_and_resize',
] as const;
export type CoordinateMode = (typeof coordinateModes)[number];

/** One dimension of a resize. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly scale: number;
  /** Region of interest, relative: only for tf_crop_and_resize. */
  readonly start: number;
  readonly end: number;
}

/** Where output position `o` lies in the input. `round` is applied after every operation: Math.fround for float32. */
export function sourceCoordinate(mode: CoordinateMode, o: number, d: Stretch, round: (v: number) => number): number {
  const scale = round(d.scale);
  const centre = round(round(o + 0.5) / scale);
  switch (mode) {
    case 'half_pixel':
      return round(centre - 0.5);
    case 'half_pixel_symmetric': {
      // the output is centred on the input when its size was rounded down
      const adjustment = round(d.to / round(scale * d.from));
      const offset = round(round(d.from / 2) * round(1 - adjustment));
      return round(round(offset + centre) - 0.5);
    }
    case 'pytorch_half_pixel':
      return d.to > 1 ? round(centre - 0.5) : 0;
    case 'align_corners':
      return d.to > 1 ? round((o * (d.from - 1)) / (d.to - 1)) : 0;
    case 'asymmetric':
      return round(o / scale);
    case 'tf_half_pixel_for_nn':
      return centre;
    case 'tf_crop_and_resize': {
      const last = d.from - 1;
      if (d.to <= 1) return round(0.5 * (d.start + d.end) * last);
      return round(d.start * last + (o * (d.end - d.start) * last) / (d.to - 1));
    }
    default:
      return mode satisfies never;
  }
}

/** ONNX Resize, nearest_mode. */
export const nearestModes = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'] as const;
export type NearestMode = (typeof nearestModes)[number];

export function nearestPosition(mode: NearestMode, coordinate: number): number {
  switch (mode) {
    case 'round_prefer_floor':
      return Math.ceil(coordinate - 0.5);
    case 'round_prefer_ceil':
      return Math.floor(coordinate + 0.5);
    case 'floor':
      return Math.floor(coordinate);
    case 'ceil':
      return Math.ceil(coordinate);
    default:
      return mode satisfies never;
  }
}
