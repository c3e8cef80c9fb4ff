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

export interface EmittedFiles {
  /** all but the manifest, by path */
  readonly files: Map<string, Uint8Array>;
  /** lcc.json, which comes later: it says how well the files compress */
  readonly manifest: Promise<Uint8Array>;
}

/** All files of a bundle by path. Equal code, report and options give equal bytes. */
export async function emitBundle(
  code: ModelCode,
  report: Report,
  options: EmitOptions,
): Promise<Map<string, Uint8Array>> {
  const { files, manifest } = await emitFiles(code, report, options);
  return files.set('lcc.json', await manifest);
}

/** The same, as soon as the bundle can run. */
export async function emitFiles(code: ModelCode, report: Report, options: EmitOptions): Promise<EmittedFiles> {
  const { target } = code;
  const placing: Placing = options.singleFile ? 'inside' : 'beside';
  const files = new Map<string, Uint8Array>();
  const facts: Promise<readonly [string, FileFacts]>[] = [];
  // Large files first: they are compressed on other threads while the entry module is made.
  const add = (path: string, bytes: Uint8Array): void => {
    files.set(path, bytes);
    facts.push(describeFile(bytes).then((found) => [path, found] as const));
  };
  if (placing === 'beside') add('model.lcw', code.weights.bytes);
  // Hosts that compile imports of wasm compile nothing else, so those modules stay files.
  if (placing === 'beside' || target.wasm.load === 'import') {
    for (const { features, bytes } of code.wasm) add(fileOf(features), bytes);
  }
  const entry = printEntry(code, placing);
  add('index.js', utf8(await bundleEntry(entry, target.syntax, { kind: 'module' })));
  if (target.classicScript) {
    const name = report.name.replaceAll(/\W/g, '_');
    add('model.classic.js', utf8(await bundleEntry(entry, target.syntax, { kind: 'classic', name })));
  }
  add('index.d.ts', utf8(printTypes(code)));
  add('package.json', printJson(packageOf(report.name)));
  const printManifest = async (): Promise<Uint8Array> => {
    const generator = `lcc ${options.version}` as const;
    const manifest: Manifest = { generator, ...report, files: Object.fromEntries(await Promise.all(facts)) };
    return printJson(manifest);
  };
  return { files, manifest: printManifest() };
}

type FileFacts = Manifest['files'][string];

const describeFile = async (bytes: Uint8Array): Promise<FileFacts> => ({
  sha256: createHash('sha256').update(bytes).digest('hex'),
  sizes: await measureSizes(bytes),
});

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
