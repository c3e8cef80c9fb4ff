import type { Graph } from '../../ir/graph.ts';
import { type Matrix, makeMatrix } from '../../linalg/matrix.ts';
import type { Moments } from '../../linalg/moments.ts';
import { multiply, transposedMultiply } from '../../linalg/multiply.ts';
import { svd } from '../../linalg/svd.ts';
import { symmetricEigen } from '../../linalg/symmetric-eigen.ts';
import { balanceFactors } from '../../rewrite/balance-factors.ts';
import { factorOutputs } from '../../rewrite/factor-layer.ts';
import { sizeAt } from '../../tensor/shape.ts';
import { featureKey } from '../calibrate/observe.ts';
import type { Candidate, FindCandidates, Level } from '../candidate.ts';
import { findLayers, macsOf, parametersOf, type WeightLayer } from '../layers.ts';
import { networkHeadsOf } from '../network-heads.ts';

/**
 * Low rank by the principal components of a layer's outputs (the centred, whitened SVD; DRONE, AFM, COALA): with
 * Cov(y) = U diag(s) U', y is replaced by its projection on the first r columns of U around its mean:
 *
 *     y' = ybar + U_r U_r' (W x + b - ybar),   first = U_r' W,   second = U_r,   bias = U_r U_r' (b - ybar) + ybar.
 *
 * Its mean squared error is the sum of the other eigenvalues, exactly, so ranks are comparable across layers.
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
    return findLayers(graph)
      .filter((layer) => layer.outputs > 1 && saves(layer, 1))
      .map((layer) => ({ ...rankCandidate(layer, weighting), isHead: isHead(layer.y) }));
  };

const saves = (layer: WeightLayer, rank: number): boolean =>
  rank * (layer.inputs + layer.outputs) < parametersOf(layer);

function rankCandidate(layer: WeightLayer, weighting: Weighting): Candidate {
  return {
    pass: 'truncate-rank',
    name: layer.name,
    output: layer.y,
    axis: layer.axis,
    parameters: parametersOf(layer),
    macs: macsOf(layer),
    requests: requestsOf(layer, weighting),
    levels: (statistics) => {
      const spectrum = spectrumOf(layer, weighting, statistics);
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

/** Left singular vectors, their squared singular values, and the mean that the factored layer keeps. */
interface Spectrum {
  readonly values: Float64Array;
  readonly vectors: Matrix;
  readonly mean: Float64Array;
}

function spectrumOf(
  layer: WeightLayer,
  weighting: Weighting,
  statistics: ReadonlyMap<string, Moments>,
): Spectrum | undefined {
  if (weighting === 'full') {
    const moments = statistics.get(outputsKey(layer));
    return moments && { ...symmetricEigen(moments.covariance()), mean: moments.mean() };
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
  return { values: singular.map((s) => s * s), vectors: u, mean: Float64Array.from(layer.bias) };
}

function rankLevels(layer: WeightLayer, { values, vectors, mean }: Spectrum): Level[] {
  const total = values.reduce((sum, value) => sum + Math.max(0, value), 0);
  if (!(total > 0)) return [];
  return ranksFor(layer).map((rank) => {
    const tail = values.slice(rank).reduce((sum, value) => sum + Math.max(0, value), 0);
    const parameters = rank * (layer.inputs + layer.outputs);
    return {
      label: `rank ${rank}`,
      error: tail / total,
      parameters,
      macs: parameters * layer.positions,
      rule: factorOutputs(truncate(layer, vectors, mean, rank)),
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
function truncate(layer: WeightLayer, vectors: Matrix, mean: Float64Array, rank: number) {
  const { outputs, inputs } = layer;
  const basis = makeMatrix(outputs, rank);
  for (let i = 0; i < outputs; i++) {
    for (let j = 0; j < rank; j++) basis.data[i * rank + j] = vectors.data[i * vectors.columns + j] ?? 0;
  }
  const weights = makeMatrix(outputs, inputs, Float64Array.from(layer.weights.data as Float32Array));
  const first = transposedMultiply(basis, weights);
  const shift = makeMatrix(
    outputs,
    1,
    Float64Array.from(layer.bias, (b, i) => b - (mean[i] ?? 0)),
  );
  const bias = multiply(basis, transposedMultiply(basis, shift)).data.map((v, i) => v + (mean[i] ?? 0));
  balanceFactors(first, basis);
  return { rank, first: first.data, second: basis.data, bias };
}
