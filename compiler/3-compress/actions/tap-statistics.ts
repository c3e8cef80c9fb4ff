import { type Matrix, makeMatrix } from '../../linalg/matrix.ts';
import type { Moments } from '../../linalg/moments.ts';
import { gram, transposedMultiply } from '../../linalg/multiply.ts';
import { sizeAt } from '../../tensor/shape.ts';
import { featureKey, type RowRequest } from '../calibrate/observe.ts';
import type { ChannelPlace } from './channel-place.ts';
import { whiten } from './whiten.ts';

/**
 * What the taps of a layer read. Elements (c, t) and (c', t') of an image are taken to covary by S[c, c'] T[t, t'], T being a
 * product of one matrix for each dimension of space.
 */
export interface TapStatistics {
  /** S [C, C] */
  readonly channels: Matrix;
  /** E x x' over positions [C, C] */
  readonly uncentred: Matrix;
  /** [C, taps] */
  readonly means: Float64Array;
  /** L with L L' = T, of each dimension of space [window, window] */
  readonly roots: readonly Matrix[];
}

const channelKey = ({ layer }: ChannelPlace): string => `channels before ${layer.name}`;
const spaceKey = ({ layer }: ChannelPlace, d: number): string => `dimension ${d} of space before ${layer.name}`;
const elementKey = ({ layer }: ChannelPlace): string => `elements before ${layer.name}`;

export function requestsOf(place: ChannelPlace): RowRequest[] {
  const { image, layer, window, kind } = place;
  return [
    { key: channelKey(place), values: [{ id: image, axis: 1 }] },
    ...window.map((_, d) => ({ key: spaceKey(place, d), values: [{ id: image, axis: d + 2 }] })),
    ...(kind === 'flattened'
      ? [{ key: elementKey(place), values: [{ id: layer.x, axis: 1 }], features: 'each' as const }]
      : []),
  ];
}

/** Undefined where one of the statistics is missing. */
export function tapStatisticsOf(
  place: ChannelPlace,
  statistics: ReadonlyMap<string, Moments>,
): TapStatistics | undefined {
  const { window, kind, channels } = place;
  const moments = statistics.get(channelKey(place));
  const along = window.flatMap((_, d) => statistics.get(spaceKey(place, d)) ?? []);
  if (!moments || along.length < window.length) return undefined;
  const uncentred = moments.secondMoment();
  if (kind === 'window') {
    const mean = moments.mean();
    const meanSquare = mean.reduce((sum, m) => sum + m * m, 0) / channels;
    const roots = along.map((each, d) => rootOf(atLags(place, each.secondMoment(), meanSquare, d)));
    return { channels: moments.covariance(), uncentred, means: windowMeans(place, mean), roots };
  }
  const means = elementMeans(place, (i) => statistics.get(featureKey(elementKey(place), i)));
  if (!means) return undefined;
  const sizes = [channels, ...window];
  const within = (whole: Matrix, d: number): Matrix => subtract(whole, productsAlong(means, sizes, d));
  return {
    channels: within(uncentred, 0),
    uncentred,
    means,
    roots: along.map((each, d) => rootOf(within(each.secondMoment(), d + 1))),
  };
}

/** L with L L' = T, T scaled to a mean of 1 on its diagonal. */
function rootOf(t: Matrix): Matrix {
  let diagonal = 0;
  for (let i = 0; i < t.rows; i++) diagonal += (t.data[i * t.columns + i] ?? 0) / t.rows;
  const { root } = whiten(t);
  const scale = diagonal > 0 ? 1 / Math.sqrt(diagonal) : 0;
  return makeMatrix(
    t.rows,
    t.columns,
    root.data.map((v) => v * scale),
  );
}

const subtract = (a: Matrix, b: Matrix): Matrix =>
  makeMatrix(
    a.rows,
    a.columns,
    a.data.map((v, at) => v - (b.data[at] ?? 0)),
  );

