import type { Graph, ValueId } from '../../ir/graph.ts';
import { type Matrix, makeMatrix } from '../../linalg/matrix.ts';
import type { Moments } from '../../linalg/moments.ts';
import { multiply, transposedMultiply } from '../../linalg/multiply.ts';
import { emitHeads, type HeadLayout, type HeadSource, headMaps } from '../../rewrite/attention-heads.ts';
import type { LinearMap } from '../../rewrite/collapse.ts';
import type { WeightLayer } from '../../rewrite/layers.ts';
import type { Rule } from '../../rewrite/rebuild.ts';
import { type ValueView, viewOf } from '../../rewrite/unit-map.ts';
import { sizesOf } from '../../tensor/shape.ts';
import type { Candidate, FindCandidates, Level } from '../candidate.ts';
import { fitUnits } from '../fit-units.ts';
import { findHeadReaders, type HeadReader, inputsOf, readAnew } from './head-readers.ts';
import { pickBlock } from './pick-block.ts';
import { selectHeads } from './select-heads.ts';

/**
 * Whole attention heads, cut out of the layers that make queries, keys and values and of the one that reads their results.
 * With a the results of all heads and S those kept, the others become a_R ≈ A a_S + c by least squares, folded into the
 * reading layer. Its error is exact:
 *
 *     trace(M Cov(a - E[a | a_S])) / trace(M Cov(a)),   M = W' W of that layer.
 */
export const trimHeads: FindCandidates = (graph: Graph) => {
  const view = viewOf(graph);
  return findHeadReaders(graph, view)
    .filter((reader) => reader.layout.heads > 1 && hasPlainHeads(view, reader))
    .map((reader) => headsCandidate(view, reader));
};

/** All layouts count heads along their last dimension before length and width, and a mask is the same for all heads. */
function hasPlainHeads(view: ValueView, { attention, sources: { q, k, v } }: HeadReader): boolean {
  const mask = attention.inputs[3];
  const perHead = mask === undefined ? 1 : (sizesOf(view.typeOf(mask).shape).at(-3) ?? 1);
  return perHead === 1 && [q, k, v].every(({ layout }) => (layout.prefix.at(-1) ?? 0) % layout.heads === 0);
}

function headsCandidate(view: ValueView, { layer, layout, sources: { q, k, v } }: HeadReader): Candidate {
  const key = `results of heads before ${layer.name}`;
  const { batch, length, heads } = layout;
  const perHead =
    q.layout.width * (inputsOf(view, q) + inputsOf(view, k)) + v.layout.width * (inputsOf(view, v) + layer.outputs);
  const macsPerHead =
    batch *
    (length * (q.layout.width * inputsOf(view, q) + v.layout.width * layer.outputs) +
      k.layout.length * (k.layout.width * inputsOf(view, k) + v.layout.width * inputsOf(view, v)) +
      length * k.layout.length * (q.layout.width + v.layout.width));
  const costOf = (count: number) => ({ parameters: count * perHead, macs: count * macsPerHead });
  return {
    pass: 'trim-width',
    name: layer.name,
    output: layer.y,
    axis: layer.axis,
    ...costOf(heads),
    requests: [{ key, values: [{ id: layer.x, axis: layer.axis }] }],
    levels: (statistics) => {
      const moments = statistics.get(key);
      return moments ? headLevels(layer, layout, moments, costOf) : [];
    },
  };
}

function headLevels(
  layer: WeightLayer,
  { heads, width, features }: HeadLayout,
  moments: Moments,
  costOf: (count: number) => Pick<Level, 'parameters' | 'macs'>,
): Level[] {
  const weights = makeMatrix(layer.outputs, layer.inputs, Float64Array.from(layer.weights.data, Number));
  const covariance = moments.covariance();
  const own = Array.from({ length: heads }, (_, head) => features.slice(head * width, (head + 1) * width));
  const { order, residuals } = selectHeads(own, covariance, transposedMultiply(weights, weights));
  const total = residuals.get(0) ?? 0;
  if (!(total > 0)) return [];
  const headOf = new Array<number>(heads * width).fill(-1);
  for (const [at, feature] of features.entries()) headOf[feature] = Math.floor(at / width);
  return Array.from({ length: heads - 1 }, (_, i) => heads - 1 - i).flatMap((count) => {
    const kept = order.slice(0, count).sort((a, b) => a - b);
    const error = (residuals.get(count) ?? 0) / total;
    const rule = keepHeads(kept, () => readKept(layer, weights, covariance, moments.mean(), headOf, own, kept));
    return error < 1 ? [{ label: `${count} of ${heads} heads`, error, ...costOf(count), rule }] : [];
  });
}

/** The reading layer on the kept heads' features, head by head: W' = W mix, b' = b + W shift. */
function readKept(
  layer: WeightLayer,
  weights: Matrix,
  spread: Matrix,
  mean: Float64Array,
  headOf: readonly number[],
  own: readonly (readonly number[])[],
  kept: readonly number[],
): LinearMap {
  const fit = fitUnits({ units: headOf, spread }, mean, new Set(kept));
  const mixed = multiply(weights, fit.mix);
  const places = new Map(fit.kept.map((feature, place) => [feature, place]));
  const inOrder = kept.flatMap((head) => own[head] ?? []).map((feature) => places.get(feature) ?? -1);
  const rows = Array.from({ length: mixed.rows }, (_, n) => n);
  const shift = multiply(weights, makeMatrix(fit.shift.length, 1, Float64Array.from(fit.shift))).data;
  return {
    weights: pickBlock(mixed, rows, inOrder),
    bias: Float64Array.from(layer.bias, (b, n) => b + (shift[n] ?? 0)),
  };
}

const keepHeads = (kept: readonly number[], read: () => LinearMap): Rule =>
  readAnew(
    kept.length,
    (rewriter, { q, k, v }) => {
      const emit = (source: HeadSource, what: string): ValueId => {
        const maps = headMaps(rewriter, source).filter((_, head) => kept.includes(head));
        const name = `${source.layer.name}.${what}`;
        return emitHeads(rewriter, source.layer.inputs[0] ?? -1, maps, keptLayout(source.layout, kept.length), name);
      };
      return [emit(q, 'queries'), emit(k, 'keys'), emit(v, 'values')];
    },
    read,
  );

/** The layout of that many heads. */
function keptLayout(layout: HeadLayout, count: number): HeadLayout {
  const { prefix, heads } = layout;
  const last = ((prefix.at(-1) ?? heads) / heads) * count;
  return { ...layout, heads: count, prefix: [...prefix.slice(0, -1), last] };
}
