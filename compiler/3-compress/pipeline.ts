import { evaluateNode } from '../ir/evaluate.ts';
import type { Graph } from '../ir/graph.ts';
import type { PassReport } from '../ir/report.ts';
import { verifyGraph } from '../ir/verify.ts';
import { type RebuildOptions, type Rewritten, type Rule, rebuild } from '../rewrite/rebuild.ts';
import { foldBatchNorm } from './passes/fold-batch-norm.ts';
import { foldResidual } from './passes/fold-residual.ts';
import { foldScaleAhead, foldScaleBehind } from './passes/fold-scale.ts';
import { matmulToLinear, mergeLinear } from './passes/merge-linear.ts';
import { mergeParallel } from './passes/merge-parallel.ts';
import { recogniseGelu, recogniseHardSwish, recogniseSilu } from './passes/recognise-activations.ts';
import { recogniseAttention } from './passes/recognise-attention.ts';
import { absorbNormAffine, recogniseLayerNorm } from './passes/recognise-layer-norm.ts';
import { joinMovement, removeIdentities } from './passes/remove-identities.ts';
import { removeLinearEnds } from './passes/remove-linear-ends.ts';

/** A named rewrite of a verified graph. Exact passes keep every output. */
export interface Pass {
  readonly name: string;
  readonly rules: readonly Rule[];
  readonly options?: RebuildOptions;
}

const fold: RebuildOptions = { fold: evaluateNode };

/** The exact passes that run once, in order, and why each stands where it does. */
const foldingPasses: readonly Pass[] = [
  // first: patterns ask for constants as constants
  { name: 'fold-constants', rules: [], options: fold },
  // every later pattern has fewer spellings without them
  { name: 'remove-identities', rules: [removeIdentities, removeLinearEnds, joinMovement] },
  // after identities, so that equal subgraphs look equal; before patterns, which ask for the same value twice
  { name: 'share-subexpressions', rules: [], options: { share: true } },
  // patterns look for the exporter's own nodes, so before any weight is touched
  { name: 'recognise-layer-norm', rules: [recogniseLayerNorm] },
  { name: 'absorb-norm-affine', rules: [absorbNormAffine], options: fold },
  { name: 'recognise-attention', rules: [recogniseAttention] },
  { name: 'recognise-activations', rules: [recogniseGelu, recogniseHardSwish, recogniseSilu] },
  // one form of linear layer for the folds and merges below; shared, so that tied weights stay one constant
  { name: 'matmul-to-linear', rules: [matmulToLinear], options: { ...fold, share: true } },
  // into the layer before; what has none becomes a multiply-add, which the next pass may take
  { name: 'fold-batch-norm', rules: [foldBatchNorm] },
  { name: 'fold-scale', rules: [foldScaleAhead, foldScaleBehind] },
];

/** After the folds, which leave nothing between layers. They make work for each other, so they run until nothing changes. */
const mergingPasses: readonly Pass[] = [
  // before merge-linear: x + W x is a linear layer only once the identity is in W
  { name: 'fold-residual', rules: [foldResidual] },
  // sums of layers are layers, which then may merge with the next
  { name: 'merge-linear', rules: [mergeParallel, mergeLinear] },
];

/** The exact passes, in order. */
export const exactPasses: readonly Pass[] = [...foldingPasses, ...mergingPasses];

export interface Optimised {
  readonly graph: Graph;
  readonly passes: readonly PassReport[];
}

/** Runs the exact passes, verifying the graph after each that changes it. */
export function optimise(graph: Graph): Optimised {
  let current = graph;
  const changes = new Map(exactPasses.map(({ name }) => [name, 0]));
  const run = (passes: readonly Pass[]): number => {
    let total = 0;
    for (const pass of passes) {
      const rewritten: Rewritten = rebuild(current, pass.rules, pass.options);
      if (rewritten.changes > 0) current = verifyGraph(rewritten.graph);
      changes.set(pass.name, (changes.get(pass.name) ?? 0) + rewritten.changes);
      total += rewritten.changes;
    }
    return total;
  };
  run(foldingPasses);
  while (run(mergingPasses) > 0);
  return { graph: current, passes: [...changes].map(([name, count]) => ({ name, changes: count, loss: 0 })) };
}
