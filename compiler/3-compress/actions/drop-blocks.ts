import type { Graph, ValueId } from '../../ir/graph.ts';
import { identity, trace } from '../../linalg/matrix.ts';
import type { Moments } from '../../linalg/moments.ts';
import type { LinearMap } from '../../rewrite/collapse.ts';
import { float32, oneTap } from '../../rewrite/factor-layer.ts';
import type { Rule } from '../../rewrite/rebuild.ts';
import { elementCount, sizeAt } from '../../tensor/shape.ts';
import type { Candidate, FindCandidates, Level } from '../candidate.ts';
import { findResidualBlocks, type ResidualBlock } from '../residual-blocks.ts';
import { fitLinear, jointRows, poolHalves, squaredError } from './fit-linear.ts';
import { findMergeableRuns, type MergeableRun, mergeRules, withMergedRuns } from './merge-blocks.ts';

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
 *
 * Where groups of blocks of one structure end with y, they may merge into the first of them instead (LaCo, papers.md 4.4:
 * weights theta + sum of (theta_k - theta)); c keeps the mean of y. The error is that of the merged group, run on the data.
 *
 * Errors rank blocks as their influence does (ShortGPT): for |x| near |y|, |y - x|^2 / |y|^2 is 2 (1 - cos(x, y)).
 */
export const dropBlocks: FindCandidates = (graph: Graph) => {
  const blocks = findResidualBlocks(graph);
  const runs = findMergeableRuns(graph, blocks);
  const probe = withMergedRuns(graph, runs);
  return blocks.flatMap((block) => {
    const shape = graph.values.get(block.y)?.type.shape ?? [];
    const features = sizeAt(shape, block.axis);
    if (2 * features > widestRows) return [];
    const mergers = runs
      .filter(({ last }) => last === block)
      .map((run) => ({ run, made: probe.made.get(run) ?? -1, probe: probe.graph }));
    const positions = elementCount(shape) / features;
    return [blockCandidate(graph, { ...block, features, rank: shape.length, positions, mergers })];
  });
};

/** Groups of blocks that may merge, and the value of another graph that is what the merged group makes. */
interface Merger {
  readonly run: MergeableRun;
  readonly made: ValueId;
  readonly probe: Graph;
}

interface Place extends ResidualBlock {
  readonly features: number;
  readonly mergers: readonly Merger[];
  /** dimensions of y */
  readonly rank: number;
  readonly positions: number;
}

function blockCandidate(graph: Graph, place: Place): Candidate {
  const { name, x, y, axis, mergers } = place;
  const values = [
    { id: x, axis },
    { id: y, axis },
  ];
  const keyOf = (half: 'even' | 'odd'): string => `block ${name}, ${half} samples`;
  // All that one of the levels may change is the place: blocks that merge into others count with them.
  const [parameters, macs] = (['parameters', 'macs'] as const).map((of) =>
    Math.max(place[of], ...mergers.map(({ run }) => run[of])),
  );
  const whole = { parameters: parameters ?? place.parameters, macs: macs ?? place.macs };
  return {
    pass: 'drop-blocks',
    name,
    output: y,
    axis,
    ...whole,
    requests: [
      ...(['even', 'odd'] as const).map((half) => ({ key: keyOf(half), values, half })),
      ...mergers.map(({ run, made, probe }) => ({
        key: mergedKey(run),
        values: [
          { id: made, axis },
          { id: y, axis },
        ],
        graph: probe,
      })),
    ],
    levels: (statistics) => {
      const own = blockLevels(place, statistics.get(keyOf('even')), statistics.get(keyOf('odd')));
      const merged = mergers.flatMap(({ run }) => mergedLevel(graph, place, run, statistics.get(mergedKey(run))));
      const rest = { parameters: whole.parameters - place.parameters, macs: whole.macs - place.macs };
      const all = [
        ...own.map((level) => ({
          ...level,
          parameters: level.parameters + rest.parameters,
          macs: level.macs + rest.macs,
        })),
        ...merged.map(({ saved, ...level }) => ({
          ...level,
          parameters: whole.parameters - saved.parameters,
          macs: whole.macs - saved.macs,
        })),
      ];
      return all.filter(({ error }) => error < 1).sort((a, b) => b.parameters - a.parameters || a.error - b.error);
    },
  };
}

const mergedKey = ({ front, last }: MergeableRun): string => `blocks ${front[0]?.name} to ${last.name} merged`;

/** The whole run as its front with merged weights, c added; what that saves. */
function mergedLevel(graph: Graph, place: Place, run: MergeableRun, moments: Moments | undefined) {
  const rows = jointRows(moments, place.features);
  const total = rows ? trace(rows.yy) : 0;
  if (!rows || !(total > 0)) return [];
  const bias = rows.yMean.map((y, i) => y - (rows.xMean[i] ?? 0));
  const error = squaredError({ weights: identity(place.features), bias }, rows) / total;
  const sumOf = (of: 'parameters' | 'macs'): number => run.rear.flat().reduce((sum, block) => sum + block[of], 0);
  const saved = { parameters: sumOf('parameters'), macs: sumOf('macs') };
  const label = `merged into ${run.front.at(-1)?.name}`;
  return [{ label, error, saved, rule: drop(place, bias), others: mergeRules(graph, run) }];
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
  return levels;
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
