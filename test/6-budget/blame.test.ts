import { describe, expect, test } from 'vitest';
import { makeAccuracyRows } from '../../compiler/6-budget/accuracy-rows.ts';
import { withBlame } from '../../compiler/6-budget/blame.ts';
import { makeRow } from '../../compiler/6-budget/check-result.ts';
import { describeReasons } from '../../compiler/6-budget/describe-row.ts';
import { parseBudget } from '../../compiler/6-budget/parse-budget.ts';
import { makePlanRows } from '../../compiler/6-budget/plan-rows.ts';
import type { FoundManifest } from '../../compiler/6-budget/read-bundle.ts';
import type { SizeMeasure } from '../../compiler/ir/download.ts';

const kernel = (name: string, codeBytes: number, macShare: number) => ({
  backend: 'wasm' as const,
  name,
  work: 'dense',
  form: 'vector',
  calls: 1,
  macShare,
  codeBytes,
  bytes: 0,
});

const plain: FoundManifest = {
  generator: 'lcc 0.1.0',
  files: { 'model.lcw': { sha256: '', sizes: { raw: 900_000, gzip: 850_000, brotli: 840_000 } } },
  backends: ['wasm'],
  macs: 1_000_000,
  memory: { constants: 900_000, arena: 100_000, buffers: [] },
  constants: [
    { name: 'fc1.weight', form: 'float32', bytes: 800_000 },
    { name: 'fc2.weight', form: 'float32', bytes: 100_000 },
  ],
  kernels: [kernel('fc1', 2000, 0.9), kernel('fc2', 1500, 0.1)],
};

const compressed: FoundManifest = {
  ...plain,
  constants: [
    { name: 'fc1.weight', form: 'int4', bytes: 100_000, decodedBytes: 800_000 },
    { name: 'fc2.weight', form: 'float32', bytes: 100_000 },
  ],
  compression: {
    limits: { size: 210_000 },
    attempts: 9,
    before: { size: 850_000, macs: 1_000_000, metric: 0.99, milliseconds: 2 },
    steps: [
      { pass: 'trim-width', actions: 1, size: 400_000, macs: 900_000, error: 0.1, metric: 0.985, milliseconds: 1 },
      {
        pass: 'quantize-weights',
        actions: 1,
        size: 200_000,
        macs: 900_000,
        error: 0.12,
        metric: 0.97,
        milliseconds: 1,
      },
    ],
    actions: [
      {
        pass: 'quantize-weights',
        place: 'fc1.weight',
        level: 'int4 by output',
        error: 0.01,
        bits: { before: 1, after: 1 },
      },
    ],
    tradeOff: [
      { size: 120_000, macs: 1, error: 0.3, metric: 0.9, milliseconds: 1 },
      { size: 180_000, macs: 1, error: 0.2, metric: 0.96, milliseconds: 1 },
      { size: 200_000, macs: 1, error: 0.12, metric: 0.97, milliseconds: 1 },
      { size: 300_000, macs: 1, error: 0.1, metric: 0.985, milliseconds: 1 },
    ],
    next: {
      bytes: [
        { pass: 'quantize-activations', place: 'fc2.weight', level: 'int8 with inputs', saves: 75_000, error: 0.002 },
      ],
      memory: [{ pass: 'truncate-rank', place: 'fc1', level: 'rank 16', saves: 700_000, error: 0.05 }],
      macs: [{ pass: 'trim-width', place: 'fc1', level: '20 of 24', saves: 150_000, error: 0.004 }],
    },
    metric: {
      name: 'top-1',
      samples: 1000,
      before: 0.99,
      after: 0.97,
      drop: 0.02,
      bound: 0.03,
      reported: { samples: 3000, before: 0.98, after: 0.95 },
    },
  },
};

const over = (measure: SizeMeasure, actual: number, limit: number) =>
  makeRow({ measure, encoding: 'brotli' }, { actual, limit });

