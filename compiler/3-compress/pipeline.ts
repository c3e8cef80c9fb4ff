import type { PassReport } from '../ir/bundle.ts';
import { evaluateNode } from '../ir/evaluate.ts';
import type { Graph } from '../ir/graph.ts';
import { verifyGraph } from '../ir/verify.ts';
import { type RebuildOptions, type Rewritten, type Rule, rebuild } from '../rewrite/rebuild.ts';
import { foldBatchNorm } from './passes/fold-batch-norm.ts';
import { foldScaleAhead, foldScaleBehind } from './passes/fold-scale.ts';
import { matmulToLinear, mergeLinear } from './passes/merge-linear.ts';
import { recogniseGelu, recogniseHardSwish, recogniseSilu } from './passes/recognise-activations.ts';
import { recogniseAttention } from './passes/recognise-attention.ts';
import { absorbNormAffine, recogniseLayerNorm } from './passes/recognise-layer-norm.ts';
import { joinMovement, removeIdentities } from './passes/remove-identities.ts';

/** A named rewrite of a verified graph. Exact passes keep every output. */
export interface Pass {
  readonly name: string;
  readonly rules: readonly Rule[];
  readonly options?: RebuildOptions;
}

const fold: RebuildOptions = { fold: evaluateNode };

/** The exact passes, in order, and why each stands where it does. */
export const exactPasses: readonly Pass[] = [
  // first: patterns ask for constants as constants
  { name: 'fold-constants', rules: [], options: fold },
  // every later pattern has fewer spellings without them
  { name: 'remove-identities', rules: [removeIdentities, joinMovement] },
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
  // after the folds, which leave nothing between layers; to a fixed point in one walk: each merged layer is seen by the next
  { name: 'merge-linear', rules: [mergeLinear] },
];

export interface Optimised {
  readonly graph: Graph;
  readonly passes: readonly PassReport[];
}

/** Runs the exact passes, verifying the graph after each that changes it. */
export function optimise(graph: Graph): Optimised {
  let current = graph;
  const passes: PassReport[] = [];
  for (const pass of exactPasses) {
    const { graph: next, changes }: Rewritten = rebuild(current, pass.rules, pass.options);
    if (changes > 0) current = verifyGraph(next);
    passes.push({ name: pass.name, changes, loss: 0 });
  }
  return { graph: current, passes };
}
