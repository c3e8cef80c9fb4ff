import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { withBlame } from '../../compiler/6-budget/blame.ts';
import { check, makeResult, sizeRowsOf } from '../../compiler/6-budget/check.ts';
import { describeFigure } from '../../compiler/6-budget/describe-row.ts';
import { nameOf } from '../../compiler/6-budget/measures.ts';
import { type BudgetText, parseBudget } from '../../compiler/6-budget/parse-budget.ts';
import type { FoundManifest } from '../../compiler/6-budget/read-bundle.ts';
import { reportJson } from '../../compiler/6-budget/reporters/json.ts';
import { reportText } from '../../compiler/6-budget/reporters/text.ts';
import { noBrowser } from '../../compiler/diagnostics/browser.ts';
import { withFolder } from '../harness/bundle-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'lcc-check-'));
afterAll(() => rmSync(folder, { recursive: true }));

const sizes = (raw: number, gzip: number, brotli: number) => ({ raw, gzip, brotli });
const bundle = new Map([
  ['index.js', sizes(20_000, 7_000, 6_000)],
  ['index.d.ts', sizes(900, 400, 300)],
  ['model.wasm', sizes(30_000, 9_000, 8_000)],
  ['model.relaxed.wasm', sizes(31_000, 9_100, 7_900)],
  ['model.lcw', sizes(1_000_000, 950_000, 940_000)],
]);
const baseline: FoundManifest = {
  generator: 'lcc 0.1.0',
  files: {
    'index.js': { sha256: '', sizes: sizes(19_000, 6_800, 5_500) },
    'model.wasm': { sha256: '', sizes: sizes(30_000, 9_000, 8_000) },
    'model.lcw': { sha256: '', sizes: sizes(1_000_000, 950_000, 940_000) },
  },
};

const checkSizes = (all: typeof bundle, budget: BudgetText | { limits: [] }, before?: FoundManifest) => {
  const { limits } = typeof budget === 'object' && 'limits' in budget ? budget : parseBudget(budget);
  const manifest = { generator: 'lcc 0.1.0', files: {} } as const;
  const rows = sizeRowsOf(all, limits, {}, before).map((row) => withBlame(row, manifest, before));
  return makeResult('x', rows);
};

describe('measures', () => {
  const actual = (all: typeof bundle) =>
    Object.fromEntries(checkSizes(all, { limits: [] }).rows.map((row) => [nameOf(row), row.actual]));

  test('a visitor downloads one wasm module, and neither types nor manifests', () => {
    expect(actual(bundle)).toEqual({
      'total raw': 1_051_000,
      'total gzip': 966_100,
      'total brotli': 954_000,
      'code raw': 51_000,
      'code gzip': 16_100,
      'code brotli': 14_000,
      'weights raw': 1_000_000,
      'weights gzip': 950_000,
      'weights brotli': 940_000,
      'wasm raw': 31_000,
      'wasm gzip': 9_100,
      'wasm brotli': 8_000,
      'wgsl raw': 0,
      'wgsl gzip': 0,
      'wgsl brotli': 0,
    });
  });

  test('of a module and a classic script the larger counts', () => {
    const both = new Map([...bundle, ['model.classic.js', sizes(22_000, 6_900, 6_100)]]);
    expect(actual(both)).toMatchObject({ 'code raw': 53_000, 'code gzip': 16_100, 'code brotli': 14_100 });
  });

  test('a bundle without weights has none', () => {
    expect(actual(new Map([['index.js', sizes(5, 4, 3)]]))).toMatchObject({ 'total raw': 5, 'weights raw': 0 });
  });
});

