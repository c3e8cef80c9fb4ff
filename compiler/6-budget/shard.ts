import { createHash } from 'node:crypto';
import type { CheckResult } from './check-result.ts';
import type { Budget } from './parse-budget.ts';

/** The part of a check that one machine did: every `count`-th bundle. */
export interface Shard {
  /** from 1 */
  readonly index: number;
  readonly count: number;
  /** bundles of all shards together */
  readonly bundles: number;
  /** equal where the limits are */
  readonly budget: string;
  /** of the lcc that checked */
  readonly version: string;
}

export const hashOfBudget = ({ limits, bundles = new Map() }: Budget): string =>
  createHash('sha256')
    .update(JSON.stringify([limits, [...bundles]]))
    .digest('hex')
    .slice(0, 16);

/** What a shard wrote. */
export interface ShardFile {
  readonly file: string;
  readonly results: readonly CheckResult[];
  /** undefined where all bundles were checked at once */
  readonly shard: Shard | undefined;
}

/** Why files are not all the shards of one check, one line each; none where no file is of a shard. */
export function faultsOfShards(files: readonly ShardFile[]): string[] {
  const parts = files.flatMap(({ shard, ...rest }) => (shard ? [{ ...rest, shard }] : []));
  const [first] = parts;
  if (!first) return [];
  const strangers = files.filter(({ shard }) => !shard).map(({ file }) => `${file} is of no shard`);
  const unlike = parts.flatMap(({ file, shard }) =>
    differencesOf(shard, first.shard).map((difference) => `${file} ${difference} ${first.file}`),
  );
  const faults = [...strangers, ...unlike];
  if (faults.length > 0) return faults;
  const { count, bundles } = first.shard;
  const missing = Array.from({ length: count }, (_, i) => i + 1).flatMap((index) => {
    const same = parts.filter(({ shard }) => shard.index === index).map(({ file }) => file);
    if (same.length === 0) return [`shard ${index}/${count} is missing`];
    return same.length === 1 ? [] : [`shard ${index}/${count} is there ${same.length} times: ${same.join(', ')}`];
  });
  const found = parts.reduce((sum, { results }) => sum + results.length, 0);
  return missing.length > 0 || found === bundles ? missing : [`there are ${found} results of ${bundles} bundles`];
}

function differencesOf(one: Shard, other: Shard): string[] {
  return [
    ...(one.version === other.version ? [] : [`is of lcc ${one.version}, not ${other.version} as`]),
    ...(one.budget === other.budget ? [] : ['was checked against another budget than']),
    ...(one.count === other.count ? [] : [`is of ${one.count} shards, not ${other.count} as`]),
    ...(one.bundles === other.bundles ? [] : [`is of ${one.bundles} bundles, not ${other.bundles} as`]),
  ];
}