describe('what is behind a broken limit', () => {
  test('without a baseline the largest layers', () => {
    const { causes } = withBlame(over('total', 850_000, 100_000), plain, undefined);
    expect(causes.map(({ kind, name, amount }) => [kind, name, amount])).toEqual([
      ['constant', 'fc1.weight', 800_000],
      ['constant', 'fc2.weight', 100_000],
      ['kernel', 'fc1', 2000],
      ['kernel', 'fc2', 1500],
    ]);
  });

  test('with one what grew, and the pass that is gone', () => {
    const row = withBlame(over('weights', 850_000, 300_000), plain, compressed);
    expect(row.causes).toEqual([
      {
        kind: 'constant',
        name: 'fc1.weight',
        amount: 800_000,
        unit: 'bytes',
        growth: 700_000,
        pass: 'not compressed, was int4 by output by quantize-weights',
      },
    ]);
    expect(describeReasons(row)).toEqual([
      'constant fc1.weight 800.0 KB (+700.0 KB), not compressed, was int4 by output by quantize-weights',
      'lcc build --quantize int8 --calibration <data> saves about 675.0 KB',
      'lcc build --quantize int4 --calibration <data> saves about 787.5 KB',
      'Next: Without a limit the weights are those of the model file: build with --max-size and --calibration, or with --quantize.',
    ]);
  });

  test('layers are those of the values that calls compute, apart where kernels have one name', () => {
    const calls = [
      { kernel: 0, value: '/fc1/Gemm_output_0', constants: [0] },
      { kernel: 1, value: '/fc2/Gemm_output_0', constants: [1] },
    ];
    const same = { ...plain, calls, kernels: [kernel('linear', 2000, 0.9), kernel('linear', 1500, 0.1)] };
    const { causes } = withBlame(over('code', 20_000, 10_000), same, undefined);
    expect(causes.map(({ name, layer, amount }) => [name, layer, amount])).toEqual([
      ['linear', 'fc1', 2000],
      ['linear', 'fc2', 1500],
    ]);
    expect(describeReasons(withBlame(over('weights', 900_000, 10_000), same, undefined))[0]).toBe(
      'layer fc1: constant fc1.weight 800.0 KB',
    );
  });

  test('a row within its limit has nobody to blame', () => {
    expect(withBlame(over('total', 5, 10), compressed, plain)).toMatchObject({ causes: [], next: [] });
  });
});

describe('what would bring it back', () => {
  test('the largest measured result that fits, then the planner’s cheapest steps', () => {
    const { next } = withBlame(over('total', 200_000, 185_000), compressed, undefined);
    expect(next).toEqual([
      { action: 'lcc build --max-size 180KB', saves: 20_000, unit: 'bytes', loss: 'top-1 96.00 %' },
      {
        action: 'quantize-activations fc2.weight: int8 with inputs',
        saves: 75_000,
        unit: 'bytes',
        // sqrt(0.12^2 + 0.002)
        loss: 'relative error 12.00 % to 12.81 %',
      },
    ]);
  });

  test('of a share of growth is enough to save it in bytes', () => {
    const figures = { isGrowth: true, unit: 'share', limit: 0.02 } as const;
    const row = makeRow({ measure: 'total', encoding: 'brotli' }, { ...figures, actual: 1, growth: 700_000 });
    const [first] = withBlame(row, plain, undefined).next;
    expect(first).toMatchObject({ action: 'lcc build --quantize int4 --calibration <data>', saves: 787_500 });
  });

  test('memory and multiply-adds have steps of their own', () => {
    const limits = parseBudget({ memory: { run: '500 KB' }, macs: '900 K' }).limits;
    const rows = makePlanRows(compressed, limits, undefined).map((row) => withBlame(row, compressed, undefined));
    const told = rows
      .filter(({ verdict }) => verdict === 'over')
      .map(({ measure, next }) => [measure, next[0]!.action]);
    expect(told).toEqual([
      ['memory', 'truncate-rank fc1: rank 16'],
      ['macs', 'trim-width fc1: 20 of 24'],
    ]);
  });

  test('of a loss the passes that lost, and the smallest measured result that is good enough', () => {
    const [, row] = makeAccuracyRows(compressed, parseBudget({ drop: '1 %' }).limits, undefined);
    expect(row).toMatchObject({ measure: 'drop', verdict: 'over', actual: expect.closeTo(0.0275, 6) });
    expect(describeReasons(withBlame(row!, compressed, undefined))).toEqual([
      'pass quantize-weights lost 1.50 % of the metric',
      'pass trim-width lost 0.50 % of the metric',
      'Next: Build with a smaller --max-drop, or with --finetune.',
    ]);
    const [, nearer] = makeAccuracyRows(compressed, parseBudget({ drop: '1.5 %' }).limits, undefined);
    expect(withBlame(nearer!, compressed, undefined).next).toEqual([
      { action: 'lcc build --max-size 300KB', saves: expect.closeTo(0.015, 6), unit: 'share', loss: '100.0 KB more' },
    ]);
  });
});

