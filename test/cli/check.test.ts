import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { profiles } from '../../targets/profiles/index.ts';
import { onnxModel, tensorOf } from '../harness/onnx-model.ts';
import { runCli } from '../harness/run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'lcc-check-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));
const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
const lcc = (...argv: string[]) => runCli(argv, folder);
const check = async (...argv: string[]) => {
  const { code, stdout, stderr } = await lcc('check', ...argv);
  return { code, stdout, stderr };
};

const git = (...parameters: string[]) =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...parameters], { cwd: folder, stdio: 'pipe' });

beforeAll(async () => {
  const values = Array.from({ length: 64 * 3 }, (_, i) => (i < 9 && i % 4 === 0 ? 1 : 0));
  const model = onnxModel({
    inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 64] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: ['batch', 3] }],
    initializers: { w: tensorOf('float32', [64, 3], values) },
    nodes: [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'], name: 'fc' }],
  });
  writeFileSync(join(folder, 'tiny.onnx'), model);
  await lcc('build', 'tiny.onnx', '--target', 'mobile-wasm', '-o', 'old');
  await lcc('build', 'tiny.onnx', '--target', 'mobile-wasm', '--dim', 'batch=64', '-o', 'new');
  for (const name of ['a', 'b', 'c']) cpSync(join(folder, 'old'), join(folder, name), { recursive: true });
}, 120_000);

describe('lcc check', () => {
  test('passes within a budget and fails on an oversize bundle', async () => {
    expect((await check('new', '--budget', '1MB')).code).toBe(0);
    const over = await check('new', '--budget', '{"code":"9B"}');
    expect(over.code).toBe(1);
    expect(over.stdout).toMatch(/OVER {2}code brotli .* too much\n {6}(index.js|model)/);
    expect(over.stdout).toMatch(/ {6}layer y: kernel linear \[64,3\] \d+ B\n/);
  });

  test('fails on too inaccurate a bundle, by what it answers now', async () => {
    // Inputs 0, 1 and 2 lead to classes 0, 1 and 2; a quarter of the labels says otherwise.
    const row = (i: number) => [
      ...Array.from({ length: 64 }, (_, k) => (k === i % 3 ? 1 : 0)),
      i % 4 === 0 ? (i + 1) % 3 : i % 3,
    ];
    write('labelled.csv', Array.from({ length: 40 }, (_, i) => row(i).join(',')).join('\n'));
    const { code, stdout } = await check('old', '--evaluation', 'labelled.csv', '--budget', '{"accuracy":"80 %"}');
    expect([code, stdout]).toEqual([
      1,
      expect.stringContaining('OVER  accuracy 75.00 %, at least 80.00 %: 5.00 % too little'),
    ]);
    expect((await check('old', '--evaluation', 'labelled.csv', '--budget', '{"accuracy":"75 %"}')).code).toBe(0);
  });

  test('a build without loss measures the accuracy that its budget limits', async () => {
    const budget = ['--evaluation', 'labelled.csv', '--budget', '{"accuracy":"80 %"}'];
    const { code, stdout } = await lcc('build', 'tiny.onnx', '--target', 'mobile-wasm', '-o', 'judged', ...budget);
    expect([code, stdout]).toEqual([1, expect.stringContaining('OVER  accuracy 75.00 %, at least 80.00 %')]);
  });

  test('measures what takes 64-bit integers as 32 bits on a target without BigInt', async () => {
    const model = onnxModel({
      inputs: [{ name: 'n', dtype: 'int64', shape: [1, 2] }],
      outputs: [{ name: 'y', dtype: 'float32', shape: [1, 2] }],
      initializers: {},
      nodes: [{ op: 'Cast', inputs: ['n'], outputs: ['y'], attributes: { to: 1 }, name: 'cast' }],
    });
    writeFileSync(join(folder, 'counts.onnx'), model);
    write('counts.csv', '1,0,0\n0,7,1\n9,2,0\n3,5,0');
    const budget = ['--budget', '{"accuracy":"75 %"}'];
    for (const target of ['mobile-wasm', 'embedded-wasm']) {
      await lcc('build', 'counts.onnx', '--target', target, '-o', target);
      const { code, stdout, stderr } = await check(target, '--evaluation', 'counts.csv', ...budget);
      expect([code, stderr, stdout]).toEqual([0, '', expect.stringContaining('ok    accuracy 75.00 %')]);
    }
  });

  test.each([
    ['gpu', ['--backends', 'webgpu'], 'this bundle has no backend "wasm"'],
    ['edge', ['--target', 'edge-worker'], ''],
  ])('cannot run a bundle for %s here', async (name, flags, reason) => {
    expect((await lcc('build', 'tiny.onnx', ...flags, '-o', name)).code).toBe(0);
    const { code, stderr } = await check(name, '--evaluation', 'labelled.csv', '--budget', '{"accuracy":"75 %"}');
    const message = `LCC6109: The accuracy of tiny cannot be measured: it does not load on wasm in Node: ${reason}`;
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  test('what cannot be told is no pass: exit code 2', async () => {
    const { code, stdout } = await check('old', '--budget', '{"accuracy":"80 %"}');
    expect([code, stdout]).toEqual([2, expect.stringContaining('accuracy not measured, at least 80.00 %')]);
  });

  test('takes lcc.budget.json of the folder, else the budget of lcc.config.ts', async () => {
    write('lcc.config.ts', "export default { model: 'tiny.onnx', budget: { code: '9B' } };");
    expect((await check('old')).code).toBe(1);
    write('lcc.budget.json', '{"code": "1MB", "bundles": {"new": {"macs": 5}}}');
    expect((await check('old')).code).toBe(0);
    expect((await check('new')).code).toBe(1);
    for (const name of ['lcc.config.ts', 'lcc.budget.json']) rmSync(join(folder, name));
    expect((await check('old')).code).toBe(0);
  });
});

describe('a baseline', () => {
  const growth = ['--budget', '{"growth": {"memory": "1 KB"}}'];

  test('is a manifest, a bundle, or a folder of bundles', async () => {
    for (const baseline of ['old/lcc.json', 'old']) {
      const { code, stdout } = await check('new', ...growth, '--baseline', baseline);
      expect(code).toBe(1);
      expect(stdout).toMatch(
        /OVER {2}growth of memory peak \+1\d\.\d KB of 1\.0 KB: 1\d\.\d KB too much\n {6}buffer x 16\.4 KB \(\+16\.1 KB\)/,
      );
    }
    expect((await check('old', ...growth, '--baseline', '.')).code).toBe(0);
    expect((await check('old', ...growth)).code).toBe(2);
  });

  test('is a git ref where the bundle is committed', async () => {
    git('init', '-q');
    git('add', 'old');
    git('commit', '-q', '-m', 'bundle');
    const { stdout } = await check('old', '--budget', '{"growth": "1 %"}', '--baseline', 'HEAD');
    expect(stdout).toContain('ok    growth of total brotli +0.00 % of 1.00 %');
    const missing = await check('new', '--baseline', 'HEAD');
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('LCC6107: There is no baseline: ')]);
  });
});

