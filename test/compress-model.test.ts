import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile } from '../compiler/compile.ts';
import type { CompileOptions, StageEvent } from '../compiler/ir/bundle.ts';
import { profiles } from '../targets/profiles/index.ts';
import { onnxModel, tensorOf } from './harness/onnx-model.ts';
import { makeNormal } from './harness/small-network.ts';

/** Two hidden layers whose inputs lie near few directions: much can go, not all. */
const normal = makeNormal(11);
const tensor = (sizes: readonly number[], scale: number) =>
  tensorOf(
    'float32',
    sizes,
    Array.from({ length: sizes.reduce((a, b) => a * b, 1) }, () => scale * normal()),
  );
const model = onnxModel({
  inputs: [{ name: 'x', dtype: 'float32', shape: [1, 64] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: [1, 10] }],
  initializers: {
    w1: tensor([96, 64], 0.2),
    b1: tensor([96], 0.1),
    w2: tensor([96, 96], 0.15),
    b2: tensor([96], 0.1),
    w3: tensor([10, 96], 0.2),
    b3: tensor([10], 0.1),
  },
  nodes: [
    { op: 'Gemm', name: 'fc1', inputs: ['x', 'w1', 'b1'], outputs: ['h1'], attributes: { transB: 1 } },
    { op: 'Relu', inputs: ['h1'], outputs: ['a1'] },
    { op: 'Gemm', name: 'fc2', inputs: ['a1', 'w2', 'b2'], outputs: ['h2'], attributes: { transB: 1 } },
    { op: 'Relu', inputs: ['h2'], outputs: ['a2'] },
    { op: 'Gemm', name: 'fc3', inputs: ['a2', 'w3', 'b3'], outputs: ['y'], attributes: { transB: 1 } },
  ],
});
const bases = Array.from({ length: 6 }, () => Float32Array.from({ length: 64 }, normal));
const sample = () => {
  const x = new Float32Array(64);
  for (const basis of bases) {
    const weight = normal();
    for (let i = 0; i < 64; i++) x[i]! += 0.4 * weight * basis[i]!;
  }
  return { x };
};
const calibration = Array.from({ length: 400 }, sample);
const base: CompileOptions = { target: 'mobile-wasm', calibration };
const exact = await compile(model, { target: 'mobile-wasm' });
const original = await exact.load();
const classOf = (values: ArrayLike<number | bigint>) =>
  Array.from(values).reduce((best: number, v, i) => (v > values[best]! ? i : best), 0);
const labelled = async (count: number) => {
  const samples = Array.from({ length: count }, sample);
  const labels: number[] = [];
  for (const feeds of samples) labels.push(classOf((await original.run(feeds)).y!));
  return { samples, labels };
};

