import { flagInvalid, unknownChoice } from '../diagnostics/cli.ts';
import type { CompressionOptions, FinetuneOptions } from '../ir/bundle.ts';

/** The flags of lossy compression, as text. */
export interface CompressionFlags {
  readonly calibration?: string;
  readonly evaluation?: string;
  readonly metric?: string;
  readonly maxDrop?: string;
  readonly maxSize?: string;
  readonly maxLatency?: string;
  readonly device?: string;
  readonly maxMemory?: string;
  readonly collapse?: string;
  readonly rank?: string;
  readonly width?: string;
  readonly blocks?: string;
  readonly quantize?: string;
  readonly finetune?: string;
  readonly plan?: string;
  readonly sweep?: true;
  readonly threads?: string;
}

/** The flags as options; what is not given is left out. @throws LccError LCC0002, LCC0003 */
export function parseCompressionFlags(flags: CompressionFlags): CompressionOptions {
  const { calibration, evaluation, metric, maxDrop, maxSize, maxLatency, device, maxMemory, plan } = flags;
  return {
    ...given({ calibration, evaluation, metric, maxDrop, maxSize, maxLatency, device, maxMemory, plan }),
    ...(flags.sweep && { sweep: true }),
    ...(flags.threads === undefined ? {} : { threads: parseThreads(flags.threads) }),
    ...(flags.finetune === undefined ? {} : { finetune: parseFinetune(flags.finetune) }),
    ...choose('collapse', flags.collapse, ['auto', 'off', 'all']),
    ...choose('width', flags.width, ['auto', 'off']),
    ...choose('blocks', flags.blocks, ['auto', 'off']),
    ...choose('quantize', flags.quantize, ['auto', 'off', 'fp16', 'int8', 'int4']),
    ...(flags.rank === undefined ? {} : { rank: parseRank(flags.rank) }),
  };
}

/** `epochs=2,rate=0.001`, each at most once. */
function parseFinetune(text: string): FinetuneOptions {
  const form = 'epochs=1 or epochs=2,rate=0.001';
  const pairs = text.split(',').map((pair) => /^\s*(epochs|rate)\s*=\s*([0-9.e-]+)\s*$/.exec(pair));
  const numbers = pairs.map((match) => [match?.[1] ?? '', Number(match?.[2])] as const);
  const isValid = numbers.every(([name, value]) =>
    name === 'epochs' ? Number.isInteger(value) && value > 0 : name === 'rate' && value > 0,
  );
  if (!isValid || new Set(numbers.map(([name]) => name)).size < numbers.length)
    throw flagInvalid('--finetune', text, form);
  return Object.fromEntries(numbers);
}

/** Without the fields that are undefined. */
function given<T extends Readonly<Record<string, string | undefined>>>(fields: T): { [K in keyof T]?: string } {
  const result: { [K in keyof T]?: string } = {};
  for (const key in fields) {
    const value = fields[key];
    if (value !== undefined) result[key] = value;
  }
  return result;
}

function choose<K extends string, const V extends string>(
  key: K,
  value: string | undefined,
  words: readonly V[],
): Partial<Record<K, V>> {
  const record: Partial<Record<K, V>> = {};
  if (value === undefined) return record;
  const word = words.find((known) => known === value);
  if (word === undefined) throw unknownChoice(`--${key}`, value, words);
  record[key] = word;
  return record;
}

function parseNumber(flag: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw flagInvalid(flag, text, 'a number');
  return value;
}

function parseThreads(text: string): number {
  const count = parseNumber('--threads', text);
  if (Number.isInteger(count) && count > 0) return count;
  throw flagInvalid('--threads', text, 'a whole number from 1');
}

const parseRank = (text: string): 'auto' | 'off' | number =>
  text === 'auto' || text === 'off' ? text : parseNumber('--rank', text);
