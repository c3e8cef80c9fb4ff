import { readFile } from 'node:fs/promises';
import { resultInvalid, shardsUnlike } from '../diagnostics/budget.ts';
import type { CheckResult } from './check-result.ts';
import { faultsOfShards, type Shard, type ShardFile } from './shard.ts';

/**
 * What the shards of a check wrote as JSON, as if one had checked all.
 * @throws LccError LCC6108, LCC6111 where one is missing or there twice, or they are not of one check
 */
export async function mergeResults(files: readonly string[]): Promise<CheckResult[]> {
  const parts = await Promise.all(files.map(readResults));
  const faults = faultsOfShards(parts);
  if (faults.length > 0) throw shardsUnlike(faults);
  return parts.flatMap(({ results }) => results).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

async function readResults(file: string): Promise<ShardFile> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw resultInvalid(file, error instanceof Error ? error.message : String(error));
  }
  const { results, shard } =
    typeof value === 'object' && value !== null && 'results' in value
      ? { shard: undefined, ...value }
      : { shard: undefined, results: [value] };
  if (!Array.isArray(results) || !results.every(isResult)) throw resultInvalid(file, 'it holds no results');
  if (shard !== undefined && !isShard(shard)) throw resultInvalid(file, 'it does not tell which shard it is of');
  return { file, results, shard };
}

function isResult(value: unknown): value is CheckResult {
  if (typeof value !== 'object' || value === null) return false;
  return 'name' in value && 'verdict' in value && 'rows' in value && Array.isArray(value.rows);
}

function isShard(value: unknown): value is Shard {
  if (typeof value !== 'object' || value === null) return false;
  if (!('index' in value && 'count' in value && 'bundles' in value && 'budget' in value && 'version' in value))
    return false;
  return [value.index, value.count, value.bundles].every(Number.isInteger);
}