describe('checks', () => {
  test('a limit is met exactly, and missed by one byte', () => {
    const over = (limit: number) => checkSizes(bundle, limit).rows.map((row) => row.over);
    expect(over(954_000)).toEqual(Array(15).fill(0));
    expect(over(953_999)).toEqual([0, 0, 1, ...Array(12).fill(0)]);
  });

  test('the text says by how much, what grew and what to do', () => {
    const result = checkSizes(bundle, { code: '13KB', total: { raw: '2MB' } }, baseline);
    expect(result.isWithin).toBe(false);
    expect(reportText([result])).toBe(`               raw       gzip     brotli
total      1.05 MB   966.1 KB   954.0 KB
code       51.0 KB    16.1 KB    14.0 KB
  wasm     31.0 KB     9.1 KB     8.0 KB
weights    1.00 MB   950.0 KB   940.0 KB
ok    total raw 1.05 MB of 2.00 MB (+2.0 KB since the baseline)
OVER  code brotli 14.0 KB of 13.0 KB (+500 B since the baseline): 1.0 KB too much
      index.js 6.0 KB (+500 B)
      Next: Layers of one shape share a kernel; lcc inspect lists the kernels.
`);
  });

  test('without a baseline the largest part comes first', () => {
    const text = reportText([checkSizes(bundle, '1KB')]);
    expect(text).toContain(`OVER  total brotli 954.0 KB of 1.0 KB: 953.0 KB too much
      model.lcw 940.0 KB
      model.wasm 8.0 KB
      index.js 6.0 KB`);
  });

  test('JSON carries the same in bytes', () => {
    const result = checkSizes(bundle, '1KB');
    expect(JSON.parse(reportJson([result]))).toEqual(result);
    expect(JSON.parse(reportJson([result, result]))).toEqual({ results: [result, result] });
  });

  test('what was not there before may grow by no share, which JSON can say', () => {
    const growth = { wasm: '500 %', wgsl: '1 %', weights: { gzip: '2 %' } };
    const small = { ...baseline.files['model.wasm']!, sizes: sizes(0, 0, 0) };
    const before: FoundManifest = { ...baseline, files: { ...baseline.files, 'model.wasm': small } };
    const result = checkSizes(bundle, { growth }, before);
    const grown = result.rows.filter(({ isGrowth }) => isGrowth);
    expect(grown.map((row) => [nameOf(row), row.actual, row.limit, row.unit, row.verdict])).toEqual([
      ['weights gzip', 0, 0.02, 'share', 'ok'],
      ['wasm brotli', 8_000, 0, 'bytes', 'over'],
      ['wgsl brotli', 0, 0, 'bytes', 'ok'],
    ]);
    expect(JSON.parse(reportJson([result]))).toEqual(result);
  });

  test('a limit on what lcc.json does not tell is no pass', async () => {
    const budget = { macs: 1, memory: '1 KB', growth: { macs: '2 %', memory: '1 KB' } };
    const openDevice = async () => {
      throw noBrowser();
    };
    const manifest = JSON.stringify({ generator: 'lcc 0.0.1', name: 'x', files: {} });
    const { verdict, rows } = await withFolder(new Map([['lcc.json', manifest]]), (bare) =>
      check(bare, budget, { openDevice }),
    );
    expect(verdict).toBe('not measured');
    expect(rows.filter(({ limit }) => limit !== undefined).map(describeFigure)).toEqual([
      'memory peak not measured, at most 1.0 KB',
      'growth of memory peak not measured, at most 1.0 KB',
      'macs not measured, at most 1',
      'growth of macs not measured, at most 2.00 %',
    ]);
  });

  test('a folder is measured by its bytes, not by what its manifest claims', async () => {
    const code = 'export const x = 1;\n'.repeat(50);
    const files = { 'index.js': { sha256: '', sizes: sizes(1, 1, 1) } };
    writeFileSync(join(folder, 'index.js'), code);
    writeFileSync(join(folder, 'lcc.json'), JSON.stringify({ generator: 'lcc 0.1.0', name: 'x', files }));
    const rows = (await check(folder, { limits: [] })).rows;
    expect(rows.slice(0, 2).map((row) => row.actual)).toEqual([1_000, gzipSync(code, { level: 9 }).length]);
  });

  test('what was measured when the same bytes were written is not measured again', async () => {
    const code = 'export const y = 2;\n';
    const sha256 = createHash('sha256').update(code).digest('hex');
    const files = { 'same.js': { sha256, sizes: sizes(20, 22, 24) } };
    writeFileSync(join(folder, 'same.js'), code);
    writeFileSync(join(folder, 'lcc.json'), JSON.stringify({ generator: 'lcc 0.1.0', name: 'y', files }));
    const rows = (await check(folder, { limits: [] })).rows;
    expect(rows.slice(0, 3).map((row) => row.actual)).toEqual([20, 22, 24]);
    const budgets = ['23', { code: { raw: 19 } }, 1000, { limits: [] }, '{"total": {"gzip": 21}}'] as const;
    const results = await Promise.all(budgets.map(async (budget) => (await check(folder, budget)).isWithin));
    expect(results).toEqual([false, false, true, true, false]);
    await expect(check(folder, JSON.parse('{"speed": 3}'))).rejects.toThrow('LCC6102');
  });

  test.each([
    ['{}', 'lcc.json was not written by lcc'],
    ['{"generator":"lcc 1","files":{"gone.js":{"sizes":{"raw":1,"gzip":1,"brotli":1}}}}', 'gone.js is missing'],
    ['{"generator":"lcc 1","files":{"../x":{"sizes":{"raw":1,"gzip":1,"brotli":1}}}}', '../x is missing'],
    ['{"generator":"lcc 1","files":{"a":null}}', 'lcc.json was not written by lcc'],
    ['{"generator":"lcc 1","files":', 'Unexpected end of JSON input'],
  ])('the manifest %s is refused', async (manifest, reason) => {
    writeFileSync(join(folder, 'lcc.json'), manifest);
    await expect(check(folder, { limits: [] })).rejects.toThrow(`This is not a whole lcc bundle: ${reason}.`);
  });
});
