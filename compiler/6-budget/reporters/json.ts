import type { CheckResult } from '../check-result.ts';
import type { Shard } from '../shard.ts';

/** One result as it is; several, and those of a shard, as a list (check.schema.json). */
export function reportJson(results: readonly CheckResult[], shard?: Shard): string {
  const [first, ...more] = results;
  const told = first && more.length === 0 && !shard ? first : { ...(shard && { shard }), results };
  return `${JSON.stringify(told, undefined, 2)}\n`;
}
