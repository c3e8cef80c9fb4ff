import { flip } from '../../../../compiler/2-train/augment.ts';
import { adam } from '../../../../compiler/2-train/optimisers/index.ts';
import { cosine } from '../../../../compiler/2-train/schedules.ts';
import { makeDropoutStudy } from '../dropout-study.ts';
import { makeCnn } from '../image-networks.ts';

export const structuralDropoutCnnStudy = makeDropoutStudy({
  name: 'structural-dropout-cnn',
  title:
    'Structural Dropout: convolutions of 16, 32 and 64 channels, dense 64, all cut in proportion (16 wide: the whole network)',
  runs: [{ data: 'cifar10', seeds: [1] }],
  make: (context, width) => makeCnn(context, width, false),
  widths: [4, 8, 12, 16],
  whole: 16,
  training: { optimiser: adam(), schedule: cosine(), epochs: 15, batch: 64, augment: [flip()] },
  hasScaling: false,
  goals: () => [],
});
