import type { CheckResult } from './check-result.ts';
import type { Budget } from './parse-budget.ts';

/** Results with a note at the last on what the budget limits by a name that none of the bundles has. */
export function noteUnmatched(
  results: readonly CheckResult[],
  { bundles }: Budget,
  names: readonly string[],
): readonly CheckResult[] {
  const unmatched = [...(bundles?.keys() ?? [])].filter((name) => !names.includes(name));
  const last = results.at(-1);
  if (unmatched.length === 0 || !last) return results;
  const list = (all: readonly string[]): string => [...new Set(all)].map((name) => `"${name}"`).join(', ');
  const note = `the budget limits ${list(unmatched)} among its bundles, and no bundle is named so; there are ${list(names)}`;
  return [...results.slice(0, -1), { ...last, notes: [...last.notes, note] }];
}
