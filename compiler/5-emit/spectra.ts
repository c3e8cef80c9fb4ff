import type { Graph } from '../ir/graph.ts';
import type { ActionReport, SpectrumReport } from '../ir/report.ts';
import { makeMatrix } from '../linalg/matrix.ts';
import { singularValues } from '../linalg/singular-values.ts';
import { findLayers, type WeightLayer } from '../rewrite/layers.ts';

/** Multiply-adds that all spectra of a model may take: about half a second. */
const mostWork = 1e9;
/** Points of one spectrum. */
const mostPoints = 32;
const digits = 4;

/**
 * Singular values of the layers' weights [outputs, inputs], convolutions as channels times taps, with the ranks that
 * compression chose. Where all of them would take long, the largest matrices go without values.
 */
export function findSpectra(graph: Graph, actions: readonly ActionReport[]): SpectrumReport[] {
  const layers = findLayers(graph);
  const affordable = cheapest(layers);
  return layers.map((layer) => {
    const { name, outputs, inputs } = layer;
    const rank = rankOf(layer, actions);
    const values = affordable.has(layer) ? pointsOf(layer) : undefined;
    return { name, outputs, inputs, ...(rank !== undefined && { rank }), ...(values && { values }) };
  });
}

/** Of the least work, as many as can be afforded. */
function cheapest(layers: readonly WeightLayer[]): ReadonlySet<WeightLayer> {
  let work = 0;
  const byWork = [...layers].sort((a, b) => workOf(a) - workOf(b));
  return new Set(
    byWork.filter((layer) => {
      work += workOf(layer);
      return work <= mostWork;
    }),
  );
}

/** Of the smaller Gram matrix, and of making it tridiagonal. */
function workOf({ outputs, inputs }: WeightLayer): number {
  const [least, most] = [Math.min(outputs, inputs), Math.max(outputs, inputs)];
  return least ** 2 * (most / 2 + (2 * least) / 3);
}

/** A layer that an earlier step rebuilt has the name of its node and a number. */
function rankOf({ name, node }: WeightLayer, actions: readonly ActionReport[]): number | undefined {
  const isHere = (place: string): boolean =>
    place === name || (place.startsWith(`${node.name}_`) && /^\d+$/.test(place.slice(node.name.length + 1)));
  const level = actions.find(({ pass, place }) => pass === 'truncate-rank' && isHere(place))?.level;
  const rank = level === undefined ? undefined : /^rank (\d+)$/.exec(level)?.[1];
  return rank === undefined ? undefined : Number(rank);
}

function pointsOf({ outputs, inputs, weights }: WeightLayer): SpectrumReport['values'] {
  const data = Float64Array.from(weights.data, Number);
  if (!data.every(Number.isFinite)) return undefined;
  const values = singularValues(makeMatrix(outputs, inputs, data));
  const largest = values[0] ?? 0;
  if (largest === 0) return undefined;
  return indicesOf(values.length).map((index) => ({
    index,
    value: Number(((values[index - 1] ?? 0) / largest).toPrecision(digits)),
  }));
}

/** From 1 to `count`, both included, evenly. */
function indicesOf(count: number): number[] {
  const points = Math.min(count, mostPoints);
  const indices = Array.from({ length: points }, (_, i) => 1 + Math.round((i * (count - 1)) / Math.max(1, points - 1)));
  return [...new Set(indices)];
}
