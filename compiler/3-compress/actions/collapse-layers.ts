import type { Graph } from '../../ir/graph.ts';
import { makeMatrix, trace } from '../../linalg/matrix.ts';
import type { Moments } from '../../linalg/moments.ts';
import {
  applyMap,
  collapseBySlopes,
  collapseOnto,
  compose,
  type LinearMap,
  scaleRows,
} from '../../rewrite/collapse.ts';
import { findLayers, isPointwise, macsOf, parametersOf, type WeightLayer } from '../../rewrite/layers.ts';
import { uniqueNames } from '../../rewrite/unique-names.ts';
import { type LinearEnd, linearEndOf, unitMapTo, type ValueView, viewOf } from '../../rewrite/unit-map.ts';
import { sizesOf } from '../../tensor/shape.ts';
import { featureKey } from '../calibrate/observe.ts';
import type { Candidate, FindCandidates, Level } from '../candidate.ts';
import { findBlocks } from './collapse-blocks.ts';
import { fitLinear, type JointRows, jointRows, poolHalves, squaredError, widestRows } from './fit-linear.ts';
import { linearLevels, type StandIn } from './linear-levels.ts';

/** Share of the variance below which a difference of errors means nothing. */
const rounding = 1e-9;

/**
 * LayerCollapse: layer, function of each unit, layer become one linear map, or two of a lower rank (papers.md 1.5, 1.9).
 * With z = W1 x + b1, h = phi(z), y = W2 h + b2 the map is the one of these that errs least on the calibration data:
 *
 * - the activation at its linear end (PReLU slope 1): s as the scales between say, t = E h - s E z, which for a slope a is
 *   the correction by (1 - a) W2 E relu(-z);
 * - slopes of each unit: s = Cov(z, h) / Var(z), t = E h - s E z; both W = W2 diag(s) W1, b = W2 (s b1 + t) + b2;
 * - least squares on the whole, around the better of the two.
 *
 * Whole branches of residual blocks, attention included, get the least squares alone.
 */
export const collapseLayers: FindCandidates = (graph) => {
  const pairs = findPairs(graph);
  const taken = new Set(pairs.map(({ outer }) => outer.y));
  return [...pairs.map(pairCandidate), ...findBlocks(graph, taken)];
};

interface Pair {
  readonly inner: WeightLayer;
  readonly outer: WeightLayer;
  /** name of the value that the inner layer reads */
  readonly from: string;
  readonly linearEnd: LinearEnd | undefined;
  /** statistics are of x where it is no wider than z and at the same positions, else of z */
  readonly seen: 'x' | 'z';
}

function findPairs(graph: Graph): Pair[] {
  const view = viewOf(graph);
  const layers = findLayers(graph);
  const byOutput = new Map(layers.map((layer) => [layer.y, layer]));
  const names = uniqueNames(graph);
  return layers.flatMap((outer): Pair[] => {
    if (!isPointwise(outer) || !isUnitStride(outer)) return [];
    const z = unitMapTo(view, outer.x, outer.axis);
    const inner = z === undefined ? undefined : byOutput.get(z);
    const from = inner && graph.values.get(inner.x)?.name;
    if (!inner || inner.op !== outer.op || from === undefined || !names.has(from)) return [];
    const pair = makePair(view, inner, outer, from);
    return pair ? [pair] : [];
  });
}

const isUnitStride = ({ node }: WeightLayer): boolean => {
  const { strides } = node.attributes;
  return !Array.isArray(strides) || strides.every((step) => step === 1);
};

function makePair(view: ValueView, inner: WeightLayer, outer: WeightLayer, from: string): Pair | undefined {
  const isSamePlace = isPointwise(inner) && isUnitStride(inner);
  const seen = isSamePlace && inner.inputs <= inner.outputs ? 'x' : 'z';
  const width = seen === 'x' ? inner.inputs : inner.outputs;
  if (width + outer.outputs > widestRows) return undefined;
  return { inner, outer, from, seen, linearEnd: linearEndOf(view, inner.y, outer.x, outer.axis) };
}

function pairCandidate(pair: Pair): Candidate {
  const { inner, outer, seen } = pair;
  const keys = keysOf(outer.name);
  const values = [
    { id: seen === 'x' ? inner.x : inner.y, axis: inner.axis },
    { id: outer.y, axis: outer.axis },
  ];
  const units = [
    { id: inner.y, axis: inner.axis },
    { id: outer.x, axis: outer.axis },
  ];
  return {
    pass: 'collapse-layers',
    name: outer.name,
    output: outer.y,
    axis: outer.axis,
    parameters: parametersOf(inner) + parametersOf(outer),
    macs: macsOf(inner) + macsOf(outer),
    requests: [
      { key: keys.even, values, half: 'even' },
      { key: keys.odd, values, half: 'odd' },
      { key: keys.units, values: units, features: 'each' },
    ],
    levels: (statistics) => pairLevels(pair, statistics),
  };
}

/** Names of the statistics of a place. */
const keysOf = (name: string) => ({
  even: `collapse of ${name}, even samples`,
  odd: `collapse of ${name}, odd samples`,
  units: `units before ${name}`,
});

