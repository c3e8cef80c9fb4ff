import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, describe, expect, test } from 'vitest';
import { makeBudgetSchema } from '../../compiler/6-budget/budget-schema.ts';
import { nameOf } from '../../compiler/6-budget/measures.ts';
import { limitsFor, parseBudget, readBudget } from '../../compiler/6-budget/parse-budget.ts';
import { repository } from '../harness/source-imports.ts';

const folder = mkdtempSync(join(tmpdir(), 'lcc-budget-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Each limit as `name: value`. */
const limitsOf = (value: unknown): string[] =>
  parseBudget(value).limits.map(
    (limit) => `${limit.growth ? `${limit.growth} growth of ` : ''}${nameOf(limit)}: ${limit.limit}`,
  );

const whole = {
  $schema: './budget.schema.json',
  total: { brotli: '300KB', raw: 1_000_000 },
  code: '30 KB',
  weights: { gzip: '1 MB' },
  wasm: '20 KB',
  wgsl: { raw: '0' },
  memory: { peak: '16 MB', run: '12 MiB' },
  macs: '5 M',
  coldStart: '0.5 s',
  latency: {
    p50: '4 ms',
    p95: { wasm: '8 ms', webgpu: 6 },
    'phone-mid': { wasm: { p50: '12 ms' }, p95: '30 ms' },
    './ci.json': '5 ms',
  },
  accuracy: '98 %',
  drop: '0.5 %',
  growth: { total: '2 KB', weights: { raw: '1 %' }, memory: '-5 KB', macs: '0 %' },
};

describe('budgets', () => {
  test('a bare size limits the total after brotli', () => {
    expect(readBudget('300KB')).toEqual({ limits: [{ measure: 'total', encoding: 'brotli', limit: 300_000 }] });
  });

  test('every measure, in the units people write, inline or in a file', () => {
    const expected = [
      'total brotli: 300000',
      'total raw: 1000000',
      'code brotli: 30000',
      'weights gzip: 1000000',
      'wasm brotli: 20000',
      'wgsl raw: 0',
      'memory peak: 16000000',
      'memory run: 12582912',
      'macs: 5000000',
      'coldStart p50: 500',
      'latency p50: 4',
      'latency p95 wasm: 8',
      'latency p95 webgpu: 6',
      'latency p50 wasm on phone-mid: 12',
      'latency p95 on phone-mid: 30',
      'latency p50 on ./ci.json: 5',
      'accuracy: 0.98',
      'drop: 0.005',
      'absolute growth of total brotli: 2000',
      'share growth of weights raw: 0.01',
      'absolute growth of memory peak: -5000',
      'share growth of macs: 0',
    ];
    expect(limitsOf(whole)).toEqual(expected);
    const file = join(folder, 'budget.json');
    writeFileSync(file, JSON.stringify(whole));
    expect(readBudget(file)).toEqual(readBudget(JSON.stringify(whole)));
    expect(limitsOf({ growth: '1 %' })).toEqual(['share growth of total brotli: 0.01']);
  });

  test('a file may be as editors on Windows write it', () => {
    const file = join(folder, 'a budget.json');
    writeFileSync(file, '\ufeff{\r\n  "code": "30 KB"\r\n}\r\n');
    expect(readBudget(file)).toEqual(parseBudget({ code: '30 KB' }));
  });

  test('single bundles may have limits on top of those of all', () => {
    const budget = parseBudget({ code: '30KB', bundles: { digits: '20KB', face: { macs: '200 M' } } });
    expect(limitsFor(budget, ['digits', 'out']).map(nameOf)).toEqual(['code brotli', 'total brotli']);
    expect(limitsFor(budget, ['face', 'face']).map(nameOf)).toEqual(['code brotli', 'macs']);
    expect(limitsFor(budget, ['other']).map(nameOf)).toEqual(['code brotli']);
  });

  const names = 'total, code, weights, wasm, wgsl, memory, macs, coldStart, latency, accuracy, drop, growth';
  test.each([
    [{ totl: '3KB' }, `"totl" is none of ${names}, bundles`, 'totl'],
    [{ bundles: { a: { speed: 3 } } }, `"speed" is none of ${names}`, 'speed'],
    [{ code: { zstd: '3KB' } }, '"zstd" is none of raw, gzip, brotli', 'zstd'],
    [{ memory: { idle: '3KB' } }, '"idle" is none of peak, run', 'idle'],
    [{ growth: { speed: 1 } }, '"speed" is none of total, code, weights, wasm, wgsl, memory, macs', 'speed'],
    [{ bundles: { tiny: { bundles: '1 MB' } } }, `"bundles" is none of ${names}`, 'bundles'],
    [{ code: '3 stones' }, 'code.brotli is not a size such as 300 KB', '"3 stones"'],
    [{ latency: { p95: '4 KB' } }, 'latency.p95 is not a time such as 4 ms', '"4 KB"'],
    [{ latency: { wasm: { webgpu: 4 } } }, 'latency.wasm.webgpu names a second backend', 'webgpu'],
    [
      { latency: { p59: '4 ms' } },
      '"p59" is none of p50, p95, wasm, webgpu, phone-low, phone-mid, phone-high, laptop, tv, server-core, a profile (.json)',
      'p59',
    ],
    [{ macs: true }, 'macs is not a count such as 5 M', 'true'],
    [{ accuracy: 98 }, 'accuracy is not a share such as 0.5 %', '98'],
    [{ code: null }, 'code is neither a size nor an object', 'null'],
    [['3KB'], 'budget is neither a size nor an object', '["3KB"]'],
    [{}, 'it limits nothing', '{}'],
    [{ bundles: {} }, 'it limits nothing', '{"bundles":{}}'],
  ])('%j is refused', (value, reason, given) => {
    expect(() => parseBudget(value, 'b.json')).toThrow(
      `LCC6102: The budget is not valid: ${reason}.\n  at b.json\n  given: ${given}\n  Next: A budget is`,
    );
  });

  test.each([
    [{ total: 0 }, 'total brotli is never 0'],
    [{ latency: '0 ms' }, 'latency p50 is never 0'],
    [{ memory: { run: '0' } }, 'memory run is never 0'],
    [{ accuracy: '101 %' }, 'accuracy is never above 100 %'],
    [{ bundles: { a: { code: '0KB' } } }, 'code brotli is never 0'],
    [{ growth: '-100 %' }, 'total brotli cannot shrink by all of it'],
  ])('no bundle can meet %j', (value, reason) => {
    expect(() => parseBudget(value, 'b.json')).toThrow(
      `LCC6105: No bundle can meet the budget: ${reason}.\n  at b.json\n  Next: Write a limit that a bundle can be within.`,
    );
  });

  test('a missing file is refused', () => {
    expect(() => readBudget(join(folder, 'none.json'))).toThrow(/^LCC6101: The budget file cannot be read: ENOENT/);
  });
});

describe('the schema that editors read', () => {
  const isValid = new Ajv({ strict: false }).compile(makeBudgetSchema());

  test('is the one that ships, which npm run docs writes', () => {
    const shipped = readFileSync(join(repository, 'compiler/6-budget/budget.schema.json'), 'utf8');
    expect(JSON.parse(shipped)).toEqual(makeBudgetSchema());
  });

  test.each([whole, '300KB', 300, { total: '64 KiB' }, { growth: '1.5 %', bundles: { a: '3KB', b: { drop: '1 %' } } }])(
    'takes what the parser takes: %j',
    (value) => {
      expect(() => parseBudget(value)).not.toThrow();
      expect(isValid(value)).toBe(true);
    },
  );

  test.each([
    { totl: '3KB' },
    { code: { zstd: '3KB' } },
    { code: '3 stones' },
    { code: '300 K' },
    { accuracy: 98 },
    { latency: { p95: '4 KB' } },
    { latency: { p59: '4 ms' } },
    { macs: true },
    { code: null },
    ['3KB'],
    { growth: { speed: 1 } },
    { bundles: { a: { speed: 3 } } },
  ])('refuses what the parser refuses: %j', (value) => {
    expect(() => parseBudget(value)).toThrow();
    expect(isValid(value)).toBe(false);
  });
});
