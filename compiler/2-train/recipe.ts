import type { DataModule } from '../data/batches.ts';
import type { DataOptions } from '../data/options.ts';
import type { Augment } from './augment.ts';
import type { Loss } from './losses.ts';
import type { Method } from './methods/method.ts';
import type { MakeModel } from './models/index.ts';
import type { Optimiser } from './optimisers/index.ts';
import type { Schedule } from './schedules.ts';

/** A path in the data folder with options after `?`, as for `--evaluation`; or batches. */
export type RecipeSource =
  | string
  | DataModule
  | { readonly source: string | DataModule; readonly options?: DataOptions };

export interface RecipeData {
  readonly train: RecipeSource;
  /** what decides when to stop and which epoch is kept; or the share of the training data that is held out for it: 0.1 by default */
  readonly validation?: RecipeSource | number;
  /** measured once, at the end; decides nothing */
  readonly test?: RecipeSource;
}

/** Everything that a training run depends on. */
export interface Recipe {
  /** a network to begin with, or the path of a model file to train further, from the recipe's folder */
  readonly model: MakeModel | string;
  readonly data: RecipeData;
  /** by default cross-entropy for labels that are classes, else the mean squared error */
  readonly loss?: Loss;
  /** the output that labels are for; the first by default */
  readonly output?: string;
  /** a metric of `lcc build --metric`; by default the one that fits the labels */
  readonly metric?: string;
  /** Adam by default */
  readonly optimiser?: Optimiser;
  readonly schedule?: Schedule;
  readonly epochs?: number;
  readonly batch?: number;
  readonly seed?: number;
  readonly augment?: readonly Augment[];
  readonly methods?: readonly Method[];
  /** largest L2 norm of all gradients together */
  readonly clipNorm?: number;
  /** epochs without a better validation metric after which training ends; the best epoch is kept then */
  readonly patience?: number;
}

/** Whether a module's default export is one. */
export const isRecipe = (value: unknown): value is Recipe =>
  typeof value === 'object' &&
  value !== null &&
  'model' in value &&
  (typeof value.model === 'function' || typeof value.model === 'string') &&
  'data' in value &&
  typeof value.data === 'object' &&
  value.data !== null &&
  'train' in value.data;

/** Types a recipe: `export default defineRecipe({ model: mlp(), data: { train: 'train.npz' } })`. */
export const defineRecipe = (recipe: Recipe): Recipe => recipe;
