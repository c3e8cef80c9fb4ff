import { profiles } from '../../targets/profiles/index.ts';
import { budgetInvalid } from '../diagnostics/budget.ts';
import { encodings, type SizeMeasure, sizeMeasures } from '../ir/download.ts';
import { parseBytes } from '../quantity/bytes.ts';
import { parseCount } from '../quantity/count.ts';
import { parseDuration } from '../quantity/duration.ts';
import type { Unit } from '../quantity/quantity.ts';
import { parseShare } from '../quantity/share.ts';
import {
  defOf,
  type Measure,
  measureNames,
  moments,
  nameOf,
  quantiles,
  type Subject,
  type TimeMeasure,
} from './measures.ts';
import type { Limit, Quantity } from './parse-budget.ts';

/** The limits of any `BudgetText`. @throws LccError LCC6102 */
export function parseLimits(
  value: unknown,
  file: string | undefined,
): { readonly limits: readonly Limit[]; readonly bundles: ReadonlyMap<string, readonly Limit[]> } {
  if (isScalar(value)) return { limits: parseSizes('total', value, file), bundles: new Map() };
  const parts = entriesOf(value, 'budget', 'a size', file);
  const limits = parts.flatMap(([name, part]) =>
    name === '$schema' || name === 'bundles' ? [] : parsePart(name, part, [...partNames, 'bundles'], file),
  );
  const named = parts
    .filter(([name]) => name === 'bundles')
    .flatMap(([, part]) => entriesOf(part, 'bundles', 'a size', file));
  return { limits, bundles: new Map(named.map(([name, part]) => [name, parseBundle(part, file)])) };
}

const parseBundle = (value: unknown, file: string | undefined): Limit[] =>
  isScalar(value)
    ? parseSizes('total', value, file)
    : entriesOf(value, 'bundles', 'a size', file).flatMap(([name, part]) => parsePart(name, part, partNames, file));

const partNames: readonly string[] = [...measureNames, 'growth'];

/** @param known names, for messages */
const parsePart = (name: string, value: unknown, known: readonly string[], file: string | undefined): Limit[] =>
  name === 'growth' ? parseGrowth(value, file) : parseMeasure(oneOf(measureNames, name, known, file), value, file);

function parseMeasure(measure: Measure, value: unknown, file: string | undefined): Limit[] {
  switch (measure) {
    case 'macs':
    case 'accuracy':
    case 'drop':
      return [{ measure, limit: parseQuantity(value, defOf(measure).unit, measure, file) }];
    case 'memory':
      return parseMemory(value, file);
    case 'coldStart':
    case 'latency':
      return parseTimes({ measure }, value, measure, file);
    default:
      return parseSizes(measure, value, file);
  }
}

function parseSizes(measure: SizeMeasure, value: unknown, file: string | undefined): Limit[] {
  if (typeof value !== 'object') {
    return [{ measure, encoding: 'brotli', limit: parseQuantity(value, 'bytes', `${measure}.brotli`, file) }];
  }
  return entriesOf(value, measure, 'a size', file).map(([name, size]) => {
    const encoding = oneOf(encodings, name, encodings, file);
    return { measure, encoding, limit: parseQuantity(size, 'bytes', `${measure}.${encoding}`, file) };
  });
}

function parseMemory(value: unknown, file: string | undefined): Limit[] {
  if (typeof value !== 'object') {
    return [{ measure: 'memory', moment: 'peak', limit: parseQuantity(value, 'bytes', 'memory.peak', file) }];
  }
  return entriesOf(value, 'memory', 'a size', file).map(([name, size]) => {
    const moment = oneOf(moments, name, moments, file);
    return { measure: 'memory', moment, limit: parseQuantity(size, 'bytes', `memory.${moment}`, file) };
  });
}

/** A profile that comes with lcc, or the path of one. */
const isProfile = (name: string): boolean => name.endsWith('.json') || Object.hasOwn(profiles, name);

const timeKeys = [...quantiles, 'wasm', 'webgpu', ...Object.keys(profiles), 'a profile (.json)'];

interface TimePath {
  readonly measure: TimeMeasure;
  readonly quantile?: 'p50' | 'p95';
  readonly backend?: 'webgpu' | 'wasm';
  readonly profile?: string;
}