describe('many bundles', () => {
  test('shards share them, and their results merge', async () => {
    const shard = (part: string) => check('c', 'a', 'b', '--shard', part, '--reporter', `json=${part[0]}.json`);
    expect((await shard('1/2')).stdout).toBe('');
    await shard('2/2');
    const names = (file: string) => JSON.parse(readFileSync(join(folder, file), 'utf8'));
    expect(names('1.json').results.map(({ name }: { name: string }) => name)).toEqual(['a', 'c']);
    expect(names('2.json').results.map(({ name }: { name: string }) => name)).toEqual(['b']);
    const merged = await check('--merge', '1.json', '2.json', '--reporter', 'junit');
    expect(merged.code).toBe(0);
    expect([...merged.stdout.matchAll(/testsuite name="(\w)"/g)].map(([, name]) => name)).toEqual(['a', 'b', 'c']);
  });

  test('shards that are missing, doubled or not of one check do not merge', async () => {
    const shard = (part: string, file: string, ...more: string[]) =>
      check('a', 'b', 'c', '--shard', part, '--reporter', `json=${file}`, ...more);
    const at = (file: string) => join(folder, file);
    const faults = async (...files: string[]) => {
      const { code, stdout, stderr } = await check('--merge', ...files);
      expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining('LCC6111: These results are not all')]);
      return [...stderr.matchAll(/^ {2}- (.*)$/gm)].map(([, fault]) => fault);
    };
    for (const index of [1, 2, 3, 4]) await shard(`${index}/4`, `s${index}.json`);
    expect((await check('--merge', 's4.json', 's1.json', 's3.json', 's2.json')).code).toBe(0);
    expect(await faults('s1.json', 's3.json', 's2.json')).toEqual(['shard 4/4 is missing']);
    expect(await faults('s1.json', 's2.json', 's2.json', 's4.json')).toEqual([
      `shard 2/4 is there 2 times: ${at('s2.json')}, ${at('s2.json')}`,
      'shard 3/4 is missing',
    ]);
    await shard('2/4', 'limited.json', '--budget', '1MB');
    expect(await faults('s1.json', 'limited.json', 's3.json', 's4.json')).toEqual([
      `${at('limited.json')} was checked against another budget than ${at('s1.json')}`,
    ]);
    await check('a', 'b', '--shard', '2/2', '--reporter', 'json=few.json');
    expect(await faults('s1.json', 'few.json')).toEqual([
      `${at('few.json')} is of 2 shards, not 4 as ${at('s1.json')}`,
      `${at('few.json')} is of 2 bundles, not 3 as ${at('s1.json')}`,
    ]);
    const second = JSON.parse(readFileSync(at('s2.json'), 'utf8'));
    write('other.json', JSON.stringify({ ...second, shard: { ...second.shard, version: '9.9.9' } }));
    expect(await faults('other.json', 's1.json')).toEqual([
      `${at('s1.json')} is of lcc ${second.shard.version}, not 9.9.9 as ${at('other.json')}`,
    ]);
    write('half.json', JSON.stringify({ ...second, results: [] }));
    expect(await faults('s1.json', 'half.json', 's3.json', 's4.json')).toEqual(['there are 2 results of 3 bundles']);
    await check('a', '--reporter', 'json=alone.json');
    expect(await faults('s1.json', 'alone.json')).toEqual([`${at('alone.json')} is of no shard`]);
  });

  test('a limit of a bundle that is not there is told, once', async () => {
    const budget = ['--budget', '{"total": "1MB", "bundles": {"a": "1MB", "tiny": "1MB", "tinny": "1KB"}}'];
    const note = 'the budget limits "tinny" among its bundles, and no bundle is named so; there are "b", "tiny", "a"';
    const { code, stdout } = await check('b', 'a', ...budget);
    expect([code, stdout.split(note).length - 1]).toEqual([0, 1]);
    const notesOf = (file: string): string[] =>
      JSON.parse(readFileSync(join(folder, file), 'utf8')).results.flatMap(({ notes }: { notes: string[] }) => notes);
    for (const index of [1, 2])
      await check('b', 'a', ...budget, '--shard', `${index}/2`, '--reporter', `json=n${index}.json`);
    expect([notesOf('n1.json'), notesOf('n2.json')]).toEqual([[note], []]);
    expect((await check('--merge', 'n1.json', 'n2.json', '--reporter', 'github')).stdout.split('tinny')).toHaveLength(
      2,
    );
    expect((await check('b', 'a', '--budget', '{"bundles": {"b": "1MB"}}')).stdout).not.toContain('named so');
  });

  test('devices are a list, or each by its own, in any place', async () => {
    const profile = JSON.stringify({ ...profiles['phone-mid'], name: 'mine' });
    write('mine.json', profile);
    // Limits on profiles that are not named are left out: the note tells which those are.
    const latency = { laptop: { webgpu: '9 s' }, tv: { webgpu: '9 s' }, 'phone-high': { webgpu: '9 s' } };
    const budget = ['--budget', JSON.stringify({ latency: { ...latency, 'mine.json': { webgpu: '9 s' } } })];
    const leftOut = async (...argv: string[]) => {
      const { code, stdout, stderr } = await check(...argv, ...budget, '--json');
      expect([code, stderr]).toEqual([0, '']);
      const { name, notes } = JSON.parse(stdout);
      return [name, ...notes];
    };
    await lcc('build', 'tiny.onnx', '--backends', 'webgpu', '-o', 'shader');
    const others =
      'not checked, since other devices were named: latency p50 webgpu on tv, latency p50 webgpu on phone-high';
    for (const argv of [
      ['shader', '--device', 'laptop,mine.json'],
      ['--device', 'laptop', '--device', './mine.json', 'shader'],
      ['shader', '--device', 'laptop', 'mine.json'],
      ['--device', 'laptop', 'mine.json', 'shader'],
    ])
      expect(await leftOut(...argv)).toEqual(['shader', others]);
    const none = await check('--device', 'laptop', 'tv');
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('LCC6103')]);
  });

  test('one over is over, merged too', async () => {
    const { code } = await check(
      'a',
      'new',
      '--budget',
      '{"bundles": {"new": {"macs": 5}}}',
      '--reporter',
      'text,json=x.json',
    );
    expect([code, (await check('--merge', 'x.json')).code]).toEqual([1, 1]);
  });
});

