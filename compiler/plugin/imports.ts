import { dirname, resolve } from 'node:path';
import type { PluginContext } from 'rollup';
import { importNotWithinBudget } from '../diagnostics/plugin.ts';
import type { BuiltImport } from './build-import.ts';
import { chooseSettings } from './choose-settings.ts';
import { makeDeclareTypes } from './declare-types.ts';
import { idOf, type ModelImport, parseId, parseSpecifier } from './model-import.ts';
import { type PluginOptions, requireOptions } from './options.ts';

/** What a bundler is to the imports of one plugin. */
export interface Host {
  /** where paths of the plugin's options start, and where configurations are looked for at most */
  readonly root: string;
  readonly log: (line: string) => void;
  /** takes a broken budget where it does not end the build */
  readonly warn: ((text: string) => void) | undefined;
}

export interface Imports {
  /** Builds a model, one at a time. @throws LccError also when the budget is broken and the host cannot be warned */
  build(imported: ModelImport, host: Host): Promise<BuiltImport>;
  /** The files that the latest build of a module read or looked for. */
  filesOf(id: string): readonly string[];
  /** Ids of the modules whose latest build read or looked for a file. */
  idsReading(file: string): readonly string[];
}

export function makeImports(given: PluginOptions): Imports {
  const options = requireOptions(given);
  const read = new Map<string, ReadonlySet<string>>();
  const declareTypes = makeDeclareTypes(options);
  let last: Promise<unknown> = Promise.resolve();

  const buildNow = async (imported: ModelImport, { root, log, warn }: Host): Promise<BuiltImport> => {
    const id = idOf(imported);
    const { file } = imported;
    const addFiles = (files: readonly string[]) => read.set(id, new Set([...(read.get(id) ?? []), ...files]));
    read.set(id, new Set([file]));
    const settings = await chooseSettings(imported, options, root);
    addFiles(settings.files);
    // The compiler weighs much; a build without models never loads it.
    const { keyOf } = await import('./bundle-key.ts');
    const key = keyOf(file, settings.options);
    addFiles(key.files);
    const { buildImport } = await import('./build-import.ts');
    const built = await buildImport(file, settings, key, log);
    declareTypes(imported, new TextDecoder().decode(built.files.get('index.d.ts')), root, warn ?? log);
    if (built.budgetReport !== undefined) {
      const error = importNotWithinBudget(file, built.budgetReport);
      // A busy machine is no reason to break a build: what is inconclusive is told, and lcc check fails on it.
      if (built.isOver && !warn) throw error;
      (warn ?? log)(error.message);
    }
    return built;
  };

  return {
    build: (imported, host) => {
      const next = last.then(() => buildNow(imported, host));
      last = next.catch(() => {});
      return next;
    },
    filesOf: (id) => [...(read.get(id) ?? [])],
    idsReading: (file) => [...read].filter(([, files]) => files.has(resolve(file))).map(([id]) => id),
  };
}

/** The id of an imported model, found as the bundler finds files; null for all else. */
export async function resolveModel(
  context: PluginContext,
  specifier: string,
  importer: string | undefined,
): Promise<string | null> {
  if (parseId(specifier)) return specifier;
  const found = parseSpecifier(specifier);
  if (!found) return null;
  const { path, query } = found;
  const resolved = await context.resolve(path, importer, { skipSelf: true });
  const isFile = resolved && !resolved.external && !resolved.id.startsWith('\0');
  // What is not there is named by the compiler's own message.
  const file = isFile ? resolved.id.replace(/\?.*$/s, '') : resolve(importer ? dirname(importer) : '.', path);
  return idOf({ file: resolve(file), query });
}
