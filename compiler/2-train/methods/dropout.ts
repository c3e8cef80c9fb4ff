import * as tf from '@tensorflow/tfjs';
import { methodFindsNothing, methodOptionsInvalid } from '../../diagnostics/train.ts';
import type { ValueId } from '../../ir/graph.ts';
import { findHiddenGroups } from '../hidden-groups.ts';
import type { Random } from '../random.ts';
import type { Method } from './method.ts';
import { addMasks, type MaskedUnits, maskUnits, removeMasks, rolesOfMasks, type UnitMask } from './unit-masks.ts';

/**
 * Dropout (Srivastava et al., JMLR 15, 2014): hidden units learn not to count on certain others. In each step every sample
 * leaves out each unit by itself,
 *
 *     h_i <- m_i h_i / (1 - rate),      m_i = 0 with probability rate, else 1.
 *
 * The paper divides nothing and multiplies the trained weights by 1 - rate; dividing while it trains (inverted dropout) is the
 * same, and leaves the network as it is. Masks stand behind activations, where layers read the units. The unit of a convolution
 * is a channel, left out at all positions (spatial dropout, Tompson et al., arXiv 1411.4280); that of a layer over tokens is
 * left out for all tokens of its sample. Units that only go together, as those of a gate, have one mask.
 */
export interface DropoutOptions {
  /** probability that a unit is left out: above 0, below 1 */
  readonly rate?: number;
  /** names of layers, those whose units go with theirs included; all hidden layers but residual streams by default */
  readonly layers?: readonly string[];
}

const method = 'dropout';

/** Leaves out hidden units at random, for each sample others (`DropoutOptions`). @throws LccError LCC8007 */
export function dropout({ rate = 0.5, layers }: DropoutOptions = {}): Method {
  if (!(rate > 0 && rate < 1))
    throw methodOptionsInvalid(method, `rate ${rate} is not above 0 and below 1`, 'Give a rate such as 0.5.');
  return {
    name: method,
    settings: { rate, layers },
    prepare(graph) {
      const groups = findHiddenGroups(graph, layers, method).map((hidden) => maskUnits(graph, hidden, method));
      if (groups.length === 0) throw methodFindsNothing(method, 'hidden layer (linear, conv)');
      return {
        graph: addMasks(graph, groups),
        roles: rolesOfMasks(groups),
        drawEach: (parameters, count, random) =>
          new Map(
            groups.flatMap(({ hidden, masks }) => {
              const factors = drawFactors(hidden, count, rate, random);
              return masks.map((mask): [ValueId, tf.Tensor] => [parameters.idOf(mask.name), maskOf(mask, factors)]);
            }),
          ),
        finish: (trained) => ({ graph: removeMasks(trained, groups), notes: [] }),
      };
    },
  };
}

/** 0 or 1 / (1 - rate), by sample and place of the unit. */
function drawFactors({ group }: MaskedUnits['hidden'], count: number, rate: number, random: Random): Float32Array[] {
  const draw = (): number => (random.uniform() < rate ? 0 : 1 / (1 - rate));
  return Array.from({ length: count }, () => Float32Array.from({ length: group.width }, draw));
}

/** [B, ...shape]: each feature has the factor of its unit. */
function maskOf({ places, shape }: UnitMask, factors: readonly Float32Array[]): tf.Tensor {
  const values = new Float32Array(factors.length * places.length);
  factors.forEach((ofSample, sample) => {
    places.forEach((place, feature) => {
      values[sample * places.length + feature] = ofSample[place] ?? 0;
    });
  });
  return tf.tensor(values, [factors.length, ...shape]);
}
