import { flip } from '../../../../compiler/2-train/augment.ts';
import { adam } from '../../../../compiler/2-train/optimisers/index.ts';
import { cosine } from '../../../../compiler/2-train/schedules.ts';
import type { Graph } from '../../../../compiler/ir/graph.ts';
import { makeVit } from '../image-networks.ts';
import { makeLoritaStudy } from '../lorita-study.ts';
import type { ArmContext } from '../study.ts';

/** As wide as both of its heads together. */
const make = (context: ArmContext, headUnits: number): Graph =>
  makeVit(context, { width: 2 * headUnits, hidden: 8 * headUnits });

export const loritaVitStudy = makeLoritaStudy({
  name: 'lorita-vit',
  title: 'LoRITa: Vision Transformer of three blocks, 64 wide, trained as products of N and truncated',
  runs: [{ data: 'cifar10', seeds: [1] }],
  network: {
    units: 32,
    make,
    makeFolded: make,
    training: {
      optimiser: adam({ weightDecay: 1e-4 }),
      schedule: cosine({ warmUp: 0.1 }),
      epochs: 16,
      batch: 64,
      augment: [flip()],
    },
  },
  factors: [1, 3],
  goals: () => [],
});
