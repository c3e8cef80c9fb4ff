import { findLayers } from '../../ir/layers.ts';
import type { KernelTimes, Manifest } from '../../ir/report.ts';
import { printWhole } from '../../quantity/count.ts';
import { printDuration } from '../../quantity/duration.ts';
import { printShare } from '../../quantity/share.ts';
import { printBars } from './bars.ts';
import { type Html, html } from './html.ts';
import { type Column, printTable } from './table.ts';

const mostBars = 20;

/** Time per kernel as the browser took it, on each backend that was measured; without times what is known of the kernels. */
export function printKernels(manifest: Manifest, times: readonly KernelTimes[]): Html {
  const of = (backend: KernelTimes['backend']) => times.find((one) => one.backend === backend);
  return html`${times.length > 0 ? times.map((one) => printTimes(manifest, one)) : unmeasured}${printWasm(manifest, of('wasm'))}${printWebGpu(manifest, of('webgpu'))}`;
}

const unmeasured = html`
<p>Times depend on the machine, so a build leaves them out: <code>lcc report &lt;folder of the bundle&gt;</code> measures every
kernel in a browser and writes them here.</p>`;

function printTimes(manifest: Manifest, times: KernelTimes): Html {
  const { backend, browser, runs, milliseconds, calls } = times;
  const kernels = kernelsOf(manifest, backend);
  const { ofCall } = findLayers(manifest);
  const bars = manifest.calls
    .map(({ kernel }, i) => ({ name: ofCall(i), detail: kernels[kernel]?.name ?? '', value: calls[i] ?? 0 }))
    .sort((a, b) => b.value - a.value);
  const rest = bars.length > mostBars ? `, the ${mostBars} slowest of ${bars.length}` : '';
  const { title, where, told } = describeTimes(times);
  return html`
<figure><figcaption>Time of each call in one run on ${title}, in ${browser}, ${where}${rest}</figcaption>
${printBars(`Time of each call on ${title}`, bars.slice(0, mostBars), printDuration)}</figure>
${told}<p class="note">Means of ${printWhole(runs)} runs on random inputs. One run takes ${printDuration(milliseconds.whole)}, copies of inputs and
outputs with it; its kernels, ${clocks[backend]}, add up to ${printDuration(milliseconds.sum)}.</p>`;
}

const clocks = {
  wasm: "with a clock between them and the clock's own time left out",
  webgpu: 'each as a pass of its own between two timestamps',
} as const;

function describeTimes(times: KernelTimes): { readonly title: string; readonly where: string; readonly told?: Html } {
  if (times.backend === 'wasm') return { title: 'wasm', where: 'one thread' };
  const { adapter, isSoftware } = times;
  const where = `adapter ${adapter}`;
  return { title: 'WebGPU', where, ...(isSoftware && { told: meaningless }) };
}

const meaningless = html`<p class="note told">The WebGPU adapter is software: its times mean nothing.</p>
`;

const printWasm = (manifest: Manifest, times: KernelTimes | undefined): Html | undefined =>
  kernelsOf(manifest, 'wasm').length > 0 ? printCalls(manifest, 'wasm', 'wasm kernels', times) : undefined;

const printWebGpu = (manifest: Manifest, times: KernelTimes | undefined): Html | undefined => {
  const kernels = kernelsOf(manifest, 'webgpu');
  if (kernels.length === 0) return undefined;
  return html`
<details><summary>Table: WebGPU kernels</summary>${times ? printCalls(manifest, 'webgpu', 'WebGPU kernels', times) : printUntimed(kernels)}</details>`;
};

const printUntimed = (kernels: readonly Kernel[]): Html => html`
<p class="note">Not timed: <code>lcc report --backend webgpu</code> does, where the browser sees a GPU.</p>
${printTable({
  caption: 'WebGPU kernels',
  columns: [{ name: 'kernel', isText: true }, { name: 'calls' }, ...kernelColumns],
  rows: kernels.map((kernel) => [kernel.name, kernel.calls, ...describeKernel(kernel)]),
})}`;

function printCalls(
  manifest: Manifest,
  backend: Kernel['backend'],
  title: string,
  times: KernelTimes | undefined,
): Html {
  const kernels = kernelsOf(manifest, backend);
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
  return printTable({ caption: `${title}, in the order of a run`, columns, rows });
}

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
    ? [kernel.work, kernel.form, printShare(kernel.macShare), printWhole(kernel.bytes), printWhole(kernel.codeBytes)]
    : [];
