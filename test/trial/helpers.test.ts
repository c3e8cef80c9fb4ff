import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { ingestOnnx } from '../../compiler/1-ingest/onnx/ingest.ts';
import type { Asked } from '../../compiler/3-compress/plan/ahead.ts';
import { allAuto } from '../../compiler/3-compress/plan/options.ts';
import { compile } from '../../compiler/compile.ts';
import type { Metric } from '../../compiler/data/metrics/metric.ts';
import { top1 } from '../../compiler/data/metrics/top-k.ts';
import type { CompileOptions } from '../../compiler/ir/bundle.ts';
import { type HelpersTask, openTrialHelpers, type TrialHelpers } from '../../compiler/trial/helpers.ts';
import { makeMemory } from '../../compiler/trial/logged-memory.ts';
import { targets } from '../../targets/index.ts';
import { makeNormal } from '../harness/small-network.ts';
import { repository } from '../harness/source-imports.ts';
import { twoLayers } from './two-layers.ts';

const normal = makeNormal(9);
const numbers = (count: number) => Array.from({ length: count }, normal);
const model = twoLayers([24, 40, 6], numbers);
const calibration = Array.from({ length: 120 }, () => ({ x: Float32Array.from(numbers(24)) }));
const others = Array.from({ length: 120 }, () => ({ x: Float32Array.from(numbers(24)) }));
const labels = calibration.map((_, i) => i % 6);

const { graph } = ingestOnnx({ bytes: model });
const [firstNode, ...otherNodes] = graph.nodes;
const broken = { ...graph, nodes: [{ ...firstNode!, inputs: [12345] }, ...otherNodes] };
const unlimited = { size: undefined, latency: undefined, memory: undefined, drop: undefined };
const task: HelpersTask = {
  graph,
  switches: allAuto,
  limits: { ...unlimited, size: 5000 },
  calibration,
  standIns: [],
  validation: undefined,
  target: targets['mobile-wasm'],
  script: 3000,
};
const asked: Asked = {
  offer: { arm: { name: 'widths', passes: new Set(['trim-width']) }, price: 0.1, structure: 1, bytes: 1 },
  overrides: new Map(),
};

let opened: TrialHelpers | undefined;
afterEach(() => opened?.close());
const open = (changed: Partial<HelpersTask>, threads?: number) => {
  const memory = makeMemory();
  opened = openTrialHelpers({ ...task, ...changed }, memory, { threads });
  return { helpers: opened, memory };
};

const validationBy = (metric: Metric) => ({
  metric,
  data: {
    name: 'labelled',
    size: 60,
    labels: { kind: 'class', values: Int32Array.from(labels.slice(0, 60)), width: 1 } as const,
    feedsOf: (i: number) => calibration[i]!,
    hashOf: String,
  },
});

describe('threads that measure trials', () => {
  it('tell what decides and what was measured, a metric too', async () => {
    const { helpers, memory } = open({ validation: validationBy(top1) }, 2);
    expect(helpers!.areReady).toBe(true);
    helpers!.begin(asked);
    helpers!.begin({ ...asked, offer: { ...asked.offer, price: 1 } });
    await helpers!.done(asked);
    await helpers!.done({ ...asked, offer: { ...asked.offer, price: 1 } });
    const learnt = memory.since(0);
    const kinds = new Set(learnt.map(([kind]) => kind));
    for (const kind of ['places', 'taken', 'encodings', 'made', 'figures', 'sensitivities'] as const)
      expect(kinds).toContain(kind);
    const measured = learnt.filter(([kind]) => kind === 'figures').map(([, , figures]) => figures);
    expect(measured.length).toBeGreaterThan(0);
    for (const figures of measured) expect(figures).toMatchObject({ loss: { metric: { name: 'top-1', samples: 60 } } });
  }, 60_000);

  it('are done with what is begun once none of them is left', async () => {
    const { helpers } = open({ graph: broken }, 2);
    const priced = (price: number): Asked => ({ ...asked, offer: { ...asked.offer, price } });
    for (const price of [0.1, 1, 10]) helpers!.begin(priced(price));
    for (const price of [0.1, 1, 10]) await helpers!.done(priced(price));
    helpers!.begin(priced(100));
    await expect(helpers!.done(priced(100))).resolves.toBeUndefined();
  }, 60_000);

  it('are done with what they cannot do, and with what nobody began', async () => {
    const { helpers, memory } = open({ graph: broken }, 2);
    helpers!.begin(asked);
    await helpers!.done(asked);
    await helpers!.done({ ...asked, overrides: new Map([['trim-width h', 'as it is']]) });
    expect(memory.since(0).filter(([kind]) => kind === 'figures')).toEqual([]);
  }, 60_000);

  it('are none for one thread, or for a metric that only this thread has', () => {
    expect(open({}, 1).helpers).toBeUndefined();
    expect(open({ validation: validationBy({ ...top1, name: 'mine' }) }, 2).helpers).toBeUndefined();
  });

  it('do not start by themselves from TypeScript', () => {
    expect(open({}).helpers).toBeUndefined();
  });

  it('change no result', async () => {
    const options: CompileOptions = {
      target: 'mobile-wasm',
      calibration,
      evaluation: { samples: others, labels },
      maxSize: '6.5KB',
    };
    const lines: string[][] = [[], []];
    const reports = [];
    for (const [i, threads] of [1, 2].entries())
      reports.push((await compile(model, { ...options, threads, onProgress: (line) => lines[i]!.push(line) })).report);
    expect(reports[1]).toEqual(reports[0]);
    const attempts = lines.map((all) => all.filter((line) => line.startsWith('attempt ')));
    expect(attempts[1]).toEqual(attempts[0]);
    expect(attempts[0]!.length).toBeGreaterThan(5);
    // before the first one it is told, once, what takes so long; by other threads too
    for (const [i, all] of lines.entries()) {
      const looks = all.filter((line) => line.startsWith('first look: '));
      expect(all).toEqual([...looks, ...attempts[i]!]);
      expect(looks[0]).toBe('first look: how much the outputs depend on 2 values');
      expect(looks).toContain('first look: truncate-rank, 2 places');
      expect(new Set(looks).size).toBe(looks.length);
    }
  }, 120_000);

  it('are waited for by a process that has nothing else to do, which ends after them', async () => {
    const script = `
      const { createJiti } = await import('jiti');
      const { compile } = await createJiti(import.meta.url).import(${JSON.stringify(join(repository, 'compiler/compile.ts'))});
      const calibration = Array.from({ length: 60 }, (_, i) => ({ x: Float32Array.from({ length: 24 }, (_, j) => Math.sin(7 * i * j + j)) }));
      const model = Uint8Array.from(Buffer.from('${Buffer.from(model).toString('base64')}', 'base64'));
      const { report } = await compile(model, { target: 'mobile-wasm', calibration, maxSize: '6.5KB', threads: 2 });
      console.log(report.compression.attempts > 5 ? 'found' : 'not found');`;
    const flags = ['--input-type=module', '--eval', script];
    const { stdout } = await promisify(execFile)(process.execPath, flags, { cwd: repository });
    expect(stdout.trim()).toBe('found');
  }, 120_000);
});
