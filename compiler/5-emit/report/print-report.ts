import { printMetric } from '../../data/metrics/print-metric.ts';
import type { KernelTimes, Manifest } from '../../ir/report.ts';
import { printBytes } from '../../quantity/bytes.ts';
import { printCount } from '../../quantity/count.ts';
import { printDuration } from '../../quantity/duration.ts';
import { printShare } from '../../quantity/share.ts';
import { type Html, html } from './html.ts';
import { printKernels } from './kernels.ts';
import { printLoss } from './loss.ts';
import { printMemory } from './memory.ts';
import { findDownload } from './size-parts.ts';
import { printSizes } from './sizes.ts';
import { printSpectra } from './spectra.ts';
import { style } from './style.ts';
import { printTradeOff } from './trade-off.ts';

interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Html;
}

/**
 * report.html: one file for people, without scripts and without anything from elsewhere. Equal manifests and times give equal
 * bytes. @param times what `lcc report` measured, one for each backend
 */
export function printReport(manifest: Manifest, times: readonly KernelTimes[] = []): string {
  const { name, compression } = manifest;
  const download = findDownload(manifest);
  const sections: Section[] = [
    { id: 'sizes', title: 'Where the bytes are', body: printSizes(download, manifest) },
    { id: 'kernels', title: 'Where the time goes', body: printKernels(manifest, times) },
    { id: 'spectra', title: 'Spectra and ranks', body: printSpectra(manifest.spectra) },
    { id: 'loss', title: 'What was lost', body: compression ? printLoss(compression) : exact },
    {
      id: 'trade-off',
      title: 'Size and time against accuracy',
      body: compression ? printTradeOff(compression) : untried,
    },
    { id: 'memory', title: 'Memory over a run', body: printMemory(manifest) },
  ];
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,"><title>${name}, lcc report</title><style>${{ html: style }}</style></head>
<body><header><h1>${name}</h1>${printHead(manifest, download.total, times)}
<nav>${sections.map(({ id, title }) => html`<a href="#${id}">${title}</a> `)}</nav></header>
<main>${sections.map(
    ({ id, title, body }) => html`
<section id="${id}"><h2>${title}</h2>${body}</section>`,
  )}</main></body></html>
`.html;
}

const exact = html`<p>Nothing: no limit asked for it. The bundle computes what the model file computes.</p>`;
const untried = html`<p>No smaller model was tried. <code>lcc build --max-size</code>, with inputs to measure on, draws this curve.</p>`;

function printHead(manifest: Manifest, total: number, times: readonly KernelTimes[]): Html {
  const { generator, source, target, backends, memory, macs, compression, notes } = manifest;
  const { metric, steps = [] } = compression ?? {};
  const facts: [string, string, string][] = [
    ['download', printBytes(total), 'code and weights, after brotli'],
    ['memory', printBytes(memory.constants + memory.arena), 'decoded weights, inputs, outputs, scratch'],
    ['multiply-adds', printCount(macs), 'of one run'],
    ...printRuns(times),
  ];
  if (compression) facts.push(['relative error', printShare(steps.at(-1)?.error ?? 0), 'of the outputs']);
  if (metric)
    facts.push([
      metric.name,
      printMetric(metric.name, metric.after),
      `${printMetric(metric.name, metric.before)} before`,
    ]);
  return html`
<p class="note">From ${source.file ?? 'bytes'}, ${printBytes(source.bytes)}, for ${target} (${backends.join(', ')}), by ${generator}</p>
<dl>${facts.map(([term, value, detail]) => html`<div><dt>${term}</dt><dd>${value}<small>${detail}</small></dd></div>`)}</dl>
${notes.map((note) => html`<p class="note told">${note}</p>`)}`;
}

const printRuns = (times: readonly KernelTimes[]): [string, string, string][] =>
  times.length === 0
    ? [['one run', 'not measured', 'lcc report']]
    : times.map((one) => ['one run', printDuration(one.milliseconds.whole), `${describeBackend(one)}, ${one.browser}`]);

function describeBackend(times: KernelTimes): string {
  if (times.backend === 'wasm') return 'wasm';
  return times.isSoftware ? 'WebGPU in software, means nothing' : 'WebGPU';
}
