import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseBytes } from '../../compiler/quantity/bytes.ts';
import { repository } from '../harness/source-imports.ts';

/** Bytes of a sample's download as the table of the README has them, of two or three digits; NaN where it has none. */
export function statedSize(sample: string): number {
  const rows = readFileSync(join(repository, 'README.md'), 'utf8').split('\n');
  const row = rows.find((line) => line.startsWith(`| \`samples/${sample}\` `));
  const [, size = ''] = /\| ([\d.]+ [KM]?B)[^|]*\|$/.exec(row ?? '') ?? [];
  return parseBytes(size) ?? Number.NaN;
}
