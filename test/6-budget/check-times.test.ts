import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CheckOptions, check } from '../../compiler/6-budget/check.ts';
import { exitCodeOf } from '../../compiler/6-budget/check-result.ts';
import { nameOf } from '../../compiler/6-budget/measures.ts';
import type { BudgetText, TimeText } from '../../compiler/6-budget/parse-budget.ts';
import type { Round, TimingResult, TimingTask } from '../../compiler/6-budget/timing/page.ts';
import { noBrowser, pageFailed } from '../../compiler/diagnostics/browser.ts';
import { targets } from '../../targets/index.ts';
import { readProfile } from '../../targets/profiles/parse-profile.ts';
import { withFolder } from '../harness/bundle-folder.ts';

const manifest = {
  generator: 'lcc 0.1.0',
  name: 'tiny',
  target: 'mobile-webgpu',
  backends: ['webgpu', 'wasm'],
  inputs: [{ name: 'x', dtype: 'float32', shape: [1] }],
  outputs: [],
  macs: 1000,
  memory: { constants: 3000, arena: 1000, buffers: [] },
  work: { float: 1000, integer: 0, other: 0, bytes: 4000, dispatches: 3 },
  kernels: [
    { backend: 'wasm', name: 'fc1', calls: 1, macShare: 0.9, codeBytes: 100 },
    { backend: 'wasm', name: 'fc2', calls: 1, macShare: 0.1, codeBytes: 50 },
  ],
  files: {},
};

const fast = 3e10;
const roundOf = (ms: number, float = fast): Round => ({ ms, float, integer: 2 * float, compile: 1e7 });

/** A device whose rounds are these, whatever it is handed. */
function deviceOf(rounds: (mode: TimingTask['mode']) => readonly Round[], more: Partial<TimingResult> = {}) {
  const opened: TimingTask[] = [];
  const openDevice: CheckOptions['openDevice'] = async () => ({
    name: 'stand-in',
    close: async () => {},
    run: async ({ argument }) => {
      const task = argument as TimingTask;
      opened.push({ ...task, compileLoad: task.compileLoad.slice() });
      const result: TimingResult = {
        isSoftware: false,
        userAgent: 'Chrome/1 Linux',
        memory: 65_536,
        rounds: rounds(task.mode),
        ...more,
      };
      return result;
    },
  });
  return { openDevice, opened };
}

const steady = (ms: number, float = fast) =>
  Array.from({ length: 40 }, (_, i) => roundOf(ms * (1 + 0.01 * (i % 3)), float));

const checkTiny = (budget: BudgetText, options: CheckOptions, more: object = {}) =>
  withFolder(new Map([['lcc.json', JSON.stringify({ ...manifest, ...more })]]), (folder) =>
    check(folder, budget, options),
  );

const timesOf = async (...args: Parameters<typeof checkTiny>) => {
  const result = await checkTiny(...args);
  const rows = result.rows.filter(({ measure }) => measure === 'latency' || measure === 'coldStart');
  return { result, rows, exitCode: exitCodeOf(result) };
};

