import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import envPaths from 'env-paths';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { ingestOnnx } from '../compiler/1-ingest/onnx/ingest.ts';
import type { Figures } from '../compiler/3-compress/plan/limits.ts';
import { allAuto } from '../compiler/3-compress/plan/options.ts';
import { findCacheFolder } from '../compiler/cli/cache-folder.ts';
import { compile } from '../compiler/compile.ts';
import type { CompileOptions } from '../compiler/ir/bundle.ts';
import { openTrialMemory, type Remembered } from '../compiler/trial-memory.ts';
import { onnxModel, tensorOf } from './harness/onnx-model.ts';
import { makeNormal } from './harness/small-network.ts';

const normal = makeNormal(5);
const numbers = (count: number) => Array.from({ length: count }, normal);
const model = onnxModel({
  inputs: [{ name: 'x', dtype: 'float32', shape: [1, 32] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: [1, 8] }],
  initializers: {
    w1: tensorOf('float32', [48, 32], numbers(48 * 32)),
    w2: tensorOf('float32', [8, 48], numbers(8 * 48)),
  },
  nodes: [
    { op: 'Gemm', name: 'fc1', inputs: ['x', 'w1'], outputs: ['h'], attributes: { transB: 1 } },
    { op: 'Relu', inputs: ['h'], outputs: ['a'] },
    { op: 'Gemm', name: 'fc2', inputs: ['a', 'w2'], outputs: ['y'], attributes: { transB: 1 } },
  ],
});
const calibration = Array.from({ length: 150 }, () => ({ x: Float32Array.from(numbers(32)) }));
const folder = await mkdtemp(join(tmpdir(), 'lcc-cache-'));
afterAll(() => rm(folder, { recursive: true }));

const decisions = [{ pass: 'truncate-rank', place: 'h', level: 'rank 4' }];
const figures: Figures = {
  size: { code: 1, weights: 2, macs: 3, milliseconds: 4, memory: 5 },
  loss: { error: 0.1, metric: undefined },
};
const { graph } = ingestOnnx({ bytes: model });
const remembered: Remembered = {
  graph,
  switches: allAuto,
  calibration,
  standIns: [],
  validation: undefined,
  target: 'mobile-wasm',
};

describe('openTrialMemory', () => {
  it('has what an earlier one saved, and only for the same', () => {
    const first = openTrialMemory(folder, remembered);
    first.rememberDecisions('a', decisions);
    first.rememberFigures(decisions, figures);
    first.rememberSensitivities([['h', 2]]);
    const level = { label: 'rank 4', bytes: 1, memory: 2, macs: 3, error: 0.1 };
    first.rememberOffers('a', [['truncate-rank h', [level]]]);
    first.rememberErrors(decisions, [0.1]);
    expect(openTrialMemory(folder, remembered).recallDecisions('a')).toBeUndefined();
    first.save();
    const again = openTrialMemory(folder, remembered);
    expect(again.recallDecisions('a')).toEqual(decisions);
    expect(again.recallFigures(decisions)).toEqual(figures);
    expect(again.recallSensitivities()).toEqual([['h', 2]]);
    expect(again.recallOffers('a')).toEqual([['truncate-rank h', [level]]]);
    expect(again.recallErrors(decisions)).toEqual([0.1]);
    const others: Remembered[] = [
      { ...remembered, target: 'mobile-webgpu' },
      { ...remembered, switches: { ...allAuto, width: 'off' } },
      { ...remembered, calibration: calibration.slice(1) },
    ];
    for (const other of others) expect(openTrialMemory(folder, other).recallDecisions('a')).toBeUndefined();
  });

  it('keeps no figures that JSON cannot, and does without a broken file or a folder', async () => {
    const memory = openTrialMemory(folder, remembered);
    memory.rememberFigures([], { ...figures, loss: { error: Number.POSITIVE_INFINITY, metric: undefined } });
    expect(memory.recallFigures([])).toBeUndefined();
    memory.rememberOffers('b', [['h', [{ label: 'a', bytes: 1, memory: 2, macs: 3, error: Number.NaN }]]]);
    expect(memory.recallOffers('b')).toBeUndefined();
    memory.rememberErrors([], [Number.NaN]);
    expect(memory.recallErrors([])).toBeUndefined();
    const [name] = (await readdir(folder)).filter((file) => file.endsWith('.json'));
    await writeFile(join(folder, name!), '{"decisions": [["a", 3');
    expect(openTrialMemory(folder, remembered).recallDecisions('a')).toBeUndefined();
    const none = openTrialMemory(undefined, remembered);
    none.rememberDecisions('a', decisions);
    expect(none.recallDecisions('a')).toEqual(decisions);
    none.save();
    expect(openTrialMemory(undefined, remembered).recallDecisions('a')).toBeUndefined();
    openTrialMemory(join(folder, name!, 'below a file'), remembered).save();
  });
});

describe('a full folder', () => {
  it('loses the file that was not written to for longest', async () => {
    const full = join(folder, 'full');
    await mkdir(full);
    for (let i = 0; i < 100; i++) {
      const file = join(full, `trials-${i}.json`);
      await writeFile(file, '{}');
      await utimes(file, 1000 + i, 1000 + i);
    }
    const memory = openTrialMemory(full, remembered);
    memory.rememberDecisions('a', decisions);
    memory.save();
    const left = await readdir(full);
    expect(left).toHaveLength(100);
    expect(left).not.toContain('trials-0.json');
    expect(left).toContain('trials-1.json');
  });
});

describe('compile with a cache', () => {
  it('finds the same with and without, and the grid again for another budget', async () => {
    const cache = join(folder, 'compile');
    const options: CompileOptions = { target: 'mobile-wasm', calibration, maxSize: '7KB' };
    const plain = await compile(model, options);
    const lines: string[] = [];
    const cold = await compile(model, { ...options, cache });
    const before = await figuresIn(cache);
    const warm = await compile(model, { ...options, cache, onProgress: (line) => lines.push(line) });
    expect(cold.report.compression).toEqual(plain.report.compression);
    expect(warm.report.compression).toEqual(plain.report.compression);
    expect(lines.length).toBeGreaterThan(5);
    expect(await figuresIn(cache)).toBe(before);
    const other = await compile(model, { ...options, cache, maxSize: '6KB' });
    const plainOther = await compile(model, { ...options, maxSize: '6KB' });
    expect(other.report.compression).toEqual(plainOther.report.compression);
    const measured = (await figuresIn(cache)) - before;
    expect(measured).toBeLessThan(other.report.compression!.attempts - 5);
  }, 120_000);
});

async function figuresIn(cache: string): Promise<number> {
  const [file] = await readdir(cache);
  return JSON.parse(await readFile(join(cache, file!), 'utf8')).figures.length;
}

describe('findCacheFolder', () => {
  it('is beside the nearest installed packages, or with the caches of the user', async () => {
    expect(await findCacheFolder(import.meta.dirname)).toMatch(/node_modules[\\/]\.cache[\\/]lcc$/);
    vi.stubEnv('XDG_CACHE_HOME', join(folder, 'caches'));
    const { cache } = envPaths('lcc', { suffix: '' });
    expect(await findCacheFolder(folder)).toBe(cache);
    expect(cache).toMatch(/lcc/);
    vi.unstubAllEnvs();
  });
});
