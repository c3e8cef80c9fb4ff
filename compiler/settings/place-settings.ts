import { resolve } from 'node:path';
import { placeProfile } from '../../targets/profiles/index.ts';
import { type Budget, parseBudget, readBudget } from '../6-budget/parse-budget.ts';
import { isModuleName } from '../data/user-module.ts';
import type { CompileOptions, CompressionOptions } from '../ir/bundle.ts';
import type { BuildConfig } from './config.ts';

/** Data sources are paths with options after a question mark; these, modules, profiles and other paths start from a folder. */
export function placeData<T extends CompressionOptions>(options: T, folder: string): T {
  const place = (source: string): string => source.replace(/^[^?]*/, (path) => resolve(folder, path));
  const { calibration, evaluation, metric, device, plan, cache } = options;
  return {
    ...options,
    ...(typeof calibration === 'string' && { calibration: place(calibration) }),
    ...(typeof evaluation === 'string' && { evaluation: place(evaluation) }),
    ...(metric !== undefined && isModuleName(metric) && { metric: resolve(folder, metric) }),
    ...(device !== undefined && { device: placeProfile(device, folder) }),
    ...(typeof plan === 'string' && { plan: resolve(folder, plan) }),
    ...(cache !== undefined && { cache: resolve(folder, cache) }),
  };
}

/** A budget's path starts from a folder; sizes and inline JSON are as they are. @throws LccError LCC6101, LCC6102 */
export function budgetFrom(budget: BuildConfig['budget'], folder: string): Budget | undefined {
  if (budget === undefined) return undefined;
  if (typeof budget !== 'string') return parseBudget(budget);
  return readBudget(budget, folder);
}

/** What the planner aimed at by estimate holds for the files, too. */
export const sizeLimit = ({ maxSize }: CompileOptions): Budget['limits'] =>
  maxSize === undefined ? [] : parseBudget(maxSize).limits;
