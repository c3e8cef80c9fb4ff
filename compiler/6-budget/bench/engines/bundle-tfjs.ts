import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Plugin, rollup } from 'rollup';
import { packageMissing } from '../../../diagnostics/cli.ts';
import type { BackendName } from './engine.ts';

/** What a TensorFlow.js model is of: layers of Keras, or a graph of TensorFlow's operators. */
export type ModelFormat = 'layers' | 'graph';

const { resolve } = createRequire(import.meta.url);
/** tfjs brings its parts along; only they see each other for sure. */
const { resolve: resolvePart } = createRequire(resolve('@tensorflow/tfjs/package.json'));

/** Its builds for each capability of the machine. */
export const tfjsWasmFolder = (): string =>
  join(dirname(resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'wasm-out');

/**
 * One module of what an app takes of TensorFlow.js to run a model, from its own minified modules, and no more.
 * @throws LccError LCC0007 without its WebGPU backend, an optional package
 */
export async function bundleTfjs(format: ModelFormat, backend: BackendName): Promise<Uint8Array> {
  const build = await rollup({ input: entryId, plugins: [packages(printEntry(format, backend))] });
  try {
    const { output } = await build.generate({ format: 'es', compact: true });
    return new TextEncoder().encode(output[0].code);
  } finally {
    await build.close();
  }
}

const entryId = 'tfjs.js';

function printEntry(format: ModelFormat, backend: BackendName): string {
  const lines = [
    ['setBackend, tensor, env', modulePath('core', resolvePart)],
    format === 'layers'
      ? ['loadLayersModel', modulePath('layers', resolvePart)]
      : ['loadGraphModel', modulePath('converter', resolvePart)],
    backend === 'wasm'
      ? ['setWasmPaths', modulePath('backend-wasm', resolve)]
      : ['WebGPUBackend', modulePath('backend-webgpu', resolve)],
  ];
  return lines.map(([names, path]) => `export { ${names} } from ${JSON.stringify(path)};\n`).join('');
}

/** The module of one part of tfjs, such as `core`: flat and minified. @throws LccError LCC0007 */
function modulePath(part: string, resolveFrom: (path: string) => string): string {
  const name = `@tensorflow/tfjs-${part}`;
  try {
    return join(dirname(resolveFrom(`${name}/package.json`)), 'dist', `tf-${part}.fesm.min.js`);
  } catch {
    throw packageMissing(name);
  }
}

/** Modules of Node, which tfjs asks for and does without in browsers. */
const emptyId = '\0empty';

const packages = (entry: string): Plugin => ({
  name: 'lcc-tfjs',
  resolveId: (id, importer) => {
    if (id === entryId || importer === entryId) return id;
    return id === '@tensorflow/tfjs-core' ? modulePath('core', resolvePart) : emptyId;
  },
  load: (id) => {
    if (id === entryId) return entry;
    return id === emptyId ? { code: 'export default {};', syntheticNamedExports: true } : null;
  },
});
