import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { budgetImpossible, budgetInvalid, budgetNotReadable } from '../diagnostics/budget.ts';
import type { SizeMeasure } from '../ir/download.ts';
import { parseBytes } from '../quantity/bytes.ts';
import { defOf, nameOf, type Subject } from './measures.ts';
import { parseLimits } from './parse-limits.ts';

/** The most that a figure may be; the least, of accuracy. */
export type Limit = Subject & {
  readonly limit: number;
  /** the limit is of what came on top of the baseline: in the measure's unit, or as a share of the baseline */
  readonly growth?: 'absolute' | 'share';
};

/** Limits as they are checked: what `BudgetText` says, parsed. */
export interface Budget {
  readonly limits: readonly Limit[];
  /** limits of single bundles on top of these, by name */
  readonly bundles?: ReadonlyMap<string, readonly Limit[]>;
}

/** All limits that hold for a bundle, by the name in its lcc.json or of its folder. */
export const limitsFor = ({ limits, bundles }: Budget, names: readonly string[]): Limit[] => [
  ...limits,
  ...names.flatMap((name, i) => (names.indexOf(name) === i ? (bundles?.get(name) ?? []) : [])),
];

/** Text with a unit (`300 KB`, `4 ms`, `0.5 %`), or a number. */
export type Quantity = string | number;
type BySize = Quantity | { readonly [encoding in 'raw' | 'gzip' | 'brotli']?: Quantity };
type ByMoment = Quantity | { readonly peak?: Quantity; readonly run?: Quantity };

/** Milliseconds; or such by `p50` and `p95`, by backend, by device profile, one inside the other in any order. */
export type TimeText = Quantity | { readonly [part: string]: TimeText };

/** Limits by measure; without an encoding brotli is meant. */
export interface LimitsText {
  readonly total?: BySize;
  readonly code?: BySize;
  readonly weights?: BySize;
  readonly wasm?: BySize;
  readonly wgsl?: BySize;
  readonly memory?: ByMoment;
  readonly macs?: Quantity;
  readonly coldStart?: TimeText;
  readonly latency?: TimeText;
  readonly accuracy?: Quantity;
  readonly drop?: Quantity;
  /** allowed on top of the baseline: a size, or a share such as `2 %`; of the total without a measure */
  readonly growth?:
    | Quantity
    | (Partial<Record<SizeMeasure, BySize>> & { readonly memory?: ByMoment; readonly macs?: Quantity });
}

/** What lcc.budget.json holds. A bare size is the total after brotli. */
export type BudgetText =
  | Quantity
  | (LimitsText & {
      readonly $schema?: string;
      /** limits of single bundles on top of the others, by the name in lcc.json or of the folder */
      readonly bundles?: Readonly<Record<string, Quantity | LimitsText>>;
    });

/** The file that a budget of text names; undefined where it is inline, a size or JSON. */
export function budgetFile(text: string, folder: string): string | undefined {
  const isInline = parseBytes(text) !== undefined || text.trim().startsWith('{');
  return isInline ? undefined : resolve(folder, text.trim());
}

/**
 * The budget of a flag: inline (`300KB`, `{"code": "30KB"}`), or the path of a JSON file with either form.
 * @param folder that the path starts from
 * @throws LccError LCC6101, LCC6102, LCC6105
 */
export function readBudget(flag: string, folder: string = process.cwd()): Budget {
  const text = flag.trim();
  if (parseBytes(text) !== undefined) return parseBudget(text);
  const file = budgetFile(text, folder);
  if (file === undefined) return parseBudget(parseJson(text, undefined));
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    throw budgetNotReadable(file, error instanceof Error ? error.message : String(error));
  }
  return parseBudget(parseJson(withoutMark(content), file), file);
}

/** Editors on Windows may put a byte order mark before UTF-8. */
const withoutMark = (content: string): string => content.replace(/^\ufeff/, '');

function parseJson(text: string, file: string | undefined): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw budgetInvalid(error instanceof Error ? error.message : String(error), text, file);
  }
}

/** What a library user may hand over: a parsed budget, a size, limits by measure, or the path of a file with either. */
export function toBudget(budget: Budget | BudgetText): Budget {
  if (typeof budget === 'string') return readBudget(budget);
  return isBudget(budget) ? budget : parseBudget(budget);
}

const isBudget = (budget: Budget | BudgetText): budget is Budget =>
  typeof budget === 'object' && 'limits' in budget && Array.isArray(budget.limits);

/** Any `BudgetText`. @param file for messages. @throws LccError LCC6102, LCC6105 */
export function parseBudget(value: unknown, file?: string): Budget {
  const { limits, bundles } = parseLimits(value, file);
  const all = [...limits, ...[...bundles.values()].flat()];
  if (all.length === 0) throw budgetInvalid('it limits nothing', JSON.stringify(value) ?? '', file);
  for (const limit of all) requirePossible(limit, file);
  return bundles.size === 0 ? { limits } : { limits, bundles };
}

/** @throws LccError LCC6105 for a limit that no bundle can meet */
function requirePossible(limit: Limit, file: string | undefined): void {
  const { isFloor, canBeZero, unit } = defOf(limit.measure);
  const name = nameOf(limit);
  if (limit.growth) {
    if (limit.growth === 'share' && limit.limit <= -1)
      throw budgetImpossible(`${name} cannot shrink by all of it`, file);
    return;
  }
  if (limit.limit < 0) throw budgetImpossible(`${name} is never below 0`, file);
  if (limit.limit === 0 && !canBeZero && !isFloor) throw budgetImpossible(`${name} is never 0`, file);
  if (isFloor && unit === 'share' && limit.limit > 1) throw budgetImpossible(`${name} is never above 100 %`, file);
}
