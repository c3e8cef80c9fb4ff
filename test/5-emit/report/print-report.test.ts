import { beforeAll, describe, expect, it } from 'vitest';
import { printReport } from '../../../compiler/5-emit/report/print-report.ts';
import { findDownload } from '../../../compiler/5-emit/report/size-parts.ts';
import type { KernelTimes, Manifest } from '../../../compiler/ir/report.ts';
import { buildSmall, buildSmaller, manifestOf, readTables, reportOf } from '../../harness/report-manifest.ts';

let exact: Manifest;
let smaller: Manifest;
let page: string;
beforeAll(async () => {
  exact = await manifestOf(await buildSmall({ backends: ['wasm'] }));
  const bundle = await buildSmaller({ backends: ['wasm'] });
  smaller = await manifestOf(bundle);
  page = await reportOf(bundle);
}, 120_000);

const count = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 0 });
const share = (value: number): string => `${(100 * value).toFixed(2)} %`;
const three = (value: number): string => String(Number(value.toPrecision(3)));

describe('report.html', () => {
  it('is the same for equal builds', async () => {
    const again = await buildSmall({ backends: ['wasm'] });
    expect(await manifestOf(again)).toEqual(exact);
    expect(await reportOf(again)).toBe(printReport(exact));
  });

  it('has a table with the numbers of the manifest for every figure', () => {
    const tables = readTables(page);
    expect(tables.get('files, bytes')).toEqual(
      Object.entries(smaller.files).map(([path, { sizes }]) => [
        path,
        ...[sizes.raw, sizes.gzip, sizes.brotli].map(count),
      ]),
    );
    expect(tables.get('buffers')).toEqual(
      smaller.memory.buffers.map(({ name, offset, bytes, first, last }) => [
        name,
        count(offset),
        count(bytes),
        first < 0 ? 'before' : String(first),
        last === smaller.calls.length ? 'after' : String(last),
      ]),
    );
    expect(tables.get('weight matrices and ranks')!.map((row) => row.slice(1, 3))).toEqual(
      smaller.spectra.map(({ outputs, inputs }) => [count(outputs), count(inputs)]),
    );
    expect(tables.get('singular values over the largest')!.map((row) => row.slice(1))).toEqual(
      smaller.spectra.flatMap(({ values }) => values!.map(({ index, value }) => [String(index), String(value)])),
    );
    const { steps, before, tradeOff, actions, metric } = smaller.compression!;
    const outcome = (one: (typeof steps)[number] | (typeof tradeOff)[number]) => [
      count(one.size),
      count(one.macs),
      share(one.error),
      share(one.metric!),
    ];
    const withoutTime = (row: string[]) => [...row.slice(0, -3), ...row.slice(-2)];
    expect(tables.get('after each step')!.map(withoutTime)).toEqual([
      ['as it came', '0', count(before.size), count(before.macs), share(0), share(metric!.before)],
      ...steps.map((step) => [step.pass, String(step.actions), ...outcome(step)]),
    ]);
    const curve = tables.get('measured builds, smallest first')!.map((row) => withoutTime(row).slice(1));
    for (const point of tradeOff) expect(curve).toContainEqual(outcome(point));
    expect(curve).toContainEqual(outcome(steps.at(-1)!));
    expect(tables.get('actions in order')!.map((row) => row.slice(0, 3))).toEqual(
      actions.map(({ pass, place, level }) => [pass, place, level]),
    );
    const milliseconds = tables.get('after each step')!.map((row) => Number(row.at(-3)!.replace(/ (ms|µs)$/, '')));
    const unit = tables.get('after each step')!.map((row) => (row.at(-3)!.endsWith('µs') ? 1000 : 1));
    expect(milliseconds.map((ms, i) => three(ms / unit[i]!))).toEqual(
      [before, ...steps].map((one) => three(one.milliseconds)),
    );
  });

  it('accounts for all bytes that a visitor downloads', () => {
    for (const manifest of [exact, smaller]) {
      const { files } = manifest;
      const of = (path: string) => files[path]!.sizes;
      const { parts, total } = findDownload(manifest);
      const [wasm] = [of('model.wasm'), of('model.relaxed.wasm')].sort((a, b) => b.brotli - a.brotli);
      expect(total).toBe(of('index.js').brotli + of('model.lcw').brotli + wasm!.brotli);
      expect(parts.reduce((sum, { brotli }) => sum + brotli, 0)).toBeCloseTo(total, 6);
      const raw = (kind: string) => parts.filter((part) => part.kind === kind).reduce((sum, part) => sum + part.raw, 0);
      expect([raw('weights'), raw('wasm'), raw('JavaScript')]).toEqual([
        of('model.lcw').raw,
        wasm!.raw,
        of('index.js').raw,
      ]);
    }
    expect(
      readTables(page)
        .get('bytes by layer and part')!
        .map((row) => [row[0], row[1], row[2]]),
    ).toEqual(findDownload(smaller).parts.map(({ layer, kind, raw }) => [layer, kind, count(raw)]));
  });

  it('draws tiles of areas in proportion', () => {
    const tiles = [
      ...page.matchAll(/<div class="(\w+)" style="left:[\d.]+%;top:[\d.]+%;width:([\d.]+)%;height:([\d.]+)%"/g),
    ];
    const { parts, total } = findDownload(smaller);
    for (const kind of ['weights', 'wasm', 'JavaScript']) {
      const area = tiles
        .filter(([, of]) => of === kind)
        .reduce((sum, [, , width, height]) => sum + (Number(width) * Number(height)) / 1e4, 0);
      const bytes = parts.filter((part) => part.kind === kind).reduce((sum, { brotli }) => sum + brotli, 0);
      expect(area).toBeCloseTo(bytes / total, 2);
    }
  });

  it('says of an exact build what is not there', () => {
    const text = printReport(exact);
    expect(text).toContain('The bundle computes what the model file computes.');
    expect(text).toContain('No smaller model was tried.');
    expect(text).toContain('No rank was cut.');
    expect([...readTables(text).keys()]).toEqual([
      'bytes by layer and part',
      'files, bytes',
      'wasm kernels, in the order of a run',
      'weight matrices and ranks',
      'singular values over the largest',
      'buffers',
    ]);
    expect(page).not.toContain('No smaller model was tried.');
  });

  it('shows times where they were measured, and how to get them where not', () => {
    const times: KernelTimes = {
      backend: 'wasm',
      browser: 'Chrome/1.2',
      runs: 1234,
      milliseconds: { whole: 0.5, sum: 0.25 * exact.calls.length },
      calls: exact.calls.map((_, i) => 0.05 + 0.1 * i),
    };
    const caption = 'wasm kernels, in the order of a run';
    expect(printReport(exact)).toContain('<code>lcc report');
    const timed = printReport(exact, [times]);
    expect(timed).not.toContain('<code>lcc report');
    expect(timed).toContain('Means of 1,234 runs');
    const rows = readTables(timed).get(caption)!;
    expect(rows.map((row) => Number(row[4]))).toEqual(times.calls);
    expect(rows.map((row) => row[5])).toEqual(times.calls.map((ms) => share(ms / times.milliseconds.sum)));
    expect(readTables(printReport(exact)).get(caption)![0]).toHaveLength(rows[0]!.length - 2);
  });

  it('shows the times of each backend that was measured, and says what those of a software adapter are', async () => {
    const both = await manifestOf(await buildSmall());
    const measured = { browser: 'Chrome/1.2', runs: 10, milliseconds: { whole: 1, sum: both.calls.length } };
    const wasm: KernelTimes = { ...measured, backend: 'wasm', calls: both.calls.map(() => 1) };
    const webgpu: KernelTimes = {
      ...measured,
      backend: 'webgpu',
      adapter: 'some gpu',
      isSoftware: false,
      calls: both.calls.map((_, i) => 0.5 + i / 10),
    };
    const caption = 'WebGPU kernels, in the order of a run';
    const timed = printReport(both, [wasm, webgpu]);
    const rows = readTables(timed).get(caption)!;
    expect(rows.map((row) => Number(row[4]))).toEqual(webgpu.calls);
    const kernels = both.kernels.filter(({ backend }) => backend === 'webgpu');
    expect(rows.map((row) => row[3])).toEqual(both.calls.map(({ kernel }) => kernels[kernel]!.name));
    expect(timed).toContain('on wasm, in Chrome/1.2, one thread');
    expect(timed).toContain('on WebGPU, in Chrome/1.2, adapter some gpu');
    expect(timed).not.toContain('mean nothing');
    const onlyWasm = printReport(both, [wasm]);
    expect(onlyWasm).toContain('<code>lcc report --backend webgpu</code>');
    expect(readTables(onlyWasm).has(caption)).toBe(false);
    const software = printReport(both, [{ ...webgpu, isSoftware: true }]);
    expect(software).toContain('The WebGPU adapter is software: its times mean nothing.');
    expect(software).toContain('WebGPU in software, means nothing, Chrome/1.2');
    expect(software).not.toContain('on wasm, in');
  });

  it('escapes whatever a model is called', () => {
    const evil = '</title><script>alert("1")</script>&\'';
    const [call] = exact.calls;
    const text = printReport({ ...exact, name: evil, notes: [evil], calls: [{ ...call!, value: evil }] });
    expect(text).not.toContain('<script');
    expect(text).toContain('&lt;/title&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;');
  });
});