/** Quantile, backend and profile may come in any order; a time without a quantile is the median's. */
function parseTimes(path: TimePath, value: unknown, where: string, file: string | undefined): Limit[] {
  if (isScalar(value)) {
    const { quantile = 'p50', ...rest } = path;
    return [{ ...rest, quantile, limit: parseQuantity(value, 'ms', where, file) }];
  }
  return entriesOf(value, where, 'a time', file).flatMap(([name, part]) => {
    const inner = `${where}.${name}`;
    const quantile = quantiles.find((known) => known === name);
    if (quantile) return parseTimes(once(path, 'quantile', quantile, inner, file), part, inner, file);
    if (name === 'wasm' || name === 'webgpu')
      return parseTimes(once(path, 'backend', name, inner, file), part, inner, file);
    if (!isProfile(name)) throw budgetInvalid(`"${name}" is none of ${timeKeys.join(', ')}`, name, file);
    return parseTimes(once(path, 'profile', name, inner, file), part, inner, file);
  });
}

function once<K extends 'quantile' | 'backend' | 'profile'>(
  path: TimePath,
  key: K,
  value: NonNullable<TimePath[K]>,
  where: string,
  file: string | undefined,
): TimePath {
  if (path[key] !== undefined) throw budgetInvalid(`${where} names a second ${key}`, String(value), file);
  return { ...path, [key]: value };
}

function parseGrowth(value: unknown, file: string | undefined): Limit[] {
  if (isScalar(value)) return [parseOneGrowth({ measure: 'total', encoding: 'brotli' }, value, 'growth', file)];
  return entriesOf(value, 'growth', 'a size or share', file).flatMap(([name, part]) => {
    const growing = oneOf([...sizeMeasures, 'memory', 'macs'] as const, name, undefined, file);
    return subjectsOf(growing, part, file).map(([subject, quantity]) =>
      parseOneGrowth(subject, quantity, `growth.${nameOf(subject).replace(' ', '.')}`, file),
    );
  });
}

function subjectsOf(
  measure: SizeMeasure | 'memory' | 'macs',
  value: unknown,
  file: string | undefined,
): (readonly [Subject, unknown])[] {
  if (measure === 'macs') return [[{ measure }, value]];
  if (measure === 'memory') {
    if (isScalar(value)) return [[{ measure, moment: 'peak' }, value]];
    return entriesOf(value, 'growth.memory', 'a size or share', file).map(([name, part]) => [
      { measure, moment: oneOf(moments, name, moments, file) },
      part,
    ]);
  }
  if (isScalar(value)) return [[{ measure, encoding: 'brotli' }, value]];
  return entriesOf(value, `growth.${measure}`, 'a size or share', file).map(([name, part]) => [
    { measure, encoding: oneOf(encodings, name, encodings, file) },
    part,
  ]);
}

/** A share only with its sign: a bare number counts in the measure's unit. */
function parseOneGrowth(subject: Subject, value: unknown, where: string, file: string | undefined): Limit {
  const isShare = typeof value === 'string' && value.includes('%');
  const unit = isShare ? 'share' : defOf(subject.measure).unit;
  const isLess = typeof value === 'string' && value.trim().startsWith('-');
  const size = parseQuantity(isLess ? value.trim().slice(1) : value, unit, where, file);
  return { ...subject, growth: isShare ? 'share' : 'absolute', limit: isLess ? -size : size };
}

const isScalar = (value: unknown): value is Quantity => typeof value === 'string' || typeof value === 'number';

function oneOf<T extends string>(
  known: readonly T[],
  name: string,
  told: readonly string[] = known,
  file: string | undefined,
): T {
  const found = known.find((one) => one === name);
  if (found === undefined) throw budgetInvalid(`"${name}" is none of ${told.join(', ')}`, name, file);
  return found;
}

function entriesOf(value: unknown, what: string, form: string, file: string | undefined): [string, unknown][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
  throw budgetInvalid(`${what} is neither ${form} nor an object`, JSON.stringify(value) ?? String(value), file);
}

const forms: Readonly<Record<Unit, readonly [parse: (text: string) => number | undefined, form: string]>> = {
  bytes: [parseBytes, 'a size such as 300 KB'],
  ms: [parseDuration, 'a time such as 4 ms'],
  macs: [parseCount, 'a count such as 5 M'],
  share: [parseShare, 'a share such as 0.5 %'],
};

function parseQuantity(value: unknown, unit: Unit, where: string, file: string | undefined): number {
  const [parse, form] = forms[unit];
  const parsed = isScalar(value) ? parse(String(value)) : undefined;
  if (parsed === undefined)
    throw budgetInvalid(`${where} is not ${form}`, JSON.stringify(value) ?? String(value), file);
  return parsed;
}