describe('the remedy fits the bundle', () => {
  const code = { 'index.js': { sha256: '', sizes: { raw: 9e6, gzip: 2e6, brotli: 2e6 } } };
  const both: FoundManifest = { ...plain, backends: ['webgpu', 'wasm'] };
  const mostlyCode = (manifest: FoundManifest): FoundManifest => ({ ...manifest, files: { ...plain.files, ...code } });
  const remedy = (measure: Parameters<typeof over>[0], manifest: FoundManifest) =>
    withBlame(over(measure, 900, 100), manifest, undefined).remedy;

  test('where weights are most of it, what makes weights smaller', () => {
    for (const manifest of [plain, both])
      expect(remedy('total', manifest)).toBe(
        'Most of it is weights. Without a limit the weights are those of the model file: build with --max-size and --calibration, or with --quantize.',
      );
    expect(remedy('total', compressed)).toBe(
      'Most of it is weights. Build with a smaller --max-size, and with --calibration, inputs to measure on.',
    );
  });

  test('a backend to leave out only where there are two', () => {
    expect(remedy('total', mostlyCode(both))).toBe('Most of it is code. --backends leaves one backend out.');
    expect(remedy('total', mostlyCode(plain))).toBe(
      'Most of it is code. Layers of one shape share a kernel; lcc inspect lists the kernels.',
    );
    expect(remedy('code', both)).toContain('--backends wasm leaves the shaders out');
    const names = ['total', 'code', 'weights', 'wasm', 'wgsl'] as const;
    for (const measure of names) expect(remedy(measure, plain)).not.toContain('--backends');
  });
});

describe('accuracy', () => {
  const rowsOf = (manifest: FoundManifest, budget: object, measured?: { name: string; value: number }) =>
    makeAccuracyRows(manifest, parseBudget(budget).limits, measured).map(({ measure, actual, verdict }) => [
      measure,
      actual,
      verdict,
    ]);

  test('is the build’s, on both halves of its evaluation data', () => {
    const [row] = rowsOf(compressed, { accuracy: '95 %' });
    expect(row).toEqual(['accuracy', expect.closeTo((0.97 + 3 * 0.95) / 4, 9), 'ok']);
  });

  test('meets its limit exactly, whatever rounding its arithmetic leaves', () => {
    const halves = (before: number, after: number, reported = { before, after }): FoundManifest => {
      const metric = { name: 'top-1', samples: 100, before, after, drop: 0, bound: 0 };
      const both = { ...metric, reported: { samples: 100, ...reported } };
      return { ...compressed, compression: { ...compressed.compression!, metric: both } };
    };
    expect(0.98 - 0.97).toBeGreaterThan(0.01);
    expect(rowsOf(halves(0.98, 0.97), { drop: '1 %' })[1]).toEqual(['drop', 0.01, 'ok']);
    expect(rowsOf(halves(0.98, 0.9699), { drop: '1 %' })[1]).toEqual(['drop', 0.0101, 'over']);
    expect((100 * 0.02 + 100 * 0.29) / 200).toBeLessThan(0.155);
    const uneven = halves(0.02, 0.02, { before: 0.29, after: 0.29 });
    expect(rowsOf(uneven, { accuracy: '15.5 %' })[0]).toEqual(['accuracy', 0.155, 'ok']);
  });

  test('is what is measured now where data is named', () => {
    expect(rowsOf(plain, { accuracy: '95 %' }, { name: 'top-1', value: 0.94 })[0]).toEqual(['accuracy', 0.94, 'over']);
  });

  test('is not known of what was never evaluated; what was not compressed lost nothing', () => {
    expect(rowsOf(plain, { accuracy: '95 %', drop: '0 %' })).toEqual([
      ['accuracy', undefined, 'not measured'],
      ['drop', 0, 'ok'],
    ]);
  });

  test('is not limited by a metric that is no share', () => {
    const [row] = makeAccuracyRows(plain, parseBudget({ accuracy: '95 %' }).limits, { name: 'perplexity', value: 6 });
    expect(row!.reason).toMatch(/^the metric is perplexity, which is no share of the samples/);
  });
});
