import { createHash } from 'node:crypto';
import type { Manifest, Report } from '../ir/bundle.ts';
import { measureSizes } from '../ir/file-sizes.ts';
import { bundleEntry } from './bundle-entry.ts';
import { fileOf, type ModelCode } from './model-code.ts';
import { type Placing, printEntry } from './print-entry.ts';
import { printTypes } from './print-types.ts';

export interface EmitOptions {
  /** one ES module with wasm and weights inside */
  readonly singleFile: boolean;
  /** of lcc, for the manifest */
  readonly version: string;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const printJson = (value: unknown): Uint8Array => utf8(`${JSON.stringify(value, null, 2)}\n`);

/** All files of a bundle by path. Equal code, report and options give equal bytes. */
export async function emitBundle(
  code: ModelCode,
  report: Report,
  options: EmitOptions,
): Promise<Map<string, Uint8Array>> {
  const { target } = code;
  const placing: Placing = options.singleFile ? 'inside' : 'beside';
  const entry = printEntry(code, placing);
  const files = new Map<string, Uint8Array>();
  files.set('index.js', utf8(await bundleEntry(entry, target.syntax, { kind: 'module' })));
  files.set('index.d.ts', utf8(printTypes(code)));
  files.set('package.json', printJson(packageOf(report.name)));
  if (target.classicScript) {
    const name = report.name.replaceAll(/\W/g, '_');
    files.set('model.classic.js', utf8(await bundleEntry(entry, target.syntax, { kind: 'classic', name })));
  }
  // Hosts that compile imports of wasm compile nothing else, so those modules stay files.
  if (placing === 'beside' || target.wasm.load === 'import') {
    for (const { features, bytes } of code.wasm) files.set(fileOf(features), bytes);
  }
  if (placing === 'beside') files.set('model.lcw', code.weights.bytes);
  files.set('lcc.json', printJson(await describe(report, options.version, files)));
  return files;
}

const packageOf = (name: string) => ({
  name:
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9._-]/g, '-')
      .replace(/^[._]+/, '') || 'model',
  version: '0.0.0',
  private: true,
  type: 'module',
  main: './index.js',
  types: './index.d.ts',
  exports: { '.': { types: './index.d.ts', default: './index.js' }, './*': './*' },
  sideEffects: false,
});

async function describe(report: Report, version: string, files: ReadonlyMap<string, Uint8Array>): Promise<Manifest> {
  const entries = await Promise.all(
    [...files].map(async ([path, bytes]) => {
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return [path, { sha256, sizes: await measureSizes(bytes) }] as const;
    }),
  );
  return { generator: `lcc ${version}`, ...report, files: Object.fromEntries(entries) };
}
