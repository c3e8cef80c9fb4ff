import type { Node, ValueId } from '../../ir/graph.ts';
import { identity, type Matrix, makeMatrix, sliceColumns, transpose } from '../../linalg/matrix.ts';
import type { Moments } from '../../linalg/moments.ts';
import { gram, multiply, multiplyTransposed, transposedMultiply } from '../../linalg/multiply.ts';
import { svd } from '../../linalg/svd.ts';
import { symmetricEigen } from '../../linalg/symmetric-eigen.ts';
import { emitHeads, type HeadLayout, type HeadSource, headMaps } from '../../rewrite/attention-heads.ts';
import { compose, type LinearMap } from '../../rewrite/collapse.ts';
import type { WeightLayer } from '../../rewrite/layers.ts';
import type { Rewriter, Rule } from '../../rewrite/rebuild.ts';
import { uniqueNames } from '../../rewrite/unique-names.ts';
import { type ValueView, viewOf } from '../../rewrite/unit-map.ts';
import type { Candidate, FindCandidates, Level } from '../candidate.ts';
import {
  findHeadReaders,
  type HeadReader,
  type Heads,
  headsOf,
  inputsOf,
  readAnew,
  sourcesOf,
} from './head-readers.ts';
import { pickBlock } from './pick-block.ts';
import { whiten } from './whiten.ts';

/**
 * Attention with shorter heads and no op more: queries and keys of fewer elements, and values of fewer, each folded into
 * the layers on both sides.
 *
 * - Queries and keys (joint): with Sq = E[q q'] = Lq Lq', Cov(k) = Lk Lk' and Lq' Lk = U s V' of each head,
 *   q' = sqrt(s_r) U_r' Lq^-1 q, k' = sqrt(s_r) V_r' Lk^-1 k. Scores lose the sum of the other s^2 in the square; what all
 *   keys share cancels in the softmax. Predicted as error of the output: the squared error of the scores, which is the
 *   relative one of the attention weights.
 * - Values and outputs (FLAT-LLM, weighted): with Cov(a) = L L' of a head's result a and G = L' W' W L = U g U' for the
 *   output layer's W, v' = U_r' L^-1 v and W' = W L U_r, the mean of a kept by the bias: weights sum to 1.
 */
export const truncateAttention: FindCandidates = (graph) => {
  const view = viewOf(graph);
  const names = uniqueNames(graph);
  const scores = graph.nodes.flatMap((node) => {
    const heads = headsOf(view, node);
    const [y] = node.outputs;
    const name = y === undefined ? undefined : graph.values.get(y)?.name;
    return heads && y !== undefined && name !== undefined && names.has(name)
      ? [scoreCandidate(view, node, heads, y, name)]
      : [];
  });
  const outputs = findHeadReaders(graph, view).map((reader) => valueCandidate(view, reader));
  return [...scores, ...outputs];
};

/** Ranks below a head's width, largest first, on multiples that kernels like. */
function ranksBelow(width: number): number[] {
  const ranks = Array.from({ length: Math.max(0, width - 1) }, (_, i) => width - 1 - i);
  return ranks.filter((rank) => rank % (rank > 32 ? 8 : rank > 8 ? 4 : rank > 4 ? 2 : 1) === 0);
}

