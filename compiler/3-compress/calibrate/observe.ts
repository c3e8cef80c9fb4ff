import { halfOf } from '../../data/half-of.ts';
import { goldenRatio } from '../../data/spread-order.ts';
import type { Graph } from '../../ir/graph.ts';
import type { Feeds, MakeRunner } from '../../ir/trial.ts';
import { Moments } from '../../linalg/moments.ts';
import { type FeatureValue, featuresAlong } from './features-along.ts';
import { outputNameOf, withOutputs } from './with-outputs.ts';

/**
 * Rows to take statistics of: at every position of the first value, the features of all of them side by side. `axis` is
 * the dimension that holds a value's features; the other dimensions are its positions, equally many in all values.
 */
export interface RowRequest {
  readonly key: string;
  readonly values: readonly FeatureValue[];
  /**
   * `each`: one entry per feature instead, under `featureKey(key, feature)`: mean and covariance of that feature of all
   * values, which have equally many. For widths whose whole covariance is out of reach.
   */
  readonly features?: 'together' | 'each';
  /** one half of the samples only, so that a fit on it can be judged on the other */
  readonly half?: ReturnType<typeof halfOf>;
  /** the graph that computes the values, of the same inputs, where that is another than the one observed */
  readonly graph?: Graph;
}

/** Where the statistics of one feature are found. */
export const featureKey = (key: string, feature: number): string => `${key} ${feature}`;

/** Rows per column that a request is content with: more would make its covariance hardly better. */
const rowsPerColumn = 16;
const fewestRows = 4096;
/** Positions of one sample are alike: fewer samples than this stand for no data, however many rows they give. */
const fewestSamples = 64;

/**
 * Runs samples through the graph and gathers mean and covariance of each request's rows: as many samples as the request
 * with the fewest positions asks for, and of values with many positions an even selection. A request without a finite row,
 * and a feature of one, has no entry.
 */
export function observe(
  graph: Graph,
  requests: readonly RowRequest[],
  samples: readonly Feeds[],
  makeRunner: MakeRunner,
): ReadonlyMap<string, Moments> {
  const graphs = new Set(requests.map((request) => request.graph ?? graph));
  const found = [...graphs].map((one) => {
    const own = requests.filter((request) => (request.graph ?? graph) === one);
    return observeOne(one, own, samples, makeRunner);
  });
  return new Map(found.flatMap((statistics) => [...statistics]));
}

function observeOne(
  graph: Graph,
  requests: readonly RowRequest[],
  samples: readonly Feeds[],
  makeRunner: MakeRunner,
): ReadonlyMap<string, Moments> {
  const ids = [...new Set(requests.flatMap((request) => request.values.map(({ id }) => id)))];
  if (ids.length === 0) return new Map();
  const runner = makeRunner(withOutputs(graph, ids));
  const shapes = [...new Map(requests.map((request) => [request.key, request])).values()].map((request) =>
    shapeOfRows(graph, request),
  );
  const wanted = Math.max(
    fewestSamples,
    ...shapes.map(({ rows, positions }) => Math.ceil(rows / Math.max(1, positions))),
  );
  const used = samples.slice(0, wanted);
  const readers = shapes.map((shape) => makeReader(shape, used.length));
  used.forEach((feeds, i) => {
    const found = runner.peek(feeds);
    for (const reader of readers) reader.take(found, i);
  });
  return new Map(readers.flatMap(({ finish }) => finish()).filter(([, { count }]) => count > 0));
}

function shapeOfRows(graph: Graph, { key, values, half, features }: RowRequest) {
  const sources = values.map((value) => ({ name: outputNameOf(value.id), ...featuresAlong(graph, value) }));
  const width = sources.reduce((sum, source) => sum + source.width, 0);
  const isSplit = features === 'each';
  const rows = Math.max(fewestRows, rowsPerColumn * (isSplit ? sources.length : width));
  return { key, sources, width, rows, half, isSplit, positions: sources[0]?.positions ?? 0 };
}

function makeReader(
  { key, sources, width, rows: wanted, half, isSplit, positions }: ReturnType<typeof shapeOfRows>,
  samples: number,
) {
  const step = Math.max(1, Math.floor((positions * samples) / wanted));
  const gatherer = isSplit ? splitFeatures(key, sources.length, width / sources.length) : joinFeatures(key, width);
  return {
    finish: gatherer.finish,
    take(found: ReturnType<ReturnType<MakeRunner>['run']>, sample: number): void {
      if (half !== undefined && halfOf(sample) !== half) return;
      // Each sample starts elsewhere, so that over the samples every position is seen as often.
      const first = Math.floor(((sample * goldenRatio) % 1) * step);
      const count = Math.max(0, Math.ceil((positions - first) / step));
      const rows = new Float32Array(count * width);
      let column = 0;
      for (const source of sources) {
        const data = found[source.name];
        for (let row = 0; row < count; row++) {
          const position = first + row * step;
          const outer = Math.floor(position / source.inner);
          const start = outer * source.width * source.inner + (position % source.inner);
          const to = row * width + column;
          if (source.inner === 1 && data instanceof Float32Array) {
            rows.set(data.subarray(start, start + source.width), to);
            continue;
          }
          for (let i = 0, at = start; i < source.width; i++, at += source.inner) rows[to + i] = Number(data?.[at]);
        }
        column += source.width;
      }
      const finite = keepFinite(rows, width);
      gatherer.add(finite, finite.length / width);
    },
  };
}

/** Without the rows that overflowed or have no value: those of a unit that is always so are none. In place. */
function keepFinite(rows: Float32Array, width: number): Float32Array {
  if (rows.every(Number.isFinite)) return rows;
  let kept = 0;
  for (let start = 0; start < rows.length; start += width)
    if (rows.subarray(start, start + width).every(Number.isFinite)) {
      rows.copyWithin(kept, start, start + width);
      kept += width;
    }
  return rows.subarray(0, kept);
}

/** Takes rows of all features of all values side by side. */
interface Gatherer {
  add(rows: Float32Array, count: number): void;
  finish(): [string, Moments][];
}

/** Rows kept back, so that moments of samples with few positions are products of matrices too. */
const joinedRows = 256;

function joinFeatures(key: string, width: number): Gatherer {
  const moments = new Moments(width);
  const pending = new Float32Array(joinedRows * width);
  let filled = 0;
  const flush = (): void => {
    moments.add(pending.subarray(0, filled * width), filled);
    filled = 0;
  };
  return {
    add(rows, count) {
      if (filled + count > joinedRows) flush();
      if (count > joinedRows) return moments.add(rows, count);
      pending.set(rows, filled * width);
      filled += count;
    },
    finish() {
      flush();
      return [[key, moments]];
    },
  };
}

/** The same for moments of one feature each. */
const splitRows = 64;

function splitFeatures(key: string, values: number, features: number): Gatherer {
  const moments = Array.from({ length: features }, () => new Moments(values));
  const pending = new Float32Array(features * splitRows * values);
  let filled = 0;
  const flush = (): void => {
    const stride = splitRows * values;
    moments.forEach((each, f) => {
      each.add(pending.subarray(f * stride, f * stride + filled * values), filled);
    });
    filled = 0;
  };
  return {
    add(rows, count) {
      for (let row = 0; row < count; row++) {
        for (let v = 0; v < values; v++) {
          for (let f = 0; f < features; f++)
            pending[(f * splitRows + filled) * values + v] = rows[(row * values + v) * features + f] ?? 0;
        }
        if (++filled === splitRows) flush();
      }
    },
    finish() {
      if (filled > 0) flush();
      return moments.map((each, f) => [featureKey(key, f), each]);
    },
  };
}
