import { expect, test } from 'vitest';
import { parseCompressionFlags } from '../../compiler/settings/parse-compression-flags.ts';
import { readCompression } from '../../compiler/settings/read-compression.ts';

const dropOf = (maxDrop: number | string) => readCompression({ maxDrop })?.limits.drop;

test.each([
  ['1%', 0.01],
  ['1 %', 0.01],
  ['0.5 %', 0.005],
  ['0.01', 0.01],
  ['1e-3', 0.001],
  ['2.5', 2.5],
  [0.01, 0.01],
  [2.5, 2.5],
  [0, 0],
] as const)('a drop of %j is %s, from the command line and from a configuration', (given, drop) => {
  expect(dropOf(given)).toBe(drop);
  const flags = parseCompressionFlags({ maxDrop: String(given) });
  expect(readCompression(flags)?.limits.drop).toBe(drop);
});

test.each(['', ' ', '%', 'one %', '1 pt', '-1%', -0.1, 'NaN', Number.NaN])('a drop of %j is refused', (given) => {
  expect(() => dropOf(given)).toThrow(
    'LCC0002: --max-drop takes an amount from 0, such as 1% or 0.01 for one percentage point.',
  );
});