function scoreCandidate(view: ValueView, node: Node, { q, k }: Heads, output: ValueId, name: string): Candidate {
  const { heads, width, batch, length } = q.layout;
  const [wide, keys] = [inputsOf(view, q), inputsOf(view, k)];
  const keyLength = k.layout.length;
  const costOf = (rank: number) => ({
    parameters: heads * rank * (wide + keys),
    macs: batch * heads * rank * (length * wide + keyLength * keys + length * keyLength),
  });
  const [ofQ, ofK] = [`queries of ${name}`, `keys of ${name}`];
  const [y, z] = [q.layer.outputs[0] ?? -1, k.layer.outputs[0] ?? -1];
  const axisOf = (id: ValueId): number => view.typeOf(id).shape.length - 1;
  return {
    pass: 'truncate-rank',
    name,
    output,
    axis: axisOf(output),
    ...costOf(width),
    requests: [
      { key: ofQ, values: [{ id: y, axis: axisOf(y) }] },
      { key: ofK, values: [{ id: z, axis: axisOf(z) }] },
    ],
    levels: (statistics) => {
      const [queries, keyMoments] = [statistics.get(ofQ), statistics.get(ofK)];
      if (!queries || !keyMoments) return [];
      const spectra = scoreSpectra(queries, keyMoments, q.layout, k.layout);
      return ranksBelow(width).map((rank): Level => {
        const lost = spectra.reduce(
          (sum, { singular }) => sum + singular.slice(rank).reduce((a, s) => a + s * s, 0),
          0,
        );
        return {
          label: `queries and keys of ${rank} elements, not ${width}`,
          error: Math.min(1, (lost / heads) * Number(node.attributes.scale) ** 2),
          ...costOf(rank),
          rule: shortenScores(
            spectra.map(({ queryMix }) => firstRows(queryMix, rank)),
            spectra.map(({ keyMix }) => firstRows(keyMix, rank)),
          ),
        };
      });
    },
  };
}

const firstRows = ({ columns, data }: Matrix, rank: number): Matrix =>
  makeMatrix(rank, columns, data.slice(0, rank * columns));

/** sqrt(s) U' Lq^-1 and sqrt(s) V' Lk^-1 [width, width] of each head, most important row first. */
function scoreSpectra(queries: Moments, keys: Moments, q: HeadLayout, k: HeadLayout) {
  const [second, covariance] = [queries.secondMoment(), keys.covariance()];
  const { width } = q;
  return Array.from({ length: q.heads }, (_, head) => {
    const own = (layout: HeadLayout) => layout.features.slice(head * width, (head + 1) * width);
    const left = whiten(pickBlock(second, own(q), own(q)));
    const right = whiten(pickBlock(covariance, own(k), own(k)));
    const { u, singular, v } = svd(transposedMultiply(left.root, right.root));
    const mix = (basis: Matrix, inverse: Matrix): Matrix => {
      const rows = multiplyTransposed(transpose(basis), inverse);
      const data = rows.data.map((value, at) => value * Math.sqrt(singular[Math.floor(at / width)] ?? 0));
      return makeMatrix(rows.rows, width, data);
    };
    return { singular, queryMix: mix(u, left.inverse), keyMix: mix(v, right.inverse) };
  });
}

const shortenScores =
  (queries: readonly Matrix[], keys: readonly Matrix[]): Rule =>
  ({ node, inputs }, rewriter) => {
    const [, , vId, ...mask] = inputs;
    const heads = node.op === 'attention' ? sourcesOf(rewriter, inputs) : undefined;
    if (!heads || vId === undefined) return undefined;
    const { q, k, v } = heads;
    const short = [emit(rewriter, q, 'queries', queries), emit(rewriter, k, 'keys', keys)];
    const values = v.layer === q.layer || v.layer === k.layer ? emit(rewriter, v, 'values') : vId;
    return [rewriter.add('attention', [...short, values, ...mask], node.attributes, node.name)];
  };

/** A layer of its own for these heads, `mix` [r, width] after each. */
function emit(rewriter: Rewriter, source: HeadSource, what: string, mix?: readonly Matrix[]): ValueId {
  const maps = headMaps(rewriter, source).map((map, head): LinearMap => {
    const own = mix?.[head];
    return own ? compose({ weights: own, bias: new Float64Array(own.rows) }, map) : map;
  });
  const { layer, layout } = source;
  return emitHeads(rewriter, layer.inputs[0] ?? -1, maps, layout, `${layer.name}.${what}`);
}

