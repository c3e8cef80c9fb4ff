import { readFile } from 'node:fs/promises';
import { resultInvalid } from '../diagnostics/budget.ts';
import type { CheckResult } from './check-result.ts';

/** What the shards of a check wrote as JSON, as if one had checked all. @throws LccError LCC6108 */
export async function mergeResults(files: readonly string[]): Promise<CheckResult[]> {
  const lists = await Promise.all(files.map(readResults));
  return lists.flat().sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

async function readResults(file: string): Promise<CheckResult[]> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw resultInvalid(file, error instanceof Error ? error.message : String(error));
  }
  const list = typeof value === 'object' && value !== null && 'results' in value ? value.results : [value];
  if (!Array.isArray(list) || !list.every(isResult)) throw resultInvalid(file, 'it holds no results');
  return list;
}

function isResult(value: unknown): value is CheckResult {
  if (typeof value !== 'object' || value === null) return false;
  return 'name' in value && 'verdict' in value && 'rows' in value && Array.isArray(value.rows);
}
