import { flip } from '../../../../compiler/2-train/augment.ts';
import { sgd } from '../../../../compiler/2-train/optimisers/index.ts';
import { cosine } from '../../../../compiler/2-train/schedules.ts';
import { makeCnn } from '../image-networks.ts';
import { makeLoritaStudy } from '../lorita-study.ts';

export const loritaCnnStudy = makeLoritaStudy({
  name: 'lorita-cnn',
  title: 'LoRITa: convolutions of 16, 32 and 64 channels with norms, dense 64, trained as products of N and truncated',
  runs: [{ data: 'cifar10', seeds: [1] }],
  network: {
    units: 16,
    make: (context, channels) => makeCnn(context, channels, true),
    makeFolded: (context, channels) => makeCnn(context, channels, false),
    training: {
      optimiser: sgd({ rate: 0.02, momentum: 0.9, weightDecay: 1e-3 }),
      schedule: cosine(),
      epochs: 15,
      augment: [flip()],
    },
  },
  factors: [1, 3],
  goals: () => [],
});