test('--json is for the output; what goes to files still does', async () => {
  const { code, stdout } = await check('old', '--budget', '1MB', '--json', '--reporter', 'junit=check.xml');
  expect([code, JSON.parse(stdout).verdict]).toEqual([0, 'ok']);
  expect(readFileSync(join(folder, 'check.xml'), 'utf8')).toContain('<testsuite name="old" tests="1"');
});

describe('refusals', () => {
  test.each([
    [['.'], 'LCC6103: This is not a whole lcc bundle: lcc.json is missing.'],
    [['old', '--reporter', 'xml'], 'LCC0003: There is no reporter "xml".'],
    [['old', '--reporter', 'text,junit='], 'LCC0002: --reporter takes form or form=file.'],
    [['old', '--reporter', 'json=none/x.json'], 'LCC6110: The result cannot be written: ENOENT'],
    [['none', '--baseline', 'HEAD'], 'LCC6103: This is not a whole lcc bundle: lcc.json is missing.'],
    [['old', '--baseline', 'none.json'], 'LCC6107: There is no baseline: '],
    [['old', '--baseline', 'tiny.onnx'], 'LCC6104: '],
    [['old', '--shard', '3/2'], 'LCC0002: --shard takes i/n, such as 1/3.'],
    [['old', '--rounds', '2'], 'LCC0002: --rounds takes a count of 10 or more.'],
    [['old', '--gpu', 'big'], 'LCC0003: There is no GPU "big".'],
    [['old', '--device', 'phone-x', '--budget', '1MB'], 'phone-x'],
    [['--merge', 'tiny.onnx'], 'LCC6108: This is no result of lcc check: '],
    [['--merge', 'old/lcc.json'], 'LCC6108: This is no result of lcc check: it holds no results.'],
  ])('%j', async (argv, message) => {
    const { code, stderr } = await check(...argv);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});
