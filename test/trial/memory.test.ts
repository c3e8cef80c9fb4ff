import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import envPaths from 'env-paths';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { ingestOnnx } from '../../compiler/1-ingest/onnx/ingest.ts';
import { pricedChoices } from '../../compiler/3-compress/plan/choices.ts';
import type { Figures } from '../../compiler/3-compress/plan/limits.ts';
import { allAuto } from '../../compiler/3-compress/plan/options.ts';
import { noPrices } from '../../compiler/3-compress/plan/prices.ts';
import { withOverrides } from '../../compiler/3-compress/plan/steps.ts';
import { makeBuilder } from '../../compiler/3-compress/plan/trials.ts';
import { compile } from '../../compiler/compile.ts';
import type { CompileOptions } from '../../compiler/ir/bundle.ts';
import { findCacheFolder } from '../../compiler/settings/cache-folder.ts';
import { makeRunner } from '../../compiler/trial/make-runner.ts';
import { type Dependences, openTrialMemory } from '../../compiler/trial/memory.ts';
import { makeNormal } from '../harness/small-network.ts';
import { twoLayers } from './two-layers.ts';

const normal = makeNormal(5);
const numbers = (count: number) => Array.from({ length: count }, normal);
const model = twoLayers([32, 48, 8], numbers);
const calibration = Array.from({ length: 150 }, () => ({ x: Float32Array.from(numbers(32)) }));
const folder = await mkdtemp(join(tmpdir(), 'lcc-cache-'));
afterAll(() => rm(folder, { recursive: true }));

const figures: Figures = {
  size: { code: 1, weights: 2, macs: 3, milliseconds: 4, memory: 5 },
  loss: { error: 0.1, metric: undefined },
};
const place = { pass: 'truncate-rank', name: 'h', parameters: 9, macs: 9, sensitivity: 1 } as const;
const level = { label: 'rank 4', error: 0.1, parameters: 4, macs: 4 };
const { graph } = ingestOnnx({ bytes: model });
const dependences: Dependences = {
  graph,
  switches: allAuto,
  calibration,
  standIns: [],
  validation: undefined,
  target: 'mobile-wasm',
};

describe('openTrialMemory', () => {
  it('has what an earlier one saved, and only for the same', () => {
    const first = openTrialMemory(folder, dependences);
    first.figures.remember('a', figures);
    first.places.remember('a', [{ place, levels: [level] }]);
    first.made.remember('a', null);
    expect(openTrialMemory(folder, dependences).figures.recall('a')).toBeUndefined();
    first.save();
    const again = openTrialMemory(folder, dependences);
    expect(again.figures.recall('a')).toEqual(figures);
    expect(again.places.recall('a')).toEqual([{ place, levels: [level] }]);
    expect(again.made.recall('a')).toBeNull();
    expect(again.made.recall('b')).toBeUndefined();
    const others: Dependences[] = [
      { ...dependences, target: 'mobile-webgpu' },
      { ...dependences, switches: { ...allAuto, width: 'off' } },
      { ...dependences, calibration: calibration.slice(1) },
    ];
    for (const other of others) expect(openTrialMemory(folder, other).figures.recall('a')).toBeUndefined();
  });

  it('keeps no figures that JSON cannot, and does without a broken file or a folder', async () => {
    const memory = openTrialMemory(folder, dependences);
    memory.figures.remember('b', { ...figures, loss: { error: Number.POSITIVE_INFINITY, metric: undefined } });
    expect(memory.figures.recall('b')).toBeUndefined();
    memory.places.remember('b', [{ place, levels: [{ ...level, error: Number.NaN }] }]);
    expect(memory.places.recall('b')).toBeUndefined();
    const [name] = (await readdir(folder)).filter((file) => file.endsWith('.json.gz'));
    for (const broken of ['[["figures", "a"', gzipSync('[["figures", "a"'), gzipSync('[["sizes", "a", 3]]')]) {
      await writeFile(join(folder, name!), broken);
      expect(openTrialMemory(folder, dependences).figures.recall('a')).toBeUndefined();
    }
    const none = openTrialMemory(undefined, dependences);
    none.figures.remember('a', figures);
    expect(none.figures.recall('a')).toEqual(figures);
    none.save();
    expect(openTrialMemory(undefined, dependences).figures.recall('a')).toBeUndefined();
    openTrialMemory(join(folder, name!, 'below a file'), dependences).save();
  });
});

describe('a builder that remembers', () => {
  const prices = { ...noPrices, storedByte: 1e-5, removedByte: 1e-5 };
  const choices = () =>
    withOverrides(pricedChoices(new Set(['trim-width', 'truncate-rank']), allAuto, prices), new Map(), new Map());

  it('decides as the first one did without running anything, and makes the same graph when it is asked for', () => {
    const memory = openTrialMemory(undefined, dependences);
    const first = makeBuilder(graph, calibration, makeRunner, { memory }).draft(choices());
    expect(first.actions.length).toBeGreaterThan(1);
    let runners = 0;
    const counting: typeof makeRunner = (one) => {
      runners++;
      return makeRunner(one);
    };
    const second = makeBuilder(graph, calibration, counting, { memory }).draft(choices());
    expect(second.actions).toEqual(first.actions);
    expect(runners).toBe(0);
    const [a, b] = [first.graph(), second.graph()].map((made) => makeRunner(made).run(calibration[0]!));
    expect(a).toEqual(b);
    expect(runners).toBeGreaterThan(0);
  });
});

describe('a full folder', () => {
  it('loses the file that was not written to for longest', async () => {
    const full = join(folder, 'full');
    await mkdir(full);
    for (let i = 0; i < 100; i++) {
      const file = join(full, `trials-${i}.json.gz`);
      await writeFile(file, '{}');
      await utimes(file, 1000 + i, 1000 + i);
    }
    const memory = openTrialMemory(full, dependences);
    memory.figures.remember('a', figures);
    memory.save();
    const left = await readdir(full);
    expect(left).toHaveLength(100);
    expect(left).not.toContain('trials-0.json.gz');
    expect(left).toContain('trials-1.json.gz');
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
  const entries: string[][] = JSON.parse(gunzipSync(await readFile(join(cache, file!))).toString());
  return entries.filter(([kind]) => kind === 'figures').length;
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
