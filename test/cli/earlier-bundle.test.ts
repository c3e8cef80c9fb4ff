import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readWholeManifest } from '../../compiler/6-budget/read-whole-manifest.ts';
import { onnxModel, tensorOf } from '../harness/onnx-model.ts';
import { runCli } from '../harness/run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'lcc-earlier-'));
const file = join(folder, 'out/lcc.json');
let whole: Record<string, unknown> = {};
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  const model = onnxModel({
    inputs: [{ name: 'x', dtype: 'float32', shape: [1, 2] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: [1, 3] }],
    initializers: { w: tensorOf('float32', [2, 3], [1, 2, 3, 4, 5, 6]) },
    nodes: [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }],
  });
  writeFileSync(join(folder, 'tiny.onnx'), model);
  await runCli(['build', 'tiny.onnx', '--target', 'mobile-wasm', '-o', 'out'], folder);
  whole = JSON.parse(readFileSync(file, 'utf8'));
}, 120_000);

const write = (manifest: object) => writeFileSync(file, JSON.stringify(manifest));

describe('a bundle of an earlier lcc', () => {
  test.each(['inspect', 'report', 'bench'])('lcc %s says what its lcc.json lacks', async (command) => {
    const { calls: _, kernels, ...rest } = whole;
    const bare = (kernels as { codeBytes: number }[]).map(({ codeBytes: __, ...kernel }) => kernel);
    write({ ...rest, generator: 'lcc 0.0.1', kernels: bare });
    const { code, stderr } = await runCli([command, 'out'], folder);
    expect([code, stderr]).toEqual([
      2,
      `LCC6112: This lcc.json does not record all that this version of lcc needs: it was written by lcc 0.0.1.
  at ${file}
  it lacks: kernels[].codeBytes, calls
  Next: Build the bundle again.
`,
    ]);
  });

  test('is taken where it lacks nothing, whatever its version', async () => {
    write({ ...whole, generator: 'lcc 9.0.0' });
    expect((await readWholeManifest(join(folder, 'out'))).generator).toBe('lcc 9.0.0');
  });

  test('may lack what only some bundles have, and nothing else', async () => {
    for (const name of Object.keys(whole).filter((field) => field !== 'generator' && field !== 'files')) {
      const { [name]: _, ...rest } = whole;
      write(rest);
      await expect(readWholeManifest(join(folder, 'out'))).rejects.toThrow(`it lacks: ${name}\n`);
    }
    write({ ...whole, compression: { limits: {}, attempts: 1, before: {}, actions: [], tradeOff: [] }, memory: [] });
    await expect(readWholeManifest(join(folder, 'out'))).rejects.toThrow('it lacks: memory, compression.steps\n');
  });
});
