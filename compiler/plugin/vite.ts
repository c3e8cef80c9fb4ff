/** `lcc/vite`: imports of models, compiled while Vite builds or serves. */
import type { Environment, Plugin, ViteDevServer } from 'vite';
import { emitAssets, resolveFileUrl } from './emit-assets.ts';
import { type Host, makeImports, resolveModel } from './imports.ts';
import { idOf, parseId } from './model-import.ts';
import type { PluginOptions } from './options.ts';
import { placeFiles, printBytes } from './place-files.ts';
import { serveBundles } from './serve-bundles.ts';

export type { PluginOptions } from './options.ts';

/** All of a plugin that an app's configuration must know: Vite's own type is that of one Vite, and an app has its own. */
export interface VitePlugin {
  readonly name: string;
}

/**
 * As `lcc/rollup`, and in Vite's dev server: wasm and weights come from the cache, what a model was made of is watched,
 * and a broken budget is a warning. Code for servers reads them from files, or, where Vite emits none, holds them itself.
 * Vite bundles workers apart: name the plugin in `worker.plugins` too.
 * @throws LccError LCC0203; builds fail with LccError, over budget too (LCC0206)
 */
export default function lcc(options: PluginOptions = {}): VitePlugin {
  const imports = makeImports(options);
  const served = serveBundles();
  let watcher: ViteDevServer['watcher'] | undefined;

  const plugin: Plugin = {
    name: 'lcc',
    enforce: 'pre',
    resolveId(specifier, importer) {
      return resolveModel(this, specifier, importer);
    },
    async load(id) {
      const imported = parseId(id);
      if (!imported) return null;
      const { environment } = this;
      try {
        const built = await imports.build(imported, hostOf(environment));
        const code = placeBy(environment.config, {
          server: () => served.place(environment, built),
          assets: () => emitAssets(this, imported, built),
          inside: () => placeFiles(built.files, ({ bytes }) => printBytes(bytes)),
        });
        return { code, map: null, moduleSideEffects: false };
      } finally {
        const files = imports.filesOf(idOf(imported));
        // Vite's server takes files that modules say they watch for imports.
        if (watcher) watcher.add([...files]);
        else for (const file of files) this.addWatchFile(file);
      }
    },
    resolveFileUrl,
    configureServer(server) {
      watcher = server.watcher;
      server.middlewares.use(served.answer(server.config.base));
    },
    hotUpdate({ file, modules }) {
      const graph = this.environment.moduleGraph;
      const stale = imports.idsReading(file).map((id) => graph.getModuleById(id));
      return [...new Set([...modules, ...stale.filter((found) => found !== undefined)])];
    },
  };
  return plugin;
}

const hostOf = ({ config: { root, command, logger } }: Environment): Host => ({
  root,
  log: (line) => logger.info(`lcc  ${line}`),
  warn: command === 'serve' ? (text) => logger.warn(text) : undefined,
});

type Place = 'server' | 'assets' | 'inside';

/** Vite leaves assets out of what it builds for servers, unless it is told. */
function placeBy({ command, build }: Environment['config'], code: Readonly<Record<Place, () => string>>): string {
  if (command === 'serve') return code.server();
  return build.emitAssets ? code.assets() : code.inside();
}
