import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isProfileName } from '../../targets/profiles/index.ts';
import { filesBeside } from '../1-ingest/files-beside.ts';
import { parseSource } from '../data/parse-source.ts';
import { isModuleName } from '../data/user-module.ts';
import { modelNotFound } from '../diagnostics/ingest.ts';
import type { CompileOptions } from '../ir/bundle.ts';
import { fingerprint } from '../trial/fingerprint.ts';

export interface BundleKey {
  /** 32 hexadecimal digits: equal where the same bundle would be built */
  readonly key: string;
  /** the files it was made of */
  readonly files: readonly string[];
}

/**
 * A hash of the contents of the model and of the files with its weights, of the options and what plans and profiles hold, of
 * this compiler's code, and of size and time of the data files, which may be large. Of a module that yields data or is a
 * metric only the file itself counts, not what it imports. @throws LccError LCC1001, LCC70xx
 */
export function keyOf(model: string, options: CompileOptions): BundleKey {
  const { cache: _cache, threads: _threads, onStage: _onStage, onProgress: _onProgress, ...decisive } = options;
  if (!existsSync(model)) throw modelNotFound(model);
  const bytes = new Uint8Array(readFileSync(model));
  const contents = [...filesBeside({ bytes, file: model }), ...filesNamed(options)];
  const data = [options.calibration, options.evaluation].flatMap((source) =>
    typeof source === 'string' ? filesOfSource(source) : [],
  );
  const hash = createHash('sha256').update(fingerprint()).update(basename(model)).update(digest(bytes));
  hash.update(JSON.stringify(decisive, printValue));
  for (const file of contents) hash.update(digest(readFileSync(file)));
  for (const file of data) for (const mark of marksOf(file)) hash.update(mark);
  return { key: hash.digest('hex').slice(0, 32), files: [model, ...contents, ...data] };
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A plan, a metric of the user's own, which is a module, and a device's profile that does not come with lcc. */
const filesNamed = ({ plan, metric, device }: CompileOptions): string[] =>
  [
    typeof plan === 'string' ? [plan] : [],
    metric !== undefined && isModuleName(metric) ? [resolve(metric)] : [],
    device !== undefined && !isProfileName(device) ? [resolve(device)] : [],
  ]
    .flat()
    .filter((file) => existsSync(file));

/** The path of a data source, and what its options name or its format looks for beside it. */
function filesOfSource(source: string): string[] {
  const { path, options } = parseSource(source);
  const named = [options.labels, options.tokenizer].flatMap((name) =>
    name === undefined ? [] : [name, join(path, name), join(dirname(path), name)],
  );
  const folder = dirname(path);
  const labels = existsSync(folder) ? readdirSync(folder).filter((name) => name.includes('label')) : [];
  return [...new Set([path, ...named, ...labels.sort().map((name) => join(folder, name))])].filter((file) =>
    existsSync(file),
  );
}

/** Path, size and time of a file, or of all files in a folder. */
function marksOf(path: string): string[] {
  const stats = statSync(path);
  if (!stats.isDirectory()) return [`${path} ${stats.size} ${stats.mtimeMs}\n`];
  return readdirSync(path)
    .sort()
    .flatMap((name) => marksOf(join(path, name)));
}

/** Arrays by their class and a hash of their elements; big integers as text. */
function printValue(_name: string, value: unknown): unknown {
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return { array: value.constructor.name, sha256: digest(bytes) };
  }
  return typeof value === 'bigint' ? `${value}n` : value;
}