function pairLevels(pair: Pair, statistics: ReadonlyMap<string, Moments>): Level[] {
  const { inner, outer, seen, linearEnd } = pair;
  const keys = keysOf(outer.name);
  const [even, odd] = [statistics.get(keys.even), statistics.get(keys.odd)];
  const inputs = seen === 'x' ? inner.inputs : inner.outputs;
  const rows = jointRows(poolHalves(even, odd), inputs);
  const slopes = linearEnd?.isExact ? [exactSlopes(linearEnd)] : rows ? slopesOf(pair, statistics) : [];
  const guesses = slopes.map((of): Guess => ({ ...of, ...mapsOf(pair, of), rows }));
  const byGuess = least(guesses);
  if (!byGuess) return [];
  const fitted = linearEnd?.isExact ? undefined : fitLinear(even, odd, inputs, byGuess.seenMap);
  const isBetter = fitted && rows && byGuess.error - fitted.error > rounding * trace(rows.yy);
  const map = isBetter ? lift(pair, fitted.map) : byGuess.map;
  const otherwise = collapseBySlopes(byGuess.slopes, byGuess.shifts, outer.axis);
  const form = {
    x: pair.from,
    op: inner.op,
    tail: sizesOf(inner.weights.shape).slice(1),
    attributes: inner.node.attributes,
  };
  const place = {
    parameters: parametersOf(inner) + parametersOf(outer),
    positions: outer.positions,
    rankLimit: inner.outputs,
    rule: (of: Parameters<typeof collapseOnto>[1]) => collapseOnto(form, of, otherwise),
  };
  if (!rows) return exactLevel(place, byGuess);
  const standIn: StandIn = isBetter
    ? { label: 'linear by least squares', seen: fitted.map, map, error: fitted.error, rows }
    : { label: byGuess.label, seen: byGuess.seenMap, map, error: byGuess.error, rows };
  return linearLevels(place, standIn);
}

interface Slopes {
  readonly label: string;
  readonly slopes: Float64Array;
  readonly shifts: Float64Array;
}

interface Guess extends Slopes {
  readonly seenMap: LinearMap;
  readonly map: LinearMap;
  readonly rows: JointRows | undefined;
}

const exactSlopes = ({ scale, shift }: LinearEnd): Slopes => ({
  label: 'linear as it is',
  slopes: Float64Array.from(scale),
  shifts: Float64Array.from(shift),
});

/** The activation at its linear end where it has one, and by the slopes that fit it best. */
function slopesOf({ inner, outer, linearEnd }: Pair, statistics: ReadonlyMap<string, Moments>): Slopes[] {
  const key = keysOf(outer.name).units;
  const moments = Array.from({ length: inner.outputs }, (_, unit) => statistics.get(featureKey(key, unit)));
  if (moments.includes(undefined)) return [];
  const means = moments.map((each) => each?.mean() ?? []);
  const shiftsFor = (slopes: Float64Array): Float64Array =>
    slopes.map((s, unit) => (means[unit]?.[1] ?? 0) - s * (means[unit]?.[0] ?? 0));
  const best = Float64Array.from(moments, (each) => {
    const [zz = 0, zh = 0] = each?.covariance().data ?? [];
    return zz > 0 ? zh / zz : 0;
  });
  const bySlope: Slopes = { label: 'linear by slopes', slopes: best, shifts: shiftsFor(best) };
  if (!linearEnd) return [bySlope];
  const end = Float64Array.from(linearEnd.scale);
  return [{ label: 'linear at the end of its activation', slopes: end, shifts: shiftsFor(end) }, bySlope];
}

const layerMap = (layer: WeightLayer): LinearMap => ({
  weights: makeMatrix(layer.outputs, layer.inputs, Float64Array.from(layer.weights.data, Number)),
  bias: Float64Array.from(layer.bias),
});

function mapsOf({ inner, outer, seen }: Pair, { slopes, shifts }: Slopes): { seenMap: LinearMap; map: LinearMap } {
  const second = layerMap(outer);
  const map = compose(second, scaleRows(layerMap(inner), slopes, shifts));
  if (seen === 'x') return { seenMap: map, map };
  return { seenMap: { weights: scaleColumns(second, slopes), bias: applyMap(second, shifts) }, map };
}

const scaleColumns = ({ weights: { rows, columns, data } }: LinearMap, by: Float64Array) =>
  makeMatrix(
    rows,
    columns,
    data.map((w, at) => w * (by[at % columns] ?? 0)),
  );

/** A map of what was seen as one of what the inner layer reads. */
const lift = ({ inner, seen }: Pair, map: LinearMap): LinearMap => (seen === 'x' ? map : compose(map, layerMap(inner)));

/** The guess of least error on all rows, the first of equals; without rows an exact one. */
function least(guesses: readonly Guess[]): (Guess & { error: number }) | undefined {
  let best: (Guess & { error: number }) | undefined;
  for (const guess of guesses) {
    const error = guess.rows ? squaredError(guess.seenMap, guess.rows) : 0;
    if (!best || error < best.error) best = { ...guess, error };
  }
  return best;
}

function exactLevel(place: Parameters<typeof linearLevels>[0], { label, map }: Guess): Level[] {
  const { rows, columns } = map.weights;
  const parameters = rows * columns;
  if (parameters >= place.parameters) return [];
  return [{ label, error: 0, parameters, macs: parameters * place.positions, rule: place.rule(map) }];
}
