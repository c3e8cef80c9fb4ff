import { flip } from '../../../../compiler/2-train/augment.ts';
import { adamW } from '../../../../compiler/2-train/optimisers/index.ts';
import { cosine } from '../../../../compiler/2-train/schedules.ts';
import { makeDropoutStudy } from '../dropout-study.ts';
import { makeVit } from '../image-networks.ts';

export const structuralDropoutVitStudy = makeDropoutStudy({
  name: 'structural-dropout-vit',
  title: 'Structural Dropout: Vision Transformer of three blocks, 64 wide, its MLPs of 256 hidden units cut',
  runs: [{ data: 'cifar10', seeds: [1] }],
  make: (context, hidden) => makeVit(context, { width: 64, hidden }),
  widths: [16, 32, 64, 128, 256],
  whole: 256,
  training: {
    optimiser: adamW({ weightDecay: 0.05 }),
    schedule: cosine({ warmUp: 0.1 }),
    epochs: 20,
    batch: 64,
    augment: [flip()],
  },
  hasScaling: false,
  goals: () => [],
});
