import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { makeResult } from '../../compiler/6-budget/check.ts';
import { type CheckResult, type CheckRow, makeRow } from '../../compiler/6-budget/check-result.ts';
import { reporterNames, reporters } from '../../compiler/6-budget/reporters/index.ts';
import { repository } from '../harness/source-imports.ts';

const oversize: CheckRow = {
  ...makeRow({ measure: 'code', encoding: 'brotli' }, { actual: 14_000, limit: 13_000, growth: 500 }),
  parts: [{ path: 'index.js', bytes: 14_000, growth: 500 }],
  causes: [
    { kind: 'kernel', name: '/conv1/Conv<0>', amount: 2000, unit: 'bytes', growth: 300 },
    { kind: 'constant', name: 'fc|1', amount: 900, unit: 'bytes', growth: 200, pass: 'int8' },
  ],
  next: [{ action: 'quantize-weights fc|1: int4', saves: 450, unit: 'bytes', loss: 'relative error 1.00 % to 4.58 %' }],
  remedy: 'Layers of one shape share a kernel; lcc inspect lists the kernels.',
};

const slow: CheckRow = {
  ...makeRow({ measure: 'latency', quantile: 'p95', backend: 'wasm' }, { actual: 5, limit: 4, interval: [4.6, 5.4] }),
  remedy: 'Build with --max-latency.',
};

const unsure: CheckRow = {
  ...makeRow(
    { measure: 'latency', quantile: 'p50', backend: 'wasm', profile: 'phone-mid' },
    { actual: 3.9, limit: 4, interval: [3.8, 4.2], isEstimated: true },
  ),
  verdict: 'inconclusive',
  reason: 'the limit lies inside the interval, 50 % of it',
};

const unknown = makeRow({ measure: 'accuracy' }, { limit: 0.98, reason: 'nothing is known of it' });
const inaccurate = makeRow({ measure: 'accuracy' }, { actual: 0.97, limit: 0.98 });
const grown = makeRow(
  { measure: 'total', encoding: 'brotli' },
  { actual: 0.031, limit: 0.02, isGrowth: true, unit: 'share', growth: 3100 },
);
const fine = makeRow({ measure: 'macs' }, { actual: 1_000_000, limit: 2_000_000 });

const machine = { browser: 'Chrome/1', rate: 2.25e10, disturbed: 0.07 };
const bad = makeResult('a & "b"', [oversize, slow, unsure, unknown, grown, fine], { machine, notes: ['one note'] });
const good = makeResult('good', [fine]);

const told = (name: (typeof reporterNames)[number], ...results: CheckResult[]) => reporters[name](results);

