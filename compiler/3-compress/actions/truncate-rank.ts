import type { Graph } from '../../ir/graph.ts';
import { factorWithInverse } from '../../linalg/inverse-factor.ts';
import { type Matrix, makeMatrix, sliceColumns, trace } from '../../linalg/matrix.ts';
import type { Moments } from '../../linalg/moments.ts';
import { multiply, transposedMultiply } from '../../linalg/multiply.ts';
import { svd } from '../../linalg/svd.ts';
import { symmetricEigen } from '../../linalg/symmetric-eigen.ts';
import { balanceFactors } from '../../rewrite/balance-factors.ts';
import { factorOutputs } from '../../rewrite/factor-layer.ts';
import { findLayers, macsOf, parametersOf, type WeightLayer } from '../../rewrite/layers.ts';
import { sizeAt } from '../../tensor/shape.ts';
import { featureKey } from '../calibrate/observe.ts';
import { type OutputMetrics, outputMetrics } from '../calibrate/output-metric.ts';
import type { Candidate, FindCandidates, Level } from '../candidate.ts';
import { networkHeadsOf } from '../network-heads.ts';

/**
 * Low rank by the principal components of a layer's outputs (the centred, whitened SVD; DRONE, AFM, COALA): with
 * Cov(y) = U diag(s) U', y is replaced by its projection on the first r columns of U around its mean:
 *
 *     y' = ybar + U_r U_r' (W x + b - ybar),   first = U_r' W,   second = U_r,   bias = U_r U_r' (b - ybar) + ybar.
 *
 * Its mean squared error is the sum of the other eigenvalues, exactly, so ranks are comparable across layers.
 *
 * Where it is known what an error of the outputs costs further on, e' G e (calibrate/output-metric.ts), components are those
 * of the outputs in that metric: with G = R R', R' y has the components V, first = (R V_r)' W and second = R'^-1 V_r, and
 * the error is what is left of e' G e, G taken to have 1s on its diagonal on average.
 */
export const truncateRank: FindCandidates = (graph) => truncateRankBy('full')(graph);

/**
 * What the singular vectors U are those of. full: the output covariance, as above. diagonal: W diag(rms x) (LoRAP), the
 * inputs taken for uncorrelated. none: W itself. The latter two keep the bias, and their errors are shares of the energy of
 * that matrix: with `none` nothing is known of the data.
 */
export type Weighting = 'none' | 'diagonal' | 'full';

export const truncateRankBy =
  (weighting: Weighting): FindCandidates =>
  (graph: Graph) => {
    const isHead = networkHeadsOf(graph);
    const layers = findLayers(graph);
    const metrics = outputMetrics(graph, layers);
    return layers
      .filter((layer) => layer.outputs > 1 && saves(layer, 1))
      .map((layer) => ({ ...rankCandidate(layer, weighting, metrics), isHead: isHead(layer.y) }));
  };

const saves = (layer: WeightLayer, rank: number): boolean =>
  rank * (layer.inputs + layer.outputs) < parametersOf(layer);

function rankCandidate(layer: WeightLayer, weighting: Weighting, metrics: OutputMetrics): Candidate {
  return {
    pass: 'truncate-rank',
    name: layer.name,
    output: layer.y,
    axis: layer.axis,
    parameters: parametersOf(layer),
    macs: macsOf(layer),
    requests: [...requestsOf(layer, weighting), ...(weighting === 'full' ? metrics.requestsOf(layer) : [])],
    levels: (statistics) => {
      const spectrum = spectrumOf(layer, weighting, statistics, metrics);
      return spectrum ? rankLevels(layer, spectrum) : [];
    },
  };
}

const outputsKey = ({ name }: WeightLayer): string => `outputs of ${name}`;
const inputsKey = ({ name }: WeightLayer): string => `inputs of ${name}`;

function requestsOf(layer: WeightLayer, weighting: Weighting): Candidate['requests'] {
  switch (weighting) {
    case 'full':
      return [{ key: outputsKey(layer), values: [{ id: layer.y, axis: layer.axis }] }];
    case 'diagonal':
      return [{ key: inputsKey(layer), values: [{ id: layer.x, axis: layer.axis }], features: 'each' }];
    case 'none':
      return [];
    default:
      return weighting satisfies never;
  }
}

/** The outputs' components y = mean + sum of back_i (into_i' (y - mean)), columns of `back` and `into`, the largest first. */
interface Spectrum {
  /** what leaving a component out costs */
  readonly values: Float64Array;
  /** what leaving all of them out costs where all errors cost the same */
  readonly total: number;
  readonly into: Matrix;
  readonly back: Matrix;
  /** what the factored layer keeps */
  readonly mean: Float64Array;
}

