/** Input position and weight of one neighbour, for every output position of a dimension. */
export interface Tap {
  readonly positions: readonly number[];
  readonly weights: readonly number[];
}

export interface Filter {
  readonly kind: 'linear' | 'cubic';
  /** `a` of Keys' cubic convolution */
  readonly cubicCoeff: number;
  /** Widens the filter by 1 / scale when shrinking. */
  readonly antialias: boolean;
  /** Neighbours outside the input get no weight, the others are scaled up to a sum of 1; else the edge is repeated. */
  readonly excludeOutside: boolean;
}

/** Neighbours of each coordinate in a dimension of `size`; those without any weight are left out. */
export function makeTaps(filter: Filter, coordinates: readonly number[], size: number, scale: number): Tap[] {
  const stretch = filter.antialias ? Math.min(scale, 1) : 1;
  const radius = Math.ceil((filter.kind === 'linear' ? 1 : 2) / stretch);
  const rows = coordinates.map((x) => weigh(filter, x, size, stretch, radius));
  const taps = Array.from({ length: 2 * radius }, (_, t): Tap => {
    const positions = coordinates.map((x) => Math.min(Math.max(Math.floor(x) + 1 - radius + t, 0), size - 1));
    return { positions, weights: rows.map((row) => row[t] ?? 0) };
  });
  const used = taps.filter((tap) => tap.weights.some((w) => w !== 0));
  return used.length > 0 ? used : taps.slice(0, 1);
}

function weigh(filter: Filter, x: number, size: number, stretch: number, radius: number): number[] {
  const first = Math.floor(x) + 1 - radius;
  const raw = Array.from({ length: 2 * radius }, (_, t) => {
    const position = first + t;
    if (filter.excludeOutside && (position < 0 || position >= size)) return 0;
    const distance = Math.abs(position - x) * stretch;
    return filter.kind === 'linear' ? Math.max(0, 1 - distance) : cubic(distance, filter.cubicCoeff);
  });
  if (!filter.antialias && !filter.excludeOutside) return raw;
  const total = raw.reduce((sum, w) => sum + w, 0);
  return raw.map((w) => w / total);
}

/** Keys, "Cubic convolution interpolation for digital image processing" (1981), equation 4 with free `a`. */
function cubic(s: number, a: number): number {
  if (s <= 1) return ((a + 2) * s - (a + 3)) * s * s + 1;
  return s < 2 ? ((a * s - 5 * a) * s + 8 * a) * s - 4 * a : 0;
}