function valueCandidate(view: ValueView, { layer, layout, sources }: HeadReader): Candidate {
  const { heads, width, batch, length } = layout;
  const inputs = inputsOf(view, sources.v);
  const keyLength = sources.v.layout.length;
  const costOf = (rank: number) => ({
    parameters: heads * rank * (inputs + layer.outputs),
    macs: batch * heads * rank * (keyLength * inputs + length * layer.outputs + length * keyLength),
  });
  const key = `heads before ${layer.name}`;
  return {
    pass: 'truncate-rank',
    name: layer.name,
    output: layer.y,
    axis: layer.axis,
    ...costOf(width),
    requests: [{ key, values: [{ id: layer.x, axis: layer.axis }] }],
    levels: (statistics) => {
      const moments = statistics.get(key);
      if (!moments) return [];
      const factored = valueFactors(layer, layout, moments);
      return factored
        ? ranksBelow(width).map((rank) => ({
            label: `values of ${rank} elements, not ${width}`,
            ...costOf(rank),
            ...factored(rank),
          }))
        : [];
    },
  };
}

/** Error and rule for each rank; undefined where the output does not vary. */
function valueFactors(layer: WeightLayer, layout: HeadLayout, moments: Moments) {
  const { heads, width, features } = layout;
  const count = heads * width;
  const [covariance, mean] = [moments.covariance(), moments.mean()];
  const weights = makeMatrix(layer.outputs, count, Float64Array.from(layer.weights.data, Number));
  const energyOf = (w: Matrix): number => {
    const moved = multiply(w, covariance);
    return w.data.reduce((sum, value, at) => sum + value * (moved.data[at] ?? 0), 0);
  };
  const total = energyOf(weights);
  if (!(total > 0)) return undefined;
  const all = Array.from({ length: layer.outputs }, (_, n) => n);
  const bases = Array.from({ length: heads }, (_, head) => {
    const own = features.slice(head * width, (head + 1) * width);
    const { root, inverse } = whiten(pickBlock(covariance, own, own));
    const seen = multiply(pickBlock(weights, all, own), root);
    return { own, root, inverse, vectors: symmetricEigen(gram(seen)).vectors };
  });
  return (rank: number): Pick<Level, 'error' | 'rule'> => {
    const projection = identity(count);
    const firsts: Matrix[] = [];
    const mixed = makeMatrix(layer.outputs, heads * rank);
    bases.forEach(({ own, root, inverse, vectors }, head) => {
      const top = sliceColumns(vectors, 0, rank);
      const first = multiplyTransposed(transpose(top), inverse);
      const mix = multiply(root, top);
      firsts.push(first);
      const kept = multiply(mix, first).data;
      for (const [i, row] of own.entries()) {
        for (const [j, column] of own.entries())
          projection.data[row * count + column] = (i === j ? 1 : 0) - (kept[i * width + j] ?? 0);
      }
      const second = multiply(pickBlock(weights, all, own), mix).data;
      for (const n of all) {
        for (let r = 0; r < rank; r++) mixed.data[n * heads * rank + head * rank + r] = second[n * rank + r] ?? 0;
      }
    });
    const lost = multiply(weights, projection);
    const shift = multiply(lost, makeMatrix(count, 1, Float64Array.from(mean))).data;
    const bias = Float64Array.from(layer.bias, (b, n) => b + (shift[n] ?? 0));
    return { error: Math.max(0, energyOf(lost)) / total, rule: shortenValues(firsts, { weights: mixed, bias }) };
  };
}

const shortenValues = (firsts: readonly Matrix[], output: LinearMap): Rule =>
  readAnew(
    firsts.length,
    (rewriter, { q, k, v }, [qId, kId]) => {
      // A layer that served all three gives up its rows, so that none is left over.
      const own = (source: HeadSource, id: ValueId, what: string): ValueId =>
        source.layer === v.layer ? emit(rewriter, source, what) : id;
      const values = emit(rewriter, v, 'values', firsts);
      return [own(q, qId, 'queries'), own(k, kId, 'keys'), values];
    },
    () => output,
  );