describe('latency', () => {
  test('is within its limit where the whole interval is', async () => {
    const { rows, exitCode } = await timesOf(
      { latency: '2 ms' },
      deviceOf(() => steady(1)),
    );
    expect(rows.map((row) => [nameOf(row), row.verdict, row.over])).toEqual([['latency p50 wasm', 'ok', 0]]);
    expect(rows[0]).toMatchObject({ actual: expect.closeTo(1.01, 2), limit: 2 });
    expect(exitCode).toBe(0);
  });

  test('is over where the whole interval is past it, and names the kernels', async () => {
    const { rows, exitCode, result } = await timesOf(
      { latency: { p95: '0.5 ms' } },
      deviceOf(() => steady(1)),
    );
    expect(rows[0]).toMatchObject({ verdict: 'over', over: expect.closeTo(0.52, 2) });
    expect(rows[0]!.causes.map(({ name, amount }) => [name, amount])).toEqual([
      ['fc1', 900],
      ['fc2', 100],
    ]);
    expect([exitCode, result.isWithin, result.verdict]).toEqual([1, false, 'over']);
  });

  test('is inconclusive where the interval holds the limit', async () => {
    const spread = Array.from({ length: 40 }, (_, i) => roundOf(1 + Math.floor(i / 10)));
    const { rows, exitCode } = await timesOf(
      { latency: '2.5 ms' },
      deviceOf(() => spread),
    );
    expect(rows[0]).toMatchObject({ verdict: 'inconclusive', over: 0.5 });
    expect(rows[0]!.reason).toMatch(/^the limit lies inside the interval of .* ms: run it again, or allow /);
    expect(exitCode).toBe(2);
  });

  const busy = [...steady(3, fast / 4), ...steady(3, fast / 4), ...steady(3, fast / 4), ...steady(1)];

  test('is inconclusive on a busy machine, unless it were over on a calm one too', async () => {
    const { rows } = await timesOf(
      { latency: { p95: '2 ms' } },
      deviceOf(() => busy),
    );
    expect(rows[0]!.reason).toBe(
      'this machine is busy: the calibration kernel was slowed beside 75 % of the rounds; run it again',
    );
    const { rows: certain } = await timesOf(
      { latency: { p95: '0.1 ms' } },
      deviceOf(() => busy),
    );
    expect(certain[0]!.verdict).toBe('over');
  });

  test('is inconclusive on a machine slower than what the bundle is for', async () => {
    const { name, wasm } = targets['mobile-webgpu'].profile;
    const { rows } = await timesOf(
      { latency: '2 ms' },
      deviceOf(() => steady(3, wasm.float / 2)),
    );
    expect(rows[0]!.reason).toBe(
      `this machine is slower than ${name}, which the bundle is for: limit the time on ${name}, or measure on a device`,
    );
    const { rows: certain } = await timesOf(
      { latency: '1 ms' },
      deviceOf(() => steady(3, wasm.float / 2)),
    );
    expect(certain[0]!.verdict).toBe('over');
  });

  test('of a profile is the measured time by the ratio of the rates, and called estimated', async () => {
    const { wasm } = await readProfile('phone-mid', '.');
    const { rows } = await timesOf(
      { latency: { 'phone-mid': { wasm: '1 s' } } },
      deviceOf(() => steady(1)),
    );
    expect(rows[0]).toMatchObject({ isEstimated: true, verdict: 'ok', backend: 'wasm', profile: 'phone-mid' });
    expect(rows[0]!.actual! / (1.01 * (fast / wasm.float))).toBeCloseTo(1, 3);
  });

  test('of a profile that the remote device stands for is measured', async () => {
    const options = { ...deviceOf(() => steady(1)), devices: ['phone-mid'], isRemote: true };
    const { rows, result } = await timesOf({ latency: { 'phone-mid': '1 ms', laptop: { p95: '1 ms' } } }, options);
    expect(result.notes).toEqual(['not checked, since other devices were named: latency p95 on laptop']);
    const limited = rows.filter(({ limit }) => limit !== undefined);
    expect(limited.map((row) => [nameOf(row), row.isEstimated, row.verdict])).toEqual([
      ['latency p50 wasm on phone-mid', undefined, 'over'],
    ]);
  });

  test('of a profile in a file is the same by every path of the file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lcc-profiles-'));
    const profile = await readProfile('phone-mid', '.');
    writeFileSync(join(folder, 'a.json'), JSON.stringify({ ...profile, name: 'a' }));
    const places = { devices: ['a.json', join(folder, 'a.json'), 'laptop'], cwd: folder };
    const options = { ...deviceOf(() => steady(1)), ...places };
    const { rows, result } = await timesOf({ latency: { './a.json': '9 s', 'phone-mid': '9 s' } }, options);
    rmSync(folder, { recursive: true });
    expect(result.notes).toEqual(['not checked, since other devices were named: latency p50 on phone-mid']);
    expect(rows.filter(({ limit }) => limit !== undefined).map(nameOf)).toEqual(['latency p50 wasm on ./a.json']);
    const names = rows.map(nameOf);
    expect(names).toContain('latency p95 wasm on ./a.json');
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/ on (\.\/a\.json|laptop)$/.test(name))).toEqual([]);
  });

  test('on WebGPU is not measured on a software adapter, and estimated for a profile without a browser', async () => {
    const { rows, exitCode } = await timesOf(
      { latency: { webgpu: '4 ms' } },
      deviceOf(() => steady(1), { isSoftware: true }),
    );
    expect(rows[0]).toMatchObject({ verdict: 'not measured', reason: expect.stringContaining('software') });
    expect(exitCode).toBe(2);
    const device = deviceOf(() => steady(1));
    const { rows: estimated } = await timesOf({ latency: { 'phone-mid': { webgpu: '100 ms' } } }, device);
    expect(estimated[0]).toMatchObject({ isEstimated: true, verdict: 'ok', actual: expect.any(Number) });
    expect(device.opened).toEqual([]);
  });

  test('is not measured without a browser, which is no pass', async () => {
    const openDevice = async () => {
      throw noBrowser();
    };
    const { rows, exitCode } = await timesOf({ latency: '4 ms' }, { openDevice });
    expect(rows[0]!.reason).toContain(noBrowser().diagnostic.remedy);
    expect(exitCode).toBe(2);
  });

  test('is not measured where WebGPU fails, for a reason of one line; where wasm fails the bundle is named', async () => {
    const run = async () => {
      throw pageFailed('Error: all is lost\n    at start (index.js:168:19)', ['a line of the console']);
    };
    const openDevice: CheckOptions['openDevice'] = async () => ({ name: 'stand-in', close: async () => {}, run });
    const { rows, exitCode } = await timesOf({ latency: { webgpu: '4 ms' } }, { openDevice });
    expect(rows[0]!.reason).toBe('The page failed: Error: all is lost');
    expect(exitCode).toBe(2);
    await expect(checkTiny({ latency: '4 ms' }, { openDevice })).rejects.toThrow(
      /^LCC6004: The page failed: Error: all is lost\n {4}at start \(index.js:168:19\)\n {2}at \/.*\n {2}- a line/,
    );
  });

  test.each([
    [{ latency: { webgpu: '4 ms' } }, /LCC6106: The budget limits a time on webgpu, which .* was not built for\./],
    [{ latency: { 'phone-x': '4 ms' } }, /phone-x/],
  ])('%j is refused', async (budget, message) => {
    await expect(
      checkTiny(
        budget,
        deviceOf(() => steady(1)),
        { backends: ['wasm'] },
      ),
    ).rejects.toThrow(message);
  });
});

