import type { KernelTimes, Manifest } from '../../ir/bundle.ts';
import { printBars } from './bars.ts';
import { printCount, printMs, printShare } from './figures.ts';
import { type Html, html } from './html.ts';
import { findLayers } from './layers.ts';
import { type Column, printTable } from './table.ts';

const mostBars = 20;

/** Time per kernel as the browser took it; without times what is known of the kernels. */
export function printKernels(manifest: Manifest, times: KernelTimes | undefined): Html {
  return html`${times ? printTimes(manifest, times) : unmeasured}${printWasm(manifest, times)}${printWebGpu(manifest)}`;
}

const unmeasured = html`
<p>Times depend on the machine, so a build leaves them out: <code>lcc report &lt;folder of the bundle&gt;</code> measures every
kernel in a browser and writes them here.</p>`;

function printTimes(manifest: Manifest, { browser, runs, milliseconds, calls }: KernelTimes): Html {
  const kernels = kernelsOf(manifest, 'wasm');
  const { ofCall } = findLayers(manifest);
  const bars = manifest.calls
    .map(({ kernel }, i) => ({ name: ofCall(i), detail: kernels[kernel]?.name ?? '', value: calls[i] ?? 0 }))
    .sort((a, b) => b.value - a.value);
  const rest = bars.length > mostBars ? `, the ${mostBars} slowest of ${bars.length}` : '';
  return html`
<figure><figcaption>Time of each call in one run on wasm, in ${browser}, one thread${rest}</figcaption>
${printBars('Time of each call', bars.slice(0, mostBars), printMs)}</figure>
<p class="note">Means of ${printCount(runs)} runs on random inputs. One run takes ${printMs(milliseconds.whole)}, copies of inputs and
outputs with it; its kernels, with a clock between them, add up to ${printMs(milliseconds.sum)}, the clock's own time left out.</p>`;
}

function printWasm(manifest: Manifest, times: KernelTimes | undefined): Html | undefined {
  const kernels = kernelsOf(manifest, 'wasm');
  if (kernels.length === 0) return undefined;
  const columns: Column[] = [
    { name: 'call' },
    { name: 'layer', isText: true },
    { name: 'value', isText: true },
    { name: 'kernel', isText: true },
    ...(times ? [{ name: 'ms' }, { name: 'share' }] : []),
    ...kernelColumns,
  ];
  const { ofCall } = findLayers(manifest);
  const rows = manifest.calls.map(({ kernel, value }, i) => {
    const ms = times?.calls[i] ?? 0;
    const timed = times ? [ms, printShare(ms / (times.milliseconds.sum || 1))] : [];
    return [i, ofCall(i), value, kernels[kernel]?.name, ...timed, ...describeKernel(kernels[kernel])];
  });
  return printTable({ caption: 'wasm kernels, in the order of a run', columns, rows });
}

const printWebGpu = (manifest: Manifest): Html | undefined => {
  const kernels = kernelsOf(manifest, 'webgpu');
  if (kernels.length === 0) return undefined;
  return html`
<details><summary>Table: WebGPU kernels</summary>
<p class="note">Not timed: kernels of one pass share one time, and software adapters say nothing of a real one.</p>
${printTable({
  caption: 'WebGPU kernels',
  columns: [{ name: 'kernel', isText: true }, { name: 'calls' }, ...kernelColumns],
  rows: kernels.map((kernel) => [kernel.name, kernel.calls, ...describeKernel(kernel)]),
})}</details>`;
};

type Kernel = Manifest['kernels'][number];

const kernelsOf = ({ kernels }: Manifest, backend: Kernel['backend']): Kernel[] =>
  kernels.filter((kernel) => kernel.backend === backend);

const kernelColumns: readonly Column[] = [
  { name: 'work', isText: true },
  { name: 'form', isText: true },
  { name: 'multiply-adds' },
  { name: 'bytes used' },
  { name: 'bytes of code' },
];

const describeKernel = (kernel: Kernel | undefined): (string | undefined)[] =>
  kernel
    ? [kernel.work, kernel.form, printShare(kernel.macShare), printCount(kernel.bytes), printCount(kernel.codeBytes)]
    : [];
