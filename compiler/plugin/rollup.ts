/** `lcc/rollup`: imports of models, compiled while Rollup bundles. */
import type { Plugin } from 'rollup';
import { emitAssets, resolveFileUrl } from './emit-assets.ts';
import { type Host, makeImports, resolveModel } from './imports.ts';
import { idOf, parseId } from './model-import.ts';
import type { PluginOptions } from './options.ts';

export type { PluginOptions } from './options.ts';

/**
 * `import { load } from './digits.onnx'` compiles the model; wasm and weights become assets. Options: the query's
 * (`./digits.onnx?target=mobile-wasm`) over these over those of the lcc.config.ts that names the model (`chooseSettings`).
 * Imports of `model.json` are TensorFlow.js models with `lcc` in their query: `./model.json?lcc`.
 * @throws LccError LCC0203; builds fail with LccError, over budget too (LCC0206)
 */
export default function lcc(options: PluginOptions = {}): Plugin {
  const imports = makeImports(options);
  return {
    name: 'lcc',
    resolveId(specifier, importer) {
      return resolveModel(this, specifier, importer);
    },
    async load(id) {
      const imported = parseId(id);
      if (!imported) return null;
      const host: Host = { root: process.cwd(), log: (line) => this.info(line), warn: undefined };
      try {
        const built = await imports.build(imported, host);
        return { code: emitAssets(this, imported, built), map: null, moduleSideEffects: false };
      } finally {
        for (const file of imports.filesOf(idOf(imported))) this.addWatchFile(file);
      }
    },
    resolveFileUrl,
  };
}
