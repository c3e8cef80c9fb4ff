import { describe, expect, it } from 'vitest';
import { describeCompression } from '../../compiler/describe/describe-compression.ts';
import type { ActionReport } from '../../compiler/ir/report.ts';

it('says what each step saved and lost, what was done where, and what sizes lose', () => {
  const lines = describeCompression({
    limits: { size: 60_000 },
    attempts: 12,
    before: { size: 1_420_000, macs: 2_760_000, milliseconds: 1.2, metric: 0.9983 },
    steps: [
      {
        pass: 'quantize-weights',
        actions: 2,
        size: 54_300,
        macs: 2_200_000,
        milliseconds: 0.9,
        error: 0.2699,
        metric: 0.995,
      },
    ],
    actions: [
      {
        pass: 'trim-width',
        place: 'fc1',
        level: '20 of 24',
        error: 0.0072,
        bits: { before: 12_000_000, after: 10_000_000 },
        macs: { before: 2_040_000, after: 1_700_000 },
        outputError: { before: 0, after: 0.0161 },
      },
      { pass: 'quantize-weights', place: 'fc1.w', level: 'int8', error: 3.3e-5, bits: { before: 2304, after: 704 } },
    ],
    tradeOff: [
      { size: 17_600, macs: 1_190_000, milliseconds: 0.6, error: 1.7808, metric: 0.5043 },
      { size: 54_300, macs: 2_200_000, milliseconds: 0.9, error: 0.2699, metric: 0.995 },
    ],
    metric: {
      name: 'top-1',
      samples: 3000,
      before: 0.9983,
      after: 0.995,
      drop: 0.0033,
      bound: 0.0053,
      reported: { samples: 3000, before: 0.9997, after: 0.997 },
    },
  });
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "                  actions  size     multiply-adds  relative error  top-1
    as it came                 1.42 MB  2.76 M         0.00 %          99.83 %
    quantize-weights  2        54.3 KB  2.20 M         26.99 %         99.50 %
    top-1 99.83 % to 99.50 % on 3000 samples, drop at most 0.53 % (90 %); on 3000 that decided nothing 99.97 % to 99.70 %
    trim-width fc1: 20 of 24, 1.50 MB to 1.25 MB, 2.04 M to 1.70 M multiply-adds, relative error 0.00 % to 1.61 %
    quantize-weights fc1.w: int8, 288 B to 88 B, local error 3.3e-5
    12 builds measured
    what sizes lose:
    size     multiply-adds  relative error  top-1
    17.6 KB  1.19 M         178.08 %        50.43 %
    54.3 KB  2.20 M         26.99 %         99.50 %"
  `);
});

it('says how long a run takes, and where, when that is limited', () => {
  const outcome = { size: 54_300, macs: 2_200_000, milliseconds: 0.9, error: 0.01 };
  const lines = describeCompression({
    limits: { latency: 1 },
    device: 'my-phone',
    attempts: 3,
    before: { ...outcome, milliseconds: 1.25 },
    steps: [{ pass: 'trim-width', actions: 1, ...outcome }],
    actions: [],
    tradeOff: [outcome],
  });
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "            actions  size     multiply-adds  estimated on my-phone  relative error
    as it came           54.3 KB  2.20 M         1.25 ms                0.00 %
    trim-width  1        54.3 KB  2.20 M         900 µs                 1.00 %
    3 builds measured"
  `);
});

describe('half precision', () => {
  const half = (place: string, more: Partial<ActionReport> = {}): ActionReport => ({
    pass: 'quantize-weights',
    place,
    level: 'float16',
    bits: { before: 64_000, after: 32_000 },
    ...more,
  });
  const int8: ActionReport = { ...half('fc'), level: 'int8', error: 2e-5 };
  const outcome = { size: 50_000, macs: 1_000_000, milliseconds: 1 };
  const told = (...actions: ActionReport[]) =>
    describeCompression({ limits: {}, attempts: 1, before: outcome, steps: [], actions, tradeOff: [] }).slice(2, -1);
  const many = (more: Partial<ActionReport> = {}) => ['a', 'b', 'c', 'd'].map((place) => half(place, more));

  it('tells many places as one, with the largest error that is known', () => {
    const [a, b, ...rest] = many();
    const line = 'quantize-weights: float16 in 4 places, 32.0 KB to 16.0 KB';
    expect(told(...many())).toEqual([line]);
    expect(told(...many({ error: 2e-8 }))).toEqual([`${line}, local error at most 2.0e-8`]);
    expect(told(a!, int8, { ...b!, error: 3e-8 }, ...rest)).toEqual([
      `${line}, local error at most 3.0e-8 where it is known`,
      'quantize-weights fc: int8, 8.0 KB to 4.0 KB, local error 2.0e-5',
    ]);
  });

  it('tells few by name, and no number where nothing is known', () => {
    expect(told(half('a'), half('b', { error: 3e-8 }))).toEqual([
      'quantize-weights a: float16, 8.0 KB to 4.0 KB',
      'quantize-weights b: float16, 8.0 KB to 4.0 KB, local error 3.0e-8',
    ]);
  });

  it('tells neighbours as one where the error of the outputs was measured', () => {
    const measured = many().map((action, i) => ({
      ...action,
      outputError: { before: i / 1000, after: (i + 1) / 1000 },
    }));
    const between = { ...int8, outputError: { before: 0.004, after: 0.05 } };
    const after = half('e', { outputError: { before: 0.05, after: 0.051 } });
    expect(told(...measured, between, after)).toEqual([
      'quantize-weights: float16 in 4 places, 32.0 KB to 16.0 KB, relative error 0.00 % to 0.40 %',
      'quantize-weights fc: int8, 8.0 KB to 4.0 KB, relative error 0.40 % to 5.00 %',
      'quantize-weights e: float16, 8.0 KB to 4.0 KB, relative error 5.00 % to 5.10 %',
    ]);
  });

  it('says exact of what readies layers for integers, which touches no weights', () => {
    const bits = { before: 0, after: 0 };
    expect(told({ pass: 'equalise-channels', place: 'fc', level: 'for integers', error: 0, bits })).toEqual([
      'equalise-channels fc: for integers, exact',
    ]);
  });
});

it('tells a metric that is no share as it is', () => {
  const outcome = { size: 50_000, macs: 1_000_000, milliseconds: 1, metric: 6.4021 };
  const lines = describeCompression({
    limits: { drop: 0.1 },
    attempts: 1,
    before: { ...outcome, metric: 6.39 },
    steps: [{ ...outcome, pass: 'truncate-rank', actions: 1, error: 0.01 }],
    actions: [],
    tradeOff: [],
    metric: { name: 'perplexity', samples: 300, before: 6.39, after: 6.4021, drop: 0.0121, bound: 0.04567 },
  });
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "               actions  size     multiply-adds  relative error  perplexity
    as it came              50.0 KB  1.00 M         0.00 %          6.39
    truncate-rank  1        50.0 KB  1.00 M         1.00 %          6.402
    perplexity 6.39 to 6.402 on 300 samples, drop at most 0.04567 (90 %)
    1 build measured"
  `);
});