function spectrumOf(
  layer: WeightLayer,
  weighting: Weighting,
  statistics: ReadonlyMap<string, Moments>,
  metrics: OutputMetrics,
): Spectrum | undefined {
  if (weighting === 'full') {
    const moments = statistics.get(outputsKey(layer));
    if (!moments) return undefined;
    return { ...componentsOf(moments.covariance(), metrics.metricOf(layer, statistics)), mean: moments.mean() };
  }
  const { outputs, inputs, weights } = layer;
  const features = sizeAt(weights.shape, 1);
  const rms = Array.from({ length: features }, (_, i) => {
    const moments = statistics.get(featureKey(inputsKey(layer), i));
    return moments ? Math.sqrt(moments.secondMoment().data[0] ?? 0) : undefined;
  });
  if (weighting === 'diagonal' && rms.includes(undefined)) return undefined;
  const taps = inputs / features;
  const data = Float64Array.from(weights.data, Number).map((w, at) => w * (rms[Math.floor((at % inputs) / taps)] ?? 1));
  const { u, singular } = svd(makeMatrix(outputs, inputs, data));
  const values = singular.map((s) => s * s);
  return { values, total: sumOf(values), into: u, back: u, mean: Float64Array.from(layer.bias) };
}

const sumOf = (values: Float64Array): number => values.reduce((sum, value) => sum + Math.max(0, value), 0);

/** How much of a metric is taken for what it is on average, output by output: inputs not seen may go other ways. */
const diagonalShare = 0.3;
/** Added to its diagonal, on average 1: outputs that nothing seems to read have components too. */
const floor = 1e-3;

function componentsOf(covariance: Matrix, metric: Matrix | undefined): Omit<Spectrum, 'mean'> {
  const total = trace(covariance);
  const scale = metric ? metric.rows / trace(metric) : 0;
  if (!metric || !Number.isFinite(scale)) {
    const { values, vectors } = symmetricEigen(covariance);
    return { values, total, into: vectors, back: vectors };
  }
  const shares = metric.data.map((v, at) => scale * v * (at % (metric.rows + 1) === 0 ? 1 : 1 - diagonalShare));
  const { factor, inverse } = factorWithInverse(makeMatrix(metric.rows, metric.rows, shares), floor);
  const { values, vectors } = symmetricEigen(transposedMultiply(factor, multiply(covariance, factor)));
  return { values, total, into: multiply(factor, vectors), back: transposedMultiply(inverse, vectors) };
}

function rankLevels(layer: WeightLayer, spectrum: Spectrum): Level[] {
  const { values, total } = spectrum;
  if (!(total > 0)) return [];
  return ranksFor(layer).map((rank) => {
    const tail = sumOf(values.slice(rank));
    const parameters = rank * (layer.inputs + layer.outputs);
    return {
      label: `rank ${rank}`,
      error: tail / total,
      parameters,
      macs: parameters * layer.positions,
      rule: factorOutputs(truncate(layer, spectrum, rank)),
    };
  });
}

/** Ranks that kernels like (multiples of 8 once they are large) and that save something, largest first. */
function ranksFor(layer: WeightLayer): number[] {
  const ranks: number[] = [];
  for (let rank = Math.min(layer.outputs, layer.inputs) - 1; rank >= 1; rank--) {
    const step = rank <= 4 ? 1 : rank <= 16 ? 2 : rank <= 32 ? 4 : rank <= 128 ? 8 : rank <= 512 ? 16 : 32;
    if (rank % step === 0 && saves(layer, rank)) ranks.push(rank);
  }
  return ranks;
}

/** The factors of rank r, balanced: row i of `first` and column i of `second` have equal norms. */
function truncate(layer: WeightLayer, { into, back, mean }: Spectrum, rank: number) {
  const { outputs, inputs } = layer;
  const [analysis, second] = [sliceColumns(into, 0, rank), sliceColumns(back, 0, rank)];
  const weights = makeMatrix(outputs, inputs, Float64Array.from(layer.weights.data as Float32Array));
  const first = transposedMultiply(analysis, weights);
  const shift = makeMatrix(
    outputs,
    1,
    Float64Array.from(layer.bias, (b, i) => b - (mean[i] ?? 0)),
  );
  const bias = multiply(second, transposedMultiply(analysis, shift)).data.map((v, i) => v + (mean[i] ?? 0));
  balanceFactors(first, second);
  return { rank, first: first.data, second: second.data, bias };
}
