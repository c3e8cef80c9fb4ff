import { basename } from 'node:path';
import { isTargetName, targets } from '../../targets/index.ts';
import { check } from '../6-budget/check.ts';
import { type BundleFiles, readBundleFolder } from '../6-budget/read-bundle.ts';
import { reportText } from '../6-budget/reporters/text.ts';
import { describeStage, printTime } from '../describe/describe-stage.ts';
import { targetNotBundled } from '../diagnostics/plugin.ts';
import type { StageEvent } from '../ir/bundle.ts';
import { bundleFolder, forgetOldest, recallBundle } from './bundle-cache.ts';
import type { BundleKey } from './bundle-key.ts';
import type { ImportSettings } from './choose-settings.ts';

export interface BuiltImport extends BundleFiles {
  readonly key: string;
  readonly folder: string;
  /** the report, where the bundle is not known to be within its budget */
  readonly budgetReport: string | undefined;
  /** a limit is broken beyond doubt */
  readonly isOver: boolean;
}

/**
 * The bundle of a model: that of the cache where the very same was built before, else a new one, which the cache then has.
 * @param log takes a line for each stage
 * @throws LccError of the compiler; LCC0204
 */
export async function buildImport(
  model: string,
  { options, budget, cache }: ImportSettings,
  { key }: BundleKey,
  log: (line: string) => void,
): Promise<BuiltImport> {
  const { target } = options;
  if (isTargetName(target) && targets[target].wasm.load === 'import') throw targetNotBundled(model, target);
  const folder = bundleFolder(cache, key);
  const tell = (text: string): void => log(`${basename(model)}  ${text}`);
  const remembered = await recallBundle(folder, options.plan);
  if (remembered) tell('as it was built before');
  else {
    await compileInto(folder, model, { ...options, cache }, tell);
    forgetOldest(cache);
  }
  const bundle = remembered ?? (await readBundleFolder(folder));
  const isLimited = budget.limits.length > 0 || budget.bundles !== undefined;
  const result = isLimited ? await check(folder, budget) : undefined;
  const report = result && !result.isWithin ? reportText([result]) : undefined;
  return { ...bundle, key, folder, isOver: result?.verdict === 'over', budgetReport: report };
}

async function compileInto(
  folder: string,
  model: string,
  options: ImportSettings['options'],
  tell: (text: string) => void,
): Promise<void> {
  const onStage = (event: StageEvent): void => {
    const [summary, ...more] = describeStage(event);
    tell(`${event.stage.padEnd(8)}${printTime(event.ms).padStart(9)}  ${summary}`);
    for (const line of more) tell(`${' '.repeat(17)}  ${line}`);
  };
  const { compile } = await import('../compile.ts');
  const bundle = await compile(model, { ...options, onStage, onProgress: tell });
  await bundle.write(folder);
}
