import { readFile } from 'node:fs/promises';
import { type ModuleFormat, type Plugin, rollup } from 'rollup';
import { ModuleKind, ScriptTarget, ts } from 'ts-morph';
import type { Target } from '../../targets/target.ts';
import { runtimeSpecifier } from './print-entry.ts';
import { runtimeCode } from './runtime-files.ts';

const entryId = 'index.js';

const scriptTargets: Readonly<Record<Target['syntax'], ScriptTarget>> = {
  es2022: ScriptTarget.ES2022,
  es2017: ScriptTarget.ES2017,
};

const transpile = (code: string, target: ScriptTarget): string =>
  ts.transpileModule(code, { compilerOptions: { target, module: ModuleKind.ESNext, removeComments: true } }).outputText;

/** Gives Rollup the entry module from memory and the runtime from its files. */
const runtimePlugin = (entry: string): Plugin => ({
  name: 'lcc-runtime',
  resolveId: (id) => {
    if (id === entryId) return id;
    return id === runtimeSpecifier ? runtimeCode('abi') : null;
  },
  load: async (id) => {
    if (id === entryId) return entry;
    if (!id.endsWith('.ts')) return null;
    return transpile(await readFile(id, 'utf8'), ScriptTarget.ES2022);
  },
});

export type Format = { readonly kind: 'module' } | { readonly kind: 'classic'; readonly name: string };

/** One file from the entry module and what it uses of the runtime, in the target's syntax. */
export async function bundleEntry(entry: string, syntax: Target['syntax'], format: Format): Promise<string> {
  const build = await rollup({
    input: entryId,
    plugins: [runtimePlugin(entry)],
    external: (id) => id.endsWith('.wasm'),
    makeAbsoluteExternalsRelative: false,
    treeshake: { moduleSideEffects: false },
  });
  try {
    const output: ModuleFormat = format.kind === 'module' ? 'es' : 'iife';
    const names = format.kind === 'classic' ? { name: `lcc.${format.name}`, extend: true } : {};
    const { output: chunks } = await build.generate({ format: output, exports: 'named', ...names });
    // Names and lines stay: the file is for reading, and brotli makes up for most of it.
    return transpile(chunks[0].code, scriptTargets[syntax]);
  } finally {
    await build.close();
  }
}
