import { join } from 'node:path';
import { manifestIncomplete } from '../diagnostics/budget.ts';
import type { Work } from '../ir/count-work.ts';
import type {
  CallReport,
  CompressionReport,
  ConstantReport,
  KernelReport,
  Manifest,
  PassReport,
  PortReport,
  SourceReport,
  SpectrumReport,
} from '../ir/report.ts';
import { readManifest } from './read-bundle.ts';

/** What a field of lcc.json holds: one value, an object with fields, or a list of such. */
interface Form {
  readonly kind: 'value' | 'object' | 'list';
  readonly fields: readonly string[];
}

const value: Form = { kind: 'value', fields: [] };
const list: Form = { kind: 'list', fields: [] };
const objectWith = <T>(...fields: (keyof T & string)[]): Form => ({ kind: 'object', fields });
const listOf = <T>(...fields: (keyof T & string)[]): Form => ({ kind: 'list', fields });

type Optional = 'inside' | 'compression';

const forms: Readonly<Record<Exclude<keyof Manifest, Optional>, Form>> = {
  generator: value,
  name: value,
  source: objectWith<SourceReport>('bytes', 'sha256'),
  target: value,
  backends: list,
  inputs: listOf<PortReport>('name', 'dtype', 'shape'),
  outputs: listOf<PortReport>('name', 'dtype', 'shape'),
  macs: value,
  work: objectWith<Work>('float', 'integer', 'other', 'bytes', 'dispatches'),
  memory: objectWith<Manifest['memory']>('constants', 'arena', 'buffers'),
  constants: listOf<ConstantReport>('name', 'form', 'bytes'),
  kernels: listOf<KernelReport>('backend', 'name', 'work', 'form', 'calls', 'macShare', 'codeBytes', 'bytes'),
  calls: listOf<CallReport>('kernel', 'value', 'constants'),
  passes: listOf<PassReport>('name', 'changes', 'loss'),
  notes: list,
  spectra: listOf<SpectrumReport>('name', 'outputs', 'inputs'),
  files: objectWith(),
};

const compression = objectWith<CompressionReport>('limits', 'attempts', 'before', 'steps', 'actions', 'tradeOff');

/**
 * An lcc.json that records all that this version of lcc does.
 * @throws LccError LCC6103 when the folder has none, LCC6112 for one of another version that lacks something
 */
export async function readWholeManifest(folder: string): Promise<Manifest> {
  const manifest = await readManifest(folder);
  const found = new Map<string, unknown>(Object.entries(manifest));
  const asked = Object.entries(found.has('compression') ? { ...forms, compression } : forms);
  const lacking = asked.flatMap(([name, form]) => lackingIn(name, found.get(name), form));
  if (lacking.length > 0) throw manifestIncomplete(join(folder, 'lcc.json'), manifest.generator, lacking);
  return manifest;
}

/** Paths such as `memory.buffers` and `kernels[].codeBytes`. */
function lackingIn(name: string, found: unknown, { kind, fields }: Form): string[] {
  if (kind === 'value') return typeof found === 'string' || typeof found === 'number' ? [] : [name];
  if (typeof found !== 'object' || found === null || Array.isArray(found) !== (kind === 'list')) return [name];
  const rows: readonly unknown[] = Array.isArray(found) ? found : [found];
  const lacks = (row: unknown, field: string): boolean => !(typeof row === 'object' && row !== null && field in row);
  const path = kind === 'list' ? `${name}[]` : name;
  return fields.filter((field) => rows.some((row) => lacks(row, field))).map((field) => `${path}.${field}`);
}
