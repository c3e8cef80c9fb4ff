/** The library: what `import ... from 'lcc'` gives. */
import type { Recipe } from './2-train/recipe.ts';
import type { Graph } from './ir/graph.ts';
import type { TrainOptions } from './train.ts';

export { type WrittenModel, writeOnnx } from './1-ingest/onnx/write.ts';
export { defineRecipe, type Recipe } from './2-train/recipe.ts';
export { type CheckResult, check } from './6-budget/check.ts';
export type { Budget, BudgetText } from './6-budget/parse-budget.ts';
export { compile } from './compile.ts';
export { LccError } from './diagnostics/index.ts';
export type { Bundle, CompileOptions, StageEvent } from './ir/bundle.ts';
export type { Manifest, Report } from './ir/report.ts';
export { type BuildConfig, defineConfig } from './settings/config.ts';
export { tensorOf } from './tensor/convert.ts';
export type { Tensor } from './tensor/tensor.ts';
export type { TrainOptions, TrainResult } from './train.ts';

/**
 * Trains a recipe, or the recipe or model at that path, and gives the plain inference graph. What recipes are made of is
 * in `lcc/recipe`; TensorFlow.js is loaded with the first call.
 * @throws LccError LCC8xxx for recipes and training, LCC7xxx for data, LCC1xxx for models
 */
export const train = async (recipe: Recipe | string, options: TrainOptions = {}): Promise<Graph> =>
  (await import('./train.ts')).train(recipe, options);
