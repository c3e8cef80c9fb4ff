import { createHash } from 'node:crypto';
import { measureSizes } from '../ir/file-sizes.ts';
import type { Graph } from '../ir/graph.ts';
import type { Manifest, Report } from '../ir/report.ts';
import { bundleEntry } from './bundle-entry.ts';
import { fileOf, type ModelCode } from './model-code.ts';
import { type Placing, printEntry } from './print-entry.ts';
import { printTypes } from './print-types.ts';
import { printReport } from './report/print-report.ts';
import { findSpectra } from './spectra.ts';

export interface EmitOptions {
  /** one ES module with wasm and weights inside */
  readonly singleFile: boolean;
  /** of lcc, for the manifest */
  readonly version: string;
  /** before lossy compression */
  readonly original: Graph;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const printJson = (value: unknown): Uint8Array => utf8(`${JSON.stringify(value, null, 2)}\n`);

export interface EmittedFiles {
  /** all but those that describe them, by path */
  readonly files: Map<string, Uint8Array>;
  /** lcc.json and report.html, which come later: they say how well the files compress */
  readonly described: Promise<ReadonlyMap<string, Uint8Array>>;
}

/** All files of a bundle by path. Equal code, report and options give equal bytes. */
export async function emitBundle(
  code: ModelCode,
  report: Report,
  options: EmitOptions,
): Promise<Map<string, Uint8Array>> {
  const { files, described } = await emitFiles(code, report, options);
  return new Map([...files, ...(await described)]);
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
  const describe = async (): Promise<ReadonlyMap<string, Uint8Array>> => {
    const generator = `lcc ${options.version}` as const;
    const inside = await measureInside(code, files);
    const described = Object.fromEntries(await Promise.all(facts));
    const spectra = findSpectra(options.original, report.compression?.actions ?? []);
    const manifest: Manifest = { generator, ...report, spectra, ...(inside && { inside }), files: described };
    return new Map([
      ['lcc.json', printJson(manifest)],
      ['report.html', utf8(printReport(manifest))],
    ]);
  };
  return { files, described: describe() };
}

/** Sizes of what index.js holds; undefined when it holds nothing but JavaScript. */
async function measureInside(
  { webgpu, wasm, weights }: ModelCode,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<Manifest['inside']> {
  const parts = [
    ...(webgpu ? [['model.wgsl', utf8(webgpu.shaders.join(''))] as const] : []),
    ...wasm.map(({ features, bytes }) => [fileOf(features), bytes] as const),
    ['model.lcw', weights.bytes] as const,
  ].filter(([path]) => !files.has(path));
  const sizes = parts.map(async ([path, bytes]) => [path, await measureSizes(bytes)] as const);
  return parts.length === 0 ? undefined : Object.fromEntries(await Promise.all(sizes));
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