describe('cold starts', () => {
  test('are of fresh pages, other than the first', async () => {
    const device = deviceOf((mode) => (mode === 'cold' ? [roundOf(50)] : steady(1)));
    const { rows } = await timesOf({ coldStart: '60 ms' }, device);
    expect(rows[0]).toMatchObject({ measure: 'coldStart', actual: 50, verdict: 'ok' });
    expect(device.opened.map(({ mode }) => mode)).toEqual(Array(16).fill('cold'));
    expect(new Set(device.opened.map(({ compileLoad }) => compileLoad.join())).size).toBe(16);
  });
});

describe('memory', () => {
  const memoryRows = async (memory: number, budget: BudgetText) => {
    const { rows, notes } = await checkTiny(
      budget,
      deviceOf(() => steady(1), { memory }),
    );
    return {
      notes,
      rows: rows.filter((row) => row.measure === 'memory').map((row) => [nameOf(row), row.actual, row.verdict]),
    };
  };

  test('is the plan, which the browser confirms', async () => {
    expect((await memoryRows(65_536, { memory: '4 KB' })).rows).toEqual([
      ['memory peak', 4000, 'ok'],
      ['memory run', 4000, 'ok'],
    ]);
  });

  test('is what the browser holds where that is more', async () => {
    expect((await memoryRows(900_000, { memory: '4 KB' })).rows[0]).toEqual(['memory peak', 900_000, 'over']);
  });

  test('is that of wasm where the bundle has it, whichever times are limited, in whatever order', async () => {
    const openDevice: CheckOptions['openDevice'] = async () => ({
      name: 'stand-in',
      close: async () => {},
      run: async ({ argument }) => {
        const memory = (argument as TimingTask).backend === 'wasm' ? 65_536 : 900_000;
        return { isSoftware: false, userAgent: 'Chrome/1 Linux', memory, rounds: steady(1) };
      },
    });
    const latencies: readonly TimeText[] = [
      { webgpu: '9 ms' },
      { webgpu: '9 ms', wasm: '9 ms' },
      { wasm: '9 ms', webgpu: '9 ms' },
    ];
    for (const latency of latencies)
      expect((await checkTiny({ latency, memory: '4 KB' }, { openDevice })).verdict).toBe('ok');
  });

  test('is as planned without a browser, which a note says', async () => {
    const openDevice = async () => {
      throw noBrowser();
    };
    const { rows, notes } = await checkTiny({ memory: '3 KB' }, { openDevice });
    expect(rows.find((row) => row.limit !== undefined)).toMatchObject({ actual: 4000, over: 1000, verdict: 'over' });
    expect(notes[0]).toMatch(/^memory is as planned, not seen in a browser: /);
  });

  test('needs no browser where nothing limits it', async () => {
    const device = deviceOf(() => steady(1));
    await checkTiny({ macs: '1 K' }, device);
    expect(device.opened).toEqual([]);
  });
});