describe('lossy compression', () => {
  it('is trained back on the calibration inputs where that is asked for, and keeps its size', async () => {
    const limit = { ...base, maxSize: 9000, quantize: 'auto' } as const;
    const plain = await compile(model, limit);
    const tuned = await compile(model, { ...limit, finetune: { epochs: 20, rate: 3e-3 } });
    const [before, after] = [plain, tuned].map(({ report }) => report.compression!.steps.at(-1)!);
    expect(after!.pass).toBe('fine-tune');
    expect(after!.error).toBeLessThan(0.95 * before!.error);
    expect(after!.size).toBeLessThanOrEqual(9000);
    expect(tuned.report.notes.at(-1)).toMatch(
      /^Fine-tuning is kept: relative error \d+\.\d\d % before it, relative error \d+\.\d\d % after\.$/,
    );
    expect(plain.report.notes.join()).not.toContain('Fine-tuning');
    expect(tuned.report.compression!.actions).toEqual(plain.report.compression!.actions);
  });

  it('says that training it back is not kept where that loses no less', async () => {
    const told: string[] = [];
    const onStage = (event: StageEvent) => {
      if (event.stage === 'compress') told.push(...event.notes);
    };
    const { report } = await compile(model, { ...base, quantize: 'int8', finetune: { rate: 10 }, onStage });
    expect(report.compression!.steps.map(({ pass }) => pass)).not.toContain('fine-tune');
    expect(report.notes.at(-1)).toMatch(
      /^Fine-tuning is not kept, since it loses no less: relative error \d\.\d\d % before/,
    );
    expect(told.at(-1)).toBe(report.notes.at(-1));
  }, 60_000);

  it('does not happen without being asked for', () => {
    expect(exact.report.compression).toBeUndefined();
    expect(exact.report.constants.every(({ decodedBytes }) => decodedBytes === undefined)).toBe(true);
  });

  it('meets a size by estimate and in the files, and reports every action and step', async () => {
    const { report } = await compile(model, { ...base, maxSize: '14KB' });
    const { compression } = report;
    expect(compression!.limits).toEqual({ size: 14_000 });
    expect(compression!.before.size).toBeGreaterThan(60_000);
    const last = compression!.steps.at(-1)!;
    expect(last.size).toBeLessThanOrEqual(14_000);
    expect(last.error).toBeLessThan(0.35);
    expect(compression!.actions.length).toBeGreaterThan(2);
    const errors = compression!.actions.map(({ outputError }) => outputError!);
    expect(errors[0]!.before).toBe(0);
    for (const [i, { before }] of errors.slice(1).entries()) expect(before).toBe(errors[i]!.after);
    expect(errors.at(-1)!.after / last.error).toBeCloseTo(1, 0);
    expect(compression!.tradeOff.length).toBeGreaterThan(2);
    const nextOf = (amount: 'bytes' | 'memory' | 'macs') => compression!.next![amount];
    const passes = ['collapse-layers', 'trim-width', 'truncate-rank', 'quantize-weights', 'quantize-activations'];
    for (const { pass, level } of [...nextOf('bytes'), ...nextOf('memory'), ...nextOf('macs')]) {
      expect(passes).toContain(pass);
      expect(pass === 'quantize-activations').toBe(level === 'int8 with inputs');
    }
    expect(nextOf('bytes').some(({ pass }) => pass === 'quantize-weights')).toBe(true);
    expect(nextOf('memory').some(({ pass }) => pass === 'quantize-activations')).toBe(true);
    expect(report.constants.some(({ decodedBytes }) => decodedBytes !== undefined)).toBe(true);
  }, 60_000);

  it('stays within a drop of a metric, and reports on samples that decided nothing', async () => {
    const bundle = await compile(model, { ...base, evaluation: await labelled(600), maxDrop: 0.05 });
    const metric = bundle.report.compression!.metric!;
    expect(metric).toMatchObject({ name: 'top-1', samples: 300, before: 1 });
    expect(metric.bound).toBeLessThanOrEqual(0.05);
    expect(metric.drop).toBeLessThanOrEqual(metric.bound);
    expect(metric.reported!.samples).toBe(300);
    expect(metric.reported!.after).toBeGreaterThan(0.9);
    expect(bundle.report.compression!.steps.at(-1)!.size).toBeLessThan(30_000);
    const loaded = await bundle.load();
    const fresh = await labelled(100);
    let right = 0;
    for (const [i, feeds] of fresh.samples.entries())
      if (classOf((await loaded.run(feeds)).y!) === fresh.labels[i]) right++;
    expect(right).toBeGreaterThanOrEqual(88);
  }, 60_000);

  it('writes a plan that gives the same model again, and refuses it for another', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lcc-plan-'));
    try {
      const plan = join(folder, 'plan.json');
      const first = await compile(model, { ...base, maxSize: '20KB', plan });
      const written = JSON.parse(await readFile(plan, 'utf8'));
      expect(written.decisions.length).toBe(first.report.compression!.actions.length);
      const again = await compile(model, { ...base, plan });
      expect(again.report.compression!.attempts).toBe(1);
      expect(again.report.compression!.steps).toEqual(first.report.compression!.steps);
      const [a, b] = [await first.load(), await again.load()];
      expect(await a.run(calibration[0]!)).toEqual(await b.run(calibration[0]!));
      const wrong = [{ pass: 'truncate-rank', place: 'elsewhere', level: 'rank 3' }];
      await expect(compile(model, { ...base, plan: wrong })).rejects.toThrow('truncate-rank elsewhere: rank 3');
      const within = await compile(model, { ...base, maxSize: '20KB', plan });
      expect(within.report.compression!.steps).toEqual(first.report.compression!.steps);
      await expect(compile(model, { ...base, maxSize: '5KB', plan })).rejects.toThrow(
        /LCC3007[\s\S]*size: .* of 5\.0 KB/,
      );
      await expect(compile(model, { ...base, maxDrop: 0, plan })).rejects.toThrow(/LCC3007[\s\S]*loss: .* of 0/);
      expect(await readdir(folder)).toEqual(['plan.json']);
    } finally {
      await rm(folder, { recursive: true });
    }
  }, 60_000);

  it('says what is nearest where nothing fits', async () => {
    await expect(compile(model, { ...base, maxSize: '1KB' })).rejects.toThrow(/LCC3003[\s\S]*size: .* of 1\.0 KB/);
  }, 60_000);

  it('forced int8 needs no data', async () => {
    const { report } = await compile(model, { target: 'mobile-wasm', quantize: 'int8' });
    expect(report.constants.map(({ form }) => form)).toEqual(expect.arrayContaining(['int8']));
    expect(report.notes.join()).toContain('random inputs');
    const [step] = report.compression!.steps;
    expect(step!.error).toBeLessThan(0.02);
    const { actions } = report.compression!;
    expect(actions.map((action) => 'error' in action)).toEqual(actions.map(() => false));
  });

  it('predicts the error of half precision from what layers read, of weights alone', async () => {
    const { report } = await compile(model, { ...base, quantize: 'fp16' });
    const errors = new Map(report.compression!.actions.map(({ place, error }) => [place, error]));
    expect([...errors.keys()].sort()).toEqual(['b1', 'b2', 'w1', 'w2', 'w3']);
    for (const [place, error] of errors) {
      if (place.startsWith('b')) expect(error).toBeUndefined();
      else {
        // a rounding step is at most 2^-11 of a weight, its square on average less than a third of that
        expect(error).toBeGreaterThan(1e-10);
        expect(error).toBeLessThan(2 ** -22);
      }
    }
  });

  it('limits the time that is estimated for the device that is named', async () => {
    const onlyWidth = { ...base, collapse: 'off', rank: 'off', blocks: 'off', quantize: 'off' } as const;
    const compressFor = async (device: string, maxLatency: number | string) =>
      (await compile(model, { ...onlyWidth, device, maxLatency })).report.compression!;
    const [low, high] = [await compressFor('phone-low', '1 s'), await compressFor('phone-high', '1 s')];
    expect([low.device, low.actions, high.actions]).toEqual(['phone-low', [], []]);
    expect(low.before.milliseconds).toBeGreaterThan(1.5 * high.before.milliseconds);
    const limit = (low.before.milliseconds + high.before.milliseconds) / 2;
    const [slow, fast] = [await compressFor('phone-low', limit), await compressFor('phone-high', limit)];
    expect(slow.steps.at(-1)!.milliseconds).toBeLessThanOrEqual(limit);
    expect(fast.actions).toEqual([]);
  });

  it('takes the profile of a device from a file, and refuses one that does not fit', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lcc-device-'));
    const write = async (profile: unknown): Promise<string> => {
      const file = join(folder, 'mine.json');
      await writeFile(file, JSON.stringify(profile));
      return file;
    };
    const { webgpu: _, ...wasmOnly } = profiles['phone-mid'];
    const mine = await write({ ...wasmOnly, name: 'mine' });
    const { report } = await compile(model, { ...base, device: mine, maxSize: '9KB' });
    expect(report.compression!.device).toBe('mine');
    await expect(compile(model, { target: 'desktop-webgpu', backends: ['webgpu'], device: mine })).rejects.toThrow(
      'LCC6208: The profile mine has no rates of WebGPU',
    );
    await expect(compile(model, { ...base, device: await write({}) })).rejects.toThrow('LCC6202');
    await expect(compile(model, { ...base, device: 'phone' })).rejects.toThrow('LCC6201: There is no device profile');
    await rm(folder, { recursive: true });
  });

  it('refuses limits without data, autos without limits, and values that are none', async () => {
    const refused = (options: Partial<CompileOptions>) => compile(model, { target: 'mobile-wasm', ...options });
    await expect(refused({ maxSize: '10KB' })).rejects.toThrow('LCC3001: --max-size needs inputs of the model');
    await expect(refused({ quantize: 'auto' })).rejects.toThrow('LCC3002: --quantize auto has nothing to decide by');
    await expect(refused({ maxSize: 'tiny', calibration })).rejects.toThrow('LCC0002: --max-size takes a size');
    await expect(refused({ maxLatency: 'soon', calibration })).rejects.toThrow(
      'LCC0002: --max-latency takes a time such as 8ms',
    );
    await expect(refused({ maxDrop: -1, calibration })).rejects.toThrow('LCC0002: --max-drop takes an amount from 0');
    await expect(refused({ maxDrop: '1 pt', calibration })).rejects.toThrow('LCC0002: --max-drop takes an amount');
    await expect(refused({ rank: 1.5, calibration })).rejects.toThrow('LCC0002: --rank takes auto, off');
  });
});
