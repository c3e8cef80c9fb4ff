import type { Graph } from '../../ir/graph.ts';
import { identity } from '../../linalg/matrix.ts';
import type { Moments } from '../../linalg/moments.ts';
import type { LinearMap } from '../../rewrite/collapse.ts';
import { float32, oneTap } from '../../rewrite/factor-layer.ts';
import type { Rule } from '../../rewrite/rebuild.ts';
import { elementCount, sizeAt } from '../../tensor/shape.ts';
import type { Candidate, FindCandidates, Level } from '../candidate.ts';
import { findResidualBlocks, type ResidualBlock } from '../residual-blocks.ts';
import { fitLinear, jointRows, poolHalves, squaredError, trace } from './fit-linear.ts';

/** Wider pairs of rows have no covariance. */
const widestRows = 4096;

/**
 * Residual blocks y = x + f(x) left out where that changes y least on the user's own data (application-specific
 * compression, papers.md 4.12; ShortGPT and ReplaceMe, 5.2). What stands for y is x + c, c the mean of f(x), with
 *
 *     error = trace(Cov(y - x)) / trace(Cov(y)),
 *
 * or (I + P) x + c with P by ridge least squares around P = 0, where that map merges with a layer beside it or is at most
 * half the block. Its error is that of fits to one half of the samples on the other.
 */
export const dropBlocks: FindCandidates = (graph: Graph) =>
  findResidualBlocks(graph).flatMap((block) => {
    const shape = graph.values.get(block.y)?.type.shape ?? [];
    const features = sizeAt(shape, block.axis);
    if (2 * features > widestRows) return [];
    return [blockCandidate({ ...block, features, rank: shape.length, positions: elementCount(shape) / features })];
  });

interface Place extends ResidualBlock {
  readonly features: number;
  /** dimensions of y */
  readonly rank: number;
  readonly positions: number;
}

function blockCandidate(place: Place): Candidate {
  const { name, x, y, axis, parameters, macs } = place;
  const values = [
    { id: x, axis },
    { id: y, axis },
  ];
  const keyOf = (half: 'even' | 'odd'): string => `block ${name}, ${half} samples`;
  return {
    pass: 'drop-blocks',
    name,
    output: y,
    axis,
    parameters,
    macs,
    requests: (['even', 'odd'] as const).map((half) => ({ key: keyOf(half), values, half })),
    levels: (statistics) => blockLevels(place, statistics.get(keyOf('even')), statistics.get(keyOf('odd'))),
  };
}

function blockLevels(place: Place, even: Moments | undefined, odd: Moments | undefined): Level[] {
  const { features, positions, parameters, macs, isBesideLayer } = place;
  const rows = jointRows(poolHalves(even, odd), features);
  const total = rows ? trace(rows.yy) : 0;
  if (!rows || !(total > 0)) return [];
  const still: LinearMap = { weights: identity(features), bias: rows.yMean.map((y, i) => y - (rows.xMean[i] ?? 0)) };
  const dropped = { label: 'dropped', error: squaredError(still, rows) / total, parameters: 0, macs: 0 };
  const levels: Level[] = [{ ...dropped, rule: drop(place, still.bias) }];
  const size = features * features;
  const pays = size < parameters && size * positions < macs && (isBesideLayer || 2 * size <= parameters);
  const fit = pays ? fitLinear(even, odd, features, still) : undefined;
  if (fit && fit.error / total < dropped.error) {
    const patched = { label: 'linear patch', error: fit.error / total, parameters: size, macs: size * positions };
    levels.unshift({ ...patched, rule: patch(place, fit.map) });
  }
  return levels.filter(({ error }) => error < 1);
}

/** y = x + c */
const drop =
  ({ skip, axis, rank }: Place, shift: Float64Array): Rule =>
  ({ node, inputs }, rewriter) => {
    const x = inputs[skip];
    if (node.op !== 'add' || x === undefined) return undefined;
    if (shift.every((c) => c === 0)) return [x];
    const ones = new Array<number>(rank - axis - 1).fill(1);
    const constant = rewriter.constant(float32([shift.length, ...ones], shift), `${node.name}.shift`);
    return [rewriter.add('add', [x, constant], {}, node.name)];
  };

/** y = T x + c at every position */
const patch =
  ({ skip, op, rank }: Place, { weights, bias }: LinearMap): Rule =>
  ({ node, inputs }, rewriter) => {
    const x = inputs[skip];
    if (node.op !== 'add' || x === undefined) return undefined;
    const taps = op === 'conv' ? rank - 2 : 0;
    const sizes = [weights.rows, weights.columns, ...new Array<number>(taps).fill(1)];
    const parameters = [
      rewriter.constant(float32(sizes, weights.data), `${node.name}.patch`),
      rewriter.constant(float32([bias.length], bias), `${node.name}.patch.bias`),
    ];
    return [rewriter.add(op, [x, ...parameters], op === 'conv' ? oneTap(taps) : {}, node.name)];
  };
