import type { BenchCase } from '../case.ts';
import { budgets, fashionBudgets, pictureBudgets } from './budgets.ts';
import { burnMnist } from './burn-mnist.ts';
import { faceAndTrack } from './face-and-track.ts';
import { fashionMlp } from './fashion-mlp.ts';
import { residualMlp } from './residual-mlp.ts';
import { weightsOnly } from './weights-only.ts';

/** In the order that they run in. */
export const benchCases: readonly BenchCase[] = [
  burnMnist,
  fashionMlp,
  residualMlp,
  faceAndTrack,
  weightsOnly,
  budgets,
  fashionBudgets,
  pictureBudgets,
];
