import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CheckResult } from '../../compiler/6-budget/check-result.ts';
import { nameOf } from '../../compiler/6-budget/measures.ts';
import { describeInBrowser } from '../harness/browser.ts';
import { joinRemotely } from '../harness/join-remotely.ts';
import { onnxModel, tensorOf } from '../harness/onnx-model.ts';
import { runCli } from '../harness/run-cli.ts';

describeInBrowser('lcc check in a browser', (browser) => {
  const folder = mkdtempSync(join(tmpdir(), 'lcc-check-browser-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  beforeAll(async () => {
    const size = 256;
    const values = Array.from({ length: size * size }, (_, i) => Math.sin(i) / size);
    const model = onnxModel({
      inputs: [{ name: 'x', dtype: 'float32', shape: [size, size] }],
      outputs: [{ name: 'y', dtype: 'float32', shape: [size, size] }],
      initializers: { w: tensorOf('float32', [size, size], values) },
      nodes: [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'], name: 'fc' }],
    });
    writeFileSync(join(folder, 'product.onnx'), model);
    const { code } = await runCli(['build', 'product.onnx', '-o', 'product'], folder);
    expect(code).toBe(0);
  });

  const check = async (budget: object, ...flags: string[]): Promise<{ code: number; result: CheckResult }> => {
    const argv = ['check', 'product', '--budget', JSON.stringify(budget), '--rounds', '20', '--json', ...flags];
    const { code, stdout } = await runCli(argv, folder);
    return { code, result: JSON.parse(stdout) };
  };

  test('a slow bundle fails, by its measured time', async () => {
    const { code, result } = await check({ latency: { p50: '20 us' }, coldStart: '1 ms' });
    const [cold, latency] = ['coldStart', 'latency'].map((name) => result.rows.find(({ measure }) => measure === name));
    expect([latency!.verdict, cold!.verdict, code]).toEqual(['over', 'over', 1]);
    // 16.8 million multiply-adds: no thread does them in 20 us.
    expect(latency!.actual).toBeGreaterThan(0.02);
    expect(cold!.actual).toBeGreaterThan(latency!.actual!);
    const [low, high] = latency!.interval!;
    expect(low).toBeLessThanOrEqual(latency!.actual!);
    expect(high).toBeGreaterThanOrEqual(latency!.actual!);
    expect(latency!.causes[0]).toMatchObject({ kind: 'kernel', amount: 256 ** 3, unit: 'macs' });
    expect(result.machine).toMatchObject({
      browser: expect.stringMatching(/^Chrome \d+ on Linux$/),
      rate: expect.any(Number),
    });
  });

  test('what it holds in memory is what was planned', async () => {
    const { code, result } = await check({ memory: '2 MB' });
    expect(code).toBe(0);
    const { memory } = JSON.parse(readFileSync(join(folder, 'product', 'lcc.json'), 'utf8'));
    const run = result.rows.find((row) => nameOf(row) === 'memory run');
    expect(run).toMatchObject({ actual: memory.constants + memory.arena, verdict: 'ok' });
    expect(run!.reason).toBeUndefined();
    expect(result.notes).toEqual([]);
  });

  test('times without limits are told, of this machine and of device classes', async () => {
    const { code, result } = await check({ total: '1MB' }, '--times', '--device', 'phone-mid');
    expect(code).toBe(0);
    const times = result.rows.filter(({ unit }) => unit === 'ms');
    const here = times.find((row) => nameOf(row) === 'latency p50 wasm');
    const phone = times.find((row) => nameOf(row) === 'latency p50 wasm on phone-mid');
    expect(phone!.actual).toBeGreaterThan(0);
    expect([here!.isEstimated, phone!.isEstimated]).toEqual([undefined, true]);
    const gpu = times.find((row) => nameOf(row) === 'latency p50 webgpu');
    expect(gpu).toMatchObject({ reason: expect.stringContaining('software') });
  });

  test('a device that opens the page measures all bundles, for the profile that it stands for', async () => {
    const budget = JSON.stringify({ latency: { 'phone-mid': { wasm: '10 s' }, laptop: '1 us' } });
    const flags = ['--remote', '--host', '127.0.0.1', '--device', 'phone-mid', '--rounds', '20', '--json'];
    const { code, stdout, stderr } = await joinRemotely(
      ['check', 'product', 'product', '--budget', budget, ...flags],
      folder,
      browser(),
    );
    expect(code).toBe(0);
    expect(stderr.match(/joined/g)).toHaveLength(1);
    const { results } = JSON.parse(stdout) as { results: CheckResult[] };
    for (const { rows, machine } of results) {
      const limited = rows.filter(({ limit }) => limit !== undefined);
      expect(limited.map((row) => [nameOf(row), row.verdict, row.isEstimated])).toEqual([
        ['latency p50 wasm on phone-mid', 'ok', undefined],
      ]);
      expect(machine!.rate).toBeGreaterThan(1e8);
    }
    expect(results).toHaveLength(2);
  });

  test('a bundle for a target without BigInt is measured, by every command that does', async () => {
    const model = onnxModel({
      inputs: [{ name: 'ids', dtype: 'int64', shape: [4] }],
      outputs: [{ name: 'y', dtype: 'int64', shape: [4] }],
      initializers: { w: tensorOf('int64', [5], [3n, 1n, 4n, 1n, 5n]) },
      nodes: [{ op: 'Gather', inputs: ['w', 'ids'], outputs: ['y'], name: 'gather' }],
    });
    writeFileSync(join(folder, 'ids.onnx'), model);
    const lcc = (command: string) => runCli(command.split(' '), folder);
    await lcc('build ids.onnx --target embedded-wasm -o ids');
    for (const command of [
      'check ids --budget {"latency":"1s","coldStart":"60s"} --rounds 10',
      'report ids',
      'bench ids --rounds 2 --against onnxruntime-web',
    ]) {
      const { code, stderr } = await lcc(command);
      expect([command, code, stderr]).toEqual([command, 0, '']);
    }
  });
});
