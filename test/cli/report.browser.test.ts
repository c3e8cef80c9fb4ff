import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { KernelTimes, Manifest } from '../../compiler/ir/report.ts';
import { describeInBrowser } from '../harness/browser.ts';
import { withFolder } from '../harness/bundle-folder.ts';
import { buildSmall, readTables } from '../harness/report-manifest.ts';
import { runCli } from '../harness/run-cli.ts';

describeInBrowser('lcc report', () => {
  let files: ReadonlyMap<string, Uint8Array>;
  beforeAll(async () => {
    files = await (await buildSmall()).files();
  }, 120_000);

  const read = (folder: string, file: string) => readFile(join(folder, file), 'utf8');

  test('measures every kernel, keeps what was measured before and writes the page anew', async () => {
    await withFolder(files, async (folder) => {
      const before = JSON.parse(await read(folder, 'lcc.measured.json'));
      const { code, stdout, stderr } = await runCli(['report', folder], folder);
      expect([code, stderr]).toEqual([0, '']);
      const { kernels, ...others } = JSON.parse(await read(folder, 'lcc.measured.json'));
      expect(others).toEqual(before);
      expect(kernels).toHaveLength(1);
      const manifest: Manifest = JSON.parse(await read(folder, 'lcc.json'));
      const rows = readTables(await read(folder, 'report.html')).get('wasm kernels, in the order of a run');
      expect(rows!.map((row) => Number(row[4]))).toEqual(kernels[0].calls);
      expect(stdout.split('\n')[0]).toBe(join(folder, 'report.html'));
      for (const { value } of manifest.calls) expect(stdout).toContain(value);
    });
  });

  test('writes elsewhere where that is asked for, and tells the times as JSON', async () => {
    await withFolder(files, async (folder) => {
      const { stdout } = await runCli(['report', folder, '-o', 'other.html', '--json'], folder);
      const { report, kernels } = JSON.parse(stdout);
      expect(report).toBe(join(folder, 'other.html'));
      expect(JSON.parse(await read(folder, 'lcc.measured.json')).kernels).toEqual([kernels]);
      expect(await read(folder, 'report.html')).toContain('<code>lcc report &lt;');
      expect(await read(folder, 'other.html')).not.toContain('<code>lcc report &lt;');
    });
  });

  test('times WebGPU beside wasm, keeps both, and says what the times of a software GPU are', async () => {
    await withFolder(files, async (folder) => {
      const onWasm = JSON.parse((await runCli(['report', folder, '--json'], folder)).stdout).kernels;
      // As an earlier lcc wrote it.
      const { kernels: _, ...others } = JSON.parse(await read(folder, 'lcc.measured.json'));
      await writeFile(join(folder, 'lcc.measured.json'), JSON.stringify({ ...others, kernels: onWasm }));
      const argv = ['report', folder, '--backend', 'webgpu', '--gpu', 'software'];
      const { code, stdout, stderr } = await runCli(argv, folder);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toContain('the adapter is software: its times mean nothing\n');
      const { kernels } = JSON.parse(await read(folder, 'lcc.measured.json'));
      expect(kernels.map(({ backend }: KernelTimes) => backend)).toEqual(['wasm', 'webgpu']);
      expect(kernels[0]).toEqual(onWasm);
      expect(kernels[1].isSoftware).toBe(true);
      const tables = readTables(await read(folder, 'report.html'));
      for (const [i, title] of ['wasm', 'WebGPU'].entries()) {
        const rows = tables.get(`${title} kernels, in the order of a run`)!;
        expect(rows.map((row) => Number(row[4]))).toEqual(kernels[i].calls);
      }
    });
  }, 120_000);

  test('leaves everything as it was where it cannot write', async () => {
    await withFolder(files, async (folder) => {
      const before = await read(folder, 'lcc.measured.json');
      const { code, stderr } = await runCli(['report', folder, '-o', 'nowhere/report.html'], folder);
      expect(code).toBe(2);
      expect(stderr).toContain('LCC6303: The report cannot be written');
      expect(await read(folder, 'lcc.measured.json')).toBe(before);
    });
  });

  test('refuses what it cannot read', async () => {
    await withFolder(files, async (folder) => {
      await writeFile(join(folder, 'lcc.measured.json'), '[]');
      const { code, stderr } = await runCli(['report', folder], folder);
      expect(code).toBe(2);
      expect(stderr).toContain('LCC6302: What was measured of the bundle cannot be read: it is no JSON object.');
      await writeFile(join(folder, 'lcc.measured.json'), '{"kernels": [{"backend": "wasm", "calls": [1]}]}');
      const other = await runCli(['report', folder], folder);
      expect(other.code).toBe(2);
      expect(other.stderr).toContain('LCC6302');
      expect(other.stderr).toContain('its kernels are not those of this bundle');
    });
  });
});

test('lcc report needs a bundle, with code for the backend that it times', async () => {
  for (const [built, asked, title] of [
    ['webgpu', 'wasm', 'wasm'],
    ['wasm', 'webgpu', 'WebGPU'],
  ] as const) {
    const files = await (await buildSmall({ backends: [built] })).files();
    await withFolder(files, async (folder) => {
      const { code, stderr } = await runCli(['report', folder, '--backend', asked], folder);
      expect(code).toBe(2);
      expect(stderr).toBe(`LCC6301: The bundle is to be timed on ${title}, which it was not built for.
  at ${folder}
  backends: ${built}
  Next: Time it with --backend ${built}, or build it for a target with both, such as mobile-webgpu, without --backends.
`);
    });
  }
  const { code, stderr } = await runCli(['report', 'nothing'], '.');
  expect(code).toBe(2);
  expect(stderr).toContain('LCC6103');
});

test('lcc report names the backends and GPUs that there are', async () => {
  const backend = await runCli(['report', 'nothing', '--backend', 'cpu'], '.');
  expect([backend.code, backend.stderr]).toEqual([2, expect.stringContaining('wasm, webgpu')]);
  const gpu = await runCli(['report', 'nothing', '--gpu', 'fast'], '.');
  expect([gpu.code, gpu.stderr]).toEqual([2, expect.stringContaining('software, hardware')]);
});
