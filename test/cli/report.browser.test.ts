import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Manifest } from '../../compiler/ir/bundle.ts';
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
      const manifest: Manifest = JSON.parse(await read(folder, 'lcc.json'));
      const rows = readTables(await read(folder, 'report.html')).get('wasm kernels, in the order of a run');
      expect(rows!.map((row) => Number(row[4]))).toEqual(kernels.calls);
      expect(stdout.split('\n')[0]).toBe(join(folder, 'report.html'));
      for (const { value } of manifest.calls) expect(stdout).toContain(value);
    });
  });

  test('writes elsewhere where that is asked for, and tells the times as JSON', async () => {
    await withFolder(files, async (folder) => {
      const { stdout } = await runCli(['report', folder, '-o', 'other.html', '--json'], folder);
      const { report, kernels } = JSON.parse(stdout);
      expect(report).toBe(join(folder, 'other.html'));
      expect(JSON.parse(await read(folder, 'lcc.measured.json')).kernels).toEqual(kernels);
      expect(await read(folder, 'report.html')).toContain('<code>lcc report');
      expect(await read(folder, 'other.html')).not.toContain('<code>lcc report');
    });
  });

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
    });
  });
});

test('lcc report needs a bundle, and one with wasm', async () => {
  const gpu = await (await buildSmall({ backends: ['webgpu'] })).files();
  await withFolder(gpu, async (folder) => {
    const { code, stderr } = await runCli(['report', folder], folder);
    expect(code).toBe(2);
    expect(stderr).toBe(`LCC6301: Kernels are timed on wasm, which this bundle was not built for.
  at ${folder}
  backends: webgpu
  Next: Build it with --backends webgpu,wasm; its report.html holds all that is known without times.
`);
  });
  const { code, stderr } = await runCli(['report', 'nothing'], '.');
  expect(code).toBe(2);
  expect(stderr).toContain('LCC6103');
});
