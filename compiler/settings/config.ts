import type { TargetName } from '../../targets/index.ts';
import type { BudgetText } from '../6-budget/parse-budget.ts';
import type { CompileOptions } from '../ir/bundle.ts';

/** What lcc.config.ts exports. Paths are relative to its folder. */
export interface BuildConfig extends Omit<CompileOptions, 'target' | 'onStage' | 'onProgress'> {
  /** a model file, or a recipe.ts that is trained first */
  readonly model: string;
  /** folder of a recipe's data; by default the recipe's own */
  readonly data?: string;
  /** folder of the bundle; default dist/<model name> */
  readonly out?: string;
  /** default mobile-webgpu */
  readonly target?: TargetName;
  /** a size, sizes by measure, or the path of a JSON file with either */
  readonly budget?: BudgetText;
}

/** Types a configuration: `export default defineConfig({ model: 'model.onnx' })`. */
export const defineConfig = (config: BuildConfig): BuildConfig => config;
