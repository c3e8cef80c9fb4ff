import { readFileSync } from 'node:fs';
import { budgetInvalid, budgetNotReadable } from '../diagnostics/budget.ts';
import { parseByteCount } from './byte-count.ts';
import { type Encoding, encodings, type Measure, measureNames } from './measures.ts';

export interface Limit {
  readonly measure: Measure;
  readonly encoding: Encoding;
  readonly bytes: number;
}

export interface Budget {
  readonly limits: readonly Limit[];
}

/** A size, or sizes by measure and encoding. Without an encoding brotli is meant, without a measure the total. */
export type BudgetText =
  | string
  | number
  | { readonly [measure: string]: SizeText | { readonly [encoding: string]: SizeText } };
type SizeText = string | number;

/**
 * The budget of a flag: inline (`300KB`, `{"code": "30KB"}`), or the path of a JSON file with either form.
 * @throws LccError LCC6101, LCC6102
 */
export function readBudget(flag: string): Budget {
  const text = flag.trim();
  if (parseByteCount(text) !== undefined) return parseBudget(text);
  if (text.startsWith('{')) return parseBudget(parseJson(text, undefined));
  let content: string;
  try {
    content = readFileSync(text, 'utf8');
  } catch (error) {
    throw budgetNotReadable(text, error instanceof Error ? error.message : String(error));
  }
  return parseBudget(parseJson(content, text), text);
}

function parseJson(text: string, file: string | undefined): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw budgetInvalid(error instanceof Error ? error.message : String(error), text, file);
  }
}

/** What a library user may hand over: a parsed budget, a size, sizes by measure, or the path of a file with either. */
export function toBudget(budget: Budget | BudgetText): Budget {
  if (typeof budget === 'string') return readBudget(budget);
  return isBudget(budget) ? budget : parseBudget(budget);
}

const isBudget = (budget: Budget | BudgetText): budget is Budget =>
  typeof budget === 'object' && Array.isArray(budget.limits);

/** Any `BudgetText`. @param file for messages. @throws LccError LCC6102 */
export function parseBudget(value: unknown, file?: string): Budget {
  if (typeof value === 'string' || typeof value === 'number') {
    return { limits: [{ measure: 'total', encoding: 'brotli', bytes: parseSize(value, 'total.brotli', file) }] };
  }
  const limits = entriesOf(value, 'budget', file).flatMap(([name, sizes]) => {
    const measure = measureNames.find((known) => known === name);
    if (measure === undefined) throw budgetInvalid(`"${name}" is none of ${measureNames.join(', ')}`, name, file);
    return parseLimits(measure, sizes, file);
  });
  if (limits.length === 0) throw budgetInvalid('it limits nothing', JSON.stringify(value), file);
  return { limits };
}

function parseLimits(measure: Measure, sizes: unknown, file: string | undefined): Limit[] {
  if (typeof sizes !== 'object') {
    return [{ measure, encoding: 'brotli', bytes: parseSize(sizes, `${measure}.brotli`, file) }];
  }
  return entriesOf(sizes, measure, file).map(([name, size]) => {
    const encoding = encodings.find((known) => known === name);
    if (encoding === undefined) throw budgetInvalid(`"${name}" is none of ${encodings.join(', ')}`, name, file);
    return { measure, encoding, bytes: parseSize(size, `${measure}.${encoding}`, file) };
  });
}

function entriesOf(value: unknown, what: string, file: string | undefined): [string, unknown][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
  throw budgetInvalid(`${what} is neither a size nor an object`, JSON.stringify(value) ?? String(value), file);
}

function parseSize(value: unknown, where: string, file: string | undefined): number {
  const bytes = typeof value === 'string' || typeof value === 'number' ? parseByteCount(String(value)) : undefined;
  if (bytes === undefined) throw budgetInvalid(`${where} is not a size`, JSON.stringify(value) ?? String(value), file);
  return bytes;
}
