import { basename, extname } from 'node:path';
import type { PluginContext, ResolveFileUrlHook } from 'rollup';
import type { BuiltImport } from './build-import.ts';
import { type ModelImport, parseId } from './model-import.ts';
import { placeFiles } from './place-files.ts';

/** The module of a model whose files are assets of the output, named for the model: `digits.lcw`, `digits.wasm`. */
export function emitAssets(context: PluginContext, { file }: ModelImport, { files }: BuiltImport): string {
  const stem = basename(file, extname(file));
  return placeFiles(files, ({ path, bytes }) => {
    const name = path.replace(/^model(?=\.)/, () => stem);
    return `import.meta.ROLLUP_FILE_URL_${context.emitFile({ type: 'asset', name, source: bytes })}`;
  });
}

/** Rollup's own answer for scripts has no place in a worker, where there is no document. */
export const resolveFileUrl: ResolveFileUrlHook = ({ format, moduleId, relativePath }) =>
  format === 'iife' && parseId(moduleId)
    ? `new URL(${JSON.stringify(relativePath)}, typeof document === 'undefined' ? location.href : ` +
      `(document.currentScript && document.currentScript.src) || document.baseURI).href`
    : null;
