import { observe } from '../../../compiler/3-compress/calibrate/observe.ts';
import { optimise } from '../../../compiler/3-compress/pipeline.ts';
import type { DataSet } from '../../../compiler/data/data-set.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { type Matrix, makeMatrix, sliceColumns } from '../../../compiler/linalg/matrix.ts';
import { multiply, transposedMultiply } from '../../../compiler/linalg/multiply.ts';
import { svd } from '../../../compiler/linalg/svd.ts';
import { symmetricEigen } from '../../../compiler/linalg/symmetric-eigen.ts';
import { factorOutputs } from '../../../compiler/rewrite/factor-layer.ts';
import { findLayers, parametersOf, type WeightLayer } from '../../../compiler/rewrite/layers.ts';
import { replaceNodes } from '../../../compiler/rewrite/replace-nodes.ts';
import { makeRunner } from '../../../compiler/trial/make-runner.ts';
import { truncateTo, weightsOf } from '../compression/rank-arms.ts';

export interface Truncated {
  readonly graph: Graph;
  /** weights of matrices over those of the original */
  readonly share: number;
}

/** Training images that statistics are taken on. */
const calibrationSamples = 2000;

export const calibrationOf = (train: DataSet) =>
  Array.from({ length: Math.min(calibrationSamples, train.size) }, (_, i) => train.feedsOf(i));

/** By lcc: components of the layers' outputs on training images, ranks by one price of a weight; norms folded first. */
export const truncateByPrice = (graph: Graph, train: DataSet, share: number): Truncated =>
  truncateTo(optimise(graph).graph, 'full', calibrationOf(train), share);

/** Plain SVD of the weights, ranks by one threshold; norms folded first. */
export function truncatePlain(graph: Graph, share: number): Truncated {
  const folded = optimise(graph).graph;
  const spectra = findLayers(folded).map((layer): Spectrum => {
    const { u, singular } = svd(matrixOf(layer));
    return { layer, vectors: u, singular, mean: Float64Array.from(layer.bias) };
  });
  return truncateByThreshold(folded, spectra, share);
}

/** Principal components of the layers' outputs on training images, ranks by one threshold; norms folded first. */
export function truncateWhitened(graph: Graph, train: DataSet, share: number): Truncated {
  const folded = optimise(graph).graph;
  const layers = findLayers(folded);
  const requests = layers.map(({ name, y, axis }) => ({ key: name, values: [{ id: y, axis }] }));
  const statistics = observe(folded, requests, calibrationOf(train), makeRunner);
  const spectra = layers.flatMap((layer): Spectrum[] => {
    const moments = statistics.get(layer.name);
    if (!moments) return [];
    const { values, vectors } = symmetricEigen(moments.covariance());
    return [{ layer, vectors, singular: values.map((v) => Math.sqrt(Math.max(0, v))), mean: moments.mean() }];
  });
  return truncateByThreshold(folded, spectra, share);
}

/** y = mean + sum of u_i u_i' (y - mean), u_i the columns of `vectors`, those of the largest `singular` first. */
interface Spectrum {
  readonly layer: WeightLayer;
  readonly vectors: Matrix;
  readonly singular: Float64Array;
  readonly mean: Float64Array;
}

const halvings = 40;

/**
 * Of all layers the components stay whose singular value is at least t times the largest of their layer (papers.md 3.4),
 * with the least t that leaves `share` of the weights at most. A layer that would be no smaller as two stays whole.
 */
function truncateByThreshold(graph: Graph, spectra: readonly Spectrum[], share: number): Truncated {
  const total = weightsOf(graph);
  const cutsAt = (least: number): readonly Cut[] =>
    spectra.flatMap((spectrum) => {
      const { layer, singular } = spectrum;
      const rank = Math.max(1, singular.filter((s) => s >= least * (singular[0] ?? 0)).length);
      const saved = parametersOf(layer) - rank * (layer.inputs + layer.outputs);
      return saved > 0 ? [{ spectrum, rank, saved }] : [];
    });
  const leftBy = (cuts: readonly Cut[]): number => total - cuts.reduce((sum, { saved }) => sum + saved, 0);
  let [low, high] = [0, 1];
  for (let i = 0; i < halvings; i++) {
    const middle = (low + high) / 2;
    if (leftBy(cutsAt(middle)) <= share * total) high = middle;
    else low = middle;
  }
  const rules = cutsAt(high).map(
    ({ spectrum, rank }) => [spectrum.layer.y, factorOutputs(factorsOf(spectrum, rank))] as const,
  );
  const truncated = replaceNodes(graph, new Map(rules)).graph;
  return { graph: truncated, share: weightsOf(truncated) / total };
}

interface Cut {
  readonly spectrum: Spectrum;
  readonly rank: number;
  readonly saved: number;
}

/** first = U_r' W, second = U_r, bias = U_r U_r' (b - mean) + mean. */
function factorsOf({ layer, vectors, mean }: Spectrum, rank: number) {
  const second = sliceColumns(vectors, 0, rank);
  const shift = Float64Array.from(layer.bias, (b, i) => b - (mean[i] ?? 0));
  const projected = multiply(second, transposedMultiply(second, makeMatrix(layer.outputs, 1, shift)));
  return {
    rank,
    first: transposedMultiply(second, matrixOf(layer)).data,
    second: second.data,
    bias: projected.data.map((v, i) => v + (mean[i] ?? 0)),
  };
}

const matrixOf = ({ outputs, inputs, weights }: WeightLayer): Matrix =>
  makeMatrix(outputs, inputs, Float64Array.from(weights.data, Number));
