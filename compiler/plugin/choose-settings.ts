import { realpathSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { type Budget, budgetFile } from '../6-budget/parse-budget.ts';
import type { CompileOptions } from '../ir/bundle.ts';
import { findCacheFolder } from '../settings/cache-folder.ts';
import type { BuildConfig } from '../settings/config.ts';
import { defaultTarget } from '../settings/parse-model-flags.ts';
import { budgetFrom, placeData, sizeLimit } from '../settings/place-settings.ts';
import { configPlaces, findConfig, readBuildModule } from '../settings/read-config.ts';
import type { ModelImport } from './model-import.ts';
import type { PluginOptions } from './options.ts';
import { parseQuery } from './parse-query.ts';

export interface ImportSettings {
  readonly options: CompileOptions;
  readonly budget: Budget;
  /** folder of what is remembered from build to build */
  readonly cache: string;
  /** the configuration that counts */
  readonly config: string | undefined;
  /** files that decided, there or not */
  readonly files: readonly string[];
}

/**
 * The settings of an import. Its query wins over the plugin's options, and those over the lcc.config.ts of the model: the
 * nearest that names this very file as its `model`, in the model's folder or above it up to the bundler's root. The
 * configurations of other models do not count. @throws LccError LCC0005, LCC0201, LCC0202, LCC61xx
 */
export async function chooseSettings(
  imported: ModelImport,
  plugin: PluginOptions,
  root: string,
): Promise<ImportSettings> {
  const home = dirname(imported.file);
  const query = parseQuery(imported);
  const folders = foldersUp(home, root);
  const found = await findConfigOf(imported.file, folders);
  const { model: _model, data: _data, out: _out, budget: configured, ...settings } = found?.config ?? { model: '' };
  const { types: _types, budget: given, ...common } = plugin;
  const options: CompileOptions = {
    target: defaultTarget,
    ...placeData(settings, found?.home ?? home),
    ...placeData(common, root),
    ...query.options,
  };
  const budgets = [
    [query.budget, home],
    [given, root],
    [configured, found?.home ?? home],
  ] as const;
  const decisive = budgets.find(([text]) => text !== undefined);
  const budget = decisive && budgetFrom(...decisive);
  return {
    options,
    budget: { ...budget, limits: [...(budget?.limits ?? []), ...sizeLimit(options)] },
    cache: options.cache ?? (await findCacheFolder(root)),
    config: found?.file,
    files: [
      ...folders.flatMap(configPlaces),
      ...budgets.flatMap(([text, folder]) => (typeof text === 'string' ? (budgetFile(text, folder) ?? []) : [])),
    ],
  };
}

interface FoundConfig {
  readonly file: string;
  readonly home: string;
  readonly config: BuildConfig;
}

async function findConfigOf(model: string, folders: readonly string[]): Promise<FoundConfig | undefined> {
  for (const home of folders) {
    const file = findConfig(home);
    if (file === undefined) continue;
    const read = await readBuildModule(file);
    if (read.kind === 'config' && isSameFile(resolve(home, read.config.model), model))
      return { file, home, config: read.config };
  }
  return undefined;
}

/** From a folder up to the root, nearest first; the folder alone where it lies outside. */
function foldersUp(folder: string, root: string): string[] {
  const way = relative(root, folder);
  const isOutside = way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way);
  return isOutside || way === '' ? [folder] : [folder, ...foldersUp(dirname(folder), root)];
}

const isSameFile = (a: string, b: string): boolean => realPath(a) === realPath(b);

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