/** Taps k and k' read positions dilation (k - k') apart: covariance by distance, averaged along dimension d. */
function atLags({ layer, window }: ChannelPlace, along: Matrix, meanSquare: number, d: number): Matrix {
  const { dilations } = layer.node.attributes;
  const step = Array.isArray(dilations) ? (dilations[d] ?? 1) : 1;
  const size = window[d] ?? 1;
  const covariance = Array.from({ length: size }, (_, k) => {
    const lag = k * step;
    let sum = 0;
    for (let i = 0; i + lag < along.rows; i++) sum += (along.data[i * along.columns + i + lag] ?? 0) - meanSquare;
    return lag < along.rows ? sum / (along.rows - lag) : 0;
  });
  return makeMatrix(
    size,
    size,
    Float64Array.from(
      { length: size * size },
      (_, at) => covariance[Math.abs(Math.floor(at / size) - (at % size))] ?? 0,
    ),
  );
}

/** The channels' means at each tap, times the share of the output positions where the tap is not over padding. */
function windowMeans(place: ChannelPlace, mean: Float64Array): Float64Array {
  const { layer, channels, window, taps, imageShape, outputShape } = place;
  const at = (name: string, d: number, fallback: number): number => {
    const list = layer.node.attributes[name];
    return Array.isArray(list) ? (list[d] ?? fallback) : fallback;
  };
  let coverage = [1];
  window.forEach((size, d) => {
    const positions = sizeAt(outputShape, d + 2);
    const along = Array.from({ length: size }, (_, k) => {
      let inside = 0;
      for (let p = 0; p < positions; p++) {
        const from = p * at('strides', d, 1) + k * at('dilations', d, 1) - at('pads', d, 0);
        if (from >= 0 && from < sizeAt(imageShape, d + 2)) inside++;
      }
      return inside / positions;
    });
    coverage = coverage.flatMap((share) => along.map((own) => share * own));
  });
  return Float64Array.from(
    { length: channels * taps },
    (_, i) => (mean[Math.floor(i / taps)] ?? 0) * (coverage[i % taps] ?? 0),
  );
}

function elementMeans(
  { channels, taps }: ChannelPlace,
  momentsOf: (i: number) => Moments | undefined,
): Float64Array | undefined {
  const means = new Float64Array(channels * taps);
  for (let i = 0; i < means.length; i++) {
    const moments = momentsOf(i);
    if (!moments) return undefined;
    means[i] = moments.mean()[0] ?? 0;
  }
  return means;
}

/** Mean over all other dimensions of m m' along dimension d of a tensor of these sizes. */
function productsAlong(m: Float64Array, sizes: readonly number[], d: number): Matrix {
  const size = sizes[d] ?? 1;
  const inner = sizes.slice(d + 1).reduce((a, b) => a * b, 1);
  const others = m.length / size;
  const rows = makeMatrix(others, size);
  for (let i = 0; i < m.length; i++) {
    const outer = Math.floor(i / (size * inner));
    rows.data[(outer * inner + (i % inner)) * size + (Math.floor(i / inner) % size)] = (m[i] ?? 0) / Math.sqrt(others);
  }
  return gram(rows);
}

/** Rows (n, taps...) of w [N taps, C] so that their taps no longer covary: L' along each dimension of space. */
export function separateTaps(rows: Matrix, window: readonly number[], roots: readonly Matrix[]): Matrix {
  let data: Float64Array<ArrayBuffer> = Float64Array.from(rows.data);
  let inner = rows.columns;
  for (let d = window.length - 1; d >= 0; d--) {
    const size = window[d] ?? 1;
    const root = roots[d];
    if (!root) continue;
    const mixed = new Float64Array(data.length);
    const block = size * inner;
    for (let start = 0; start < data.length; start += block) {
      const part = makeMatrix(size, inner, data.slice(start, start + block));
      mixed.set(transposedMultiply(root, part).data, start);
    }
    data = mixed;
    inner = block;
  }
  return makeMatrix(rows.rows, rows.columns, data);
}
