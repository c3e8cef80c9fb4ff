import { dirname } from 'node:path';
import type { BudgetText } from '../6-budget/parse-budget.ts';
import { LccError } from '../diagnostics/index.ts';
import { importKeyUnknown, importQueryInvalid } from '../diagnostics/plugin.ts';
import type { CompileOptions } from '../ir/bundle.ts';
import { type CompressionFlags, parseCompressionFlags } from '../settings/parse-compression-flags.ts';
import { type ModelFlags, parseModelFlags } from '../settings/parse-model-flags.ts';
import { placeData } from '../settings/place-settings.ts';
import { type ModelImport, splitQuery } from './model-import.ts';

type Flag = keyof (ModelFlags & CompressionFlags) | 'budget';

/** Keys as the flags of `lcc build` in camel case: with one value, with one or more, and with none. */
const single = [
  'target',
  'backends',
  'calibration',
  'evaluation',
  'metric',
  'maxDrop',
  'maxSize',
  'maxLatency',
  'device',
  'maxMemory',
  'collapse',
  'rank',
  'width',
  'blocks',
  'quantize',
  'finetune',
  'plan',
  'threads',
  'budget',
] as const satisfies readonly Flag[];
const repeated = ['dim', 'shape', 'const'] as const satisfies readonly Flag[];
const bare = ['lcc', 'singleFile', 'sweep'] as const;
const known: readonly string[] = [...single, ...repeated, ...bare];

export interface QuerySettings {
  readonly options: Partial<CompileOptions>;
  readonly budget: BudgetText | undefined;
}

/** The settings in an import's query; its paths start from the model's folder. @throws LccError LCC0201, LCC0202 */
export function parseQuery({ file, query }: ModelImport): QuerySettings {
  const values = new Map<string, string[]>();
  for (const [key, value] of splitQuery(query)) {
    if (!known.includes(key)) throw importKeyUnknown(file, key, known);
    values.set(key, [...(values.get(key) ?? []), value]);
  }
  const invalid = (reason: string) => importQueryInvalid(file, query, reason);
  for (const key of [...single, ...bare]) {
    if ((values.get(key)?.length ?? 0) > 1) throw invalid(`${key} is there more than once.`);
  }
  for (const key of bare) {
    if ((values.get(key) ?? []).some((value) => value !== '')) throw invalid(`${key} takes no value.`);
  }
  const texts: { [Key in (typeof single)[number]]?: string } = {};
  for (const key of single) {
    const [text] = values.get(key) ?? [];
    if (text !== undefined) texts[key] = text;
  }
  const lists: { [Key in (typeof repeated)[number]]?: readonly string[] } = {};
  for (const key of repeated) {
    const list = values.get(key);
    if (list) lists[key] = list;
  }
  const compression = reading(invalid, () =>
    parseCompressionFlags({ ...texts, ...(values.has('sweep') && { sweep: true }) }),
  );
  return {
    options: {
      ...reading(invalid, () => parseModelFlags({ ...texts, ...lists })),
      ...placeData(compression, dirname(file)),
      ...(values.has('singleFile') && { singleFile: true }),
    },
    budget: texts.budget,
  };
}

/** What the flags of the command line refuse is said of the query. */
function reading<T>(invalid: (reason: string) => LccError, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw error instanceof LccError ? invalid(`${error.diagnostic.what} ${error.diagnostic.remedy}`) : error;
  }
}
