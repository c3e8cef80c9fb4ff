/** What recipes are made of. */
export { type Augment, cutout, flip, shift } from './2-train/augment.ts';
export { crossEntropy, type Loss, meanAbsoluteError, meanSquaredError } from './2-train/losses.ts';
export { type DistillOptions, distill } from './2-train/methods/distill.ts';
export { type DpfOptions, dpf } from './2-train/methods/dpf.ts';
export { type DropoutOptions, dropout } from './2-train/methods/dropout.ts';
export { type LayerCollapseOptions, layerCollapse, measureCollapseOrder } from './2-train/methods/layer-collapse.ts';
export { type LoritaOptions, lorita } from './2-train/methods/lorita.ts';
export { type LrpetOptions, lrpet } from './2-train/methods/lrpet.ts';
export { type MaestroOptions, maestro } from './2-train/methods/maestro.ts';
export type { Method, Preparation } from './2-train/methods/method.ts';
export { type QatOptions, qat } from './2-train/methods/qat.ts';
export { type SamOptions, sam } from './2-train/methods/sam.ts';
export { type StructuralDropoutOptions, structuralDropout } from './2-train/methods/structural-dropout.ts';
export { type MakeModel, models } from './2-train/models/index.ts';
export { adam, adamW, type Optimiser, sgd } from './2-train/optimisers/index.ts';
export { defineRecipe, type Recipe } from './2-train/recipe.ts';
export { constantRate, cosine, type Schedule, stepwise } from './2-train/schedules.ts';
export {
  type ChosenWidths,
  chooseWidths,
  measureWidths,
  type WidthGoal,
  type WidthRow,
} from './2-train/width-table.ts';