describe('reporters', () => {
  test('text', () => {
    expect(told('text', bad)).toBe(`               raw       gzip     brotli
total          0 B        0 B        0 B
code           0 B        0 B    14.0 KB
weights        0 B        0 B        0 B
OVER  code brotli 14.0 KB of 13.0 KB (+500 B since the baseline): 1.0 KB too much
      index.js 14.0 KB (+500 B)
      kernel /conv1/Conv<0> 2.0 KB (+300 B)
      constant fc|1 900 B (+200 B), int8
      quantize-weights fc|1: int4 saves about 450 B, relative error 1.00 % to 4.58 %
      Next: Layers of one shape share a kernel; lcc inspect lists the kernels.
OVER  latency p95 wasm 5.00 ms (4.60 ms to 5.40 ms) of 4.00 ms: 1.00 ms too much
      Next: Build with --max-latency.
?     latency p50 wasm on phone-mid 3.90 ms estimated (3.80 ms to 4.20 ms) of 4.00 ms: inconclusive
      the limit lies inside the interval, 50 % of it
-     accuracy not measured, at least 98.00 %
      nothing is known of it
OVER  growth of total brotli +3.10 % of 2.00 %: 1.10 % too much
ok    macs 1.00 M of 2.00 M
      one note
      measured in Chrome/1, 22.50 G multiply-adds a second in its calibration kernel; 7 % of the rounds were disturbed and set aside
`);
    expect(told('text', makeResult('x', [inaccurate]))).toContain(
      'OVER  accuracy 97.00 %, at least 98.00 %: 1.00 % too little\n',
    );
    expect(
      told('text', good, good)
        .split('\n')
        .filter((line) => line === 'good'),
    ).toHaveLength(2);
  });

  test('JUnit', () => {
    expect(told('junit', bad, good)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="lcc check">
  <testsuite name="a &amp; &quot;b&quot;" tests="6" failures="3" errors="2" skipped="0">
    <testcase classname="lcc.a &amp; &quot;b&quot;" name="code brotli">
      <failure message="code brotli 14.0 KB of 13.0 KB (+500 B since the baseline): 1.0 KB too much" type="over">code brotli 14.0 KB of 13.0 KB (+500 B since the baseline): 1.0 KB too much
index.js 14.0 KB (+500 B)
kernel /conv1/Conv&lt;0&gt; 2.0 KB (+300 B)
constant fc|1 900 B (+200 B), int8
quantize-weights fc|1: int4 saves about 450 B, relative error 1.00 % to 4.58 %
Next: Layers of one shape share a kernel; lcc inspect lists the kernels.</failure>
    </testcase>
    <testcase classname="lcc.a &amp; &quot;b&quot;" name="latency p95 wasm">
      <failure message="latency p95 wasm 5.00 ms (4.60 ms to 5.40 ms) of 4.00 ms: 1.00 ms too much" type="over">latency p95 wasm 5.00 ms (4.60 ms to 5.40 ms) of 4.00 ms: 1.00 ms too much
Next: Build with --max-latency.</failure>
    </testcase>
    <testcase classname="lcc.a &amp; &quot;b&quot;" name="latency p50 wasm on phone-mid">
      <error message="latency p50 wasm on phone-mid 3.90 ms estimated (3.80 ms to 4.20 ms) of 4.00 ms: inconclusive" type="inconclusive">latency p50 wasm on phone-mid 3.90 ms estimated (3.80 ms to 4.20 ms) of 4.00 ms: inconclusive
the limit lies inside the interval, 50 % of it</error>
    </testcase>
    <testcase classname="lcc.a &amp; &quot;b&quot;" name="accuracy">
      <error message="accuracy not measured, at least 98.00 %: not measured" type="not measured">accuracy not measured, at least 98.00 %: not measured
nothing is known of it</error>
    </testcase>
    <testcase classname="lcc.a &amp; &quot;b&quot;" name="growth of total brotli">
      <failure message="growth of total brotli +3.10 % of 2.00 %: 1.10 % too much" type="over">growth of total brotli +3.10 % of 2.00 %: 1.10 % too much</failure>
    </testcase>
    <testcase classname="lcc.a &amp; &quot;b&quot;" name="macs"/>
    <system-out>one note</system-out>
  </testsuite>
  <testsuite name="good" tests="1" failures="0" errors="0" skipped="0">
    <testcase classname="lcc.good" name="macs"/>
  </testsuite>
</testsuites>
`);
  });

  test('Markdown', () => {
    const text = told('markdown', bad);
    expect(text.split('\n').slice(0, 11)).toEqual([
      '### a & "b": ❌ over',
      '',
      '| figure | now | limit | since the baseline | verdict |',
      '|---|---:|---:|---:|---|',
      '| code brotli | 14.0 KB | ≤ 13.0 KB | +500 B | ❌ over |',
      '| latency p95 wasm | 5.00 ms (4.60 ms to 5.40 ms) | ≤ 4.00 ms |  | ❌ over |',
      '| latency p50 wasm on phone-mid | 3.90 ms estimated (3.80 ms to 4.20 ms) | ≤ 4.00 ms |  | ⚠️ inconclusive |',
      '| accuracy | – | ≥ 98.00 % |  | ⚠️ not measured |',
      '| growth of total brotli | 3.10 % | ≤ 2.00 % | +3.1 KB | ❌ over |',
      '| macs | 1.00 M | ≤ 2.00 M |  | ✅ within |',
      '',
    ]);
    expect(text).toContain('<details><summary>code brotli: 1.0 KB too much</summary>');
    expect(text).toContain('- kernel /conv1/Conv\\<0\\> 2.0 KB (+300 B)\n- constant fc\\|1 900 B');
    expect(text).toContain('> one note');
    expect(told('markdown', good)).toContain('### good: ✅ within');
  });

  test('Markdown names a profile as it is, in its table and in what folds', () => {
    const profile = './a_phone<1>.json';
    const row = makeRow({ measure: 'latency', quantile: 'p50', backend: 'wasm', profile }, { actual: 5, limit: 4 });
    const text = told('markdown', makeResult('x', [row]));
    expect(text).toContain('| latency p50 wasm on ./a\\_phone\\<1\\>.json | 5.00 ms |');
    expect(text).toContain('<summary>latency p50 wasm on ./a_phone&lt;1>.json: 1.00 ms too much</summary>');
  });

  test('GitHub annotations', () => {
    const lines = told('github', bad, good).trimEnd().split('\n');
    expect(lines.map((line) => line.slice(0, line.indexOf('::', 2)))).toEqual([
      '::error title=lcc check a & "b"',
      '::error title=lcc check a & "b"',
      '::warning title=lcc check a & "b"',
      '::warning title=lcc check a & "b"',
      '::error title=lcc check a & "b"',
      '::notice title=lcc check a & "b"',
      '::notice title=lcc check good',
    ]);
    expect(lines[5]).toBe('::notice title=lcc check a & "b"::one note');
    expect(lines[2]).toBe(
      '::warning title=lcc check a & "b"::latency p50 wasm on phone-mid 3.90 ms estimated (3.80 ms to 4.20 ms) of 4.00 ms: inconclusive%0Athe limit lies inside the interval, 50 %25 of it',
    );
    expect(lines.at(-1)).toBe('::notice title=lcc check good::1 limit kept');
  });

  test('JSON is what its schema says', () => {
    const schema = JSON.parse(readFileSync(join(repository, 'compiler/6-budget/check.schema.json'), 'utf8'));
    const isValid = new Ajv({ strict: false }).compile(schema);
    for (const results of [[bad], [good], [bad, good]]) {
      expect(isValid(JSON.parse(told('json', ...results)))).toBe(true);
    }
    const shard = { index: 1, count: 2, bundles: 3, budget: 'a1', version: '0.1.0' };
    for (const results of [[], [good], [bad, good]]) {
      const told = JSON.parse(reporters.json(results, shard));
      expect([isValid(told), told.shard, told.results.length]).toEqual([true, shard, results.length]);
    }
    expect(isValid({ results: [], shard: { ...shard, index: 0 } })).toBe(false);
    expect(isValid({ ...good, rows: [{ ...fine, surprise: 1 }] })).toBe(false);
  });

  test('every reporter tells every broken limit, and notes', () => {
    for (const name of reporterNames) {
      const text = told(name, bad);
      expect(text).toContain('one note');
      for (const word of ['code', 'latency', 'accuracy']) expect(text).toContain(word);
    }
  });
});
