import { scaleLinear, scaleLog } from 'd3-scale';
import type { SpectrumReport } from '../../ir/report.ts';
import { printWhole } from '../../quantity/count.ts';
import { type Html, html } from './html.ts';
import { percent, printLine, printPlot } from './plot.ts';
import { foldTable, printTable } from './table.ts';

/** Smaller values than the least of these are drawn as it; all plots have one scale. */
const leastDrawn = { least: 1e-4, most: 0.1 };

/** Singular values of each weight matrix before lossy compression, with the rank that was chosen. */
export function printSpectra(spectra: readonly SpectrumReport[]): Html {
  if (spectra.length === 0) return html`<p>No layer has a weight matrix of its own.</p>`;
  const missing = spectra.filter(({ values }) => values === undefined);
  const values = spectra.flatMap(({ values: points = [] }) => points.map(({ value }) => value));
  const least = Math.max(leastDrawn.least, Math.min(leastDrawn.most, ...values));
  const isCut = spectra.some(({ rank }) => rank !== undefined);
  return html`
<p>Singular values of each layer's weights [outputs, inputs] in the model before lossy compression, over the largest. Where they fall
fast, few of them hold most of the layer. ${isCut ? 'A vertical line is the rank that was kept.' : 'No rank was cut.'}</p>
<div class="many">${spectra.map((spectrum) => printSpectrum(spectrum, least))}</div>
${missing.length > 0 ? html`<p class="note">Left out, since computing them takes long: ${missing.map(({ name }) => name).join(', ')}.</p>` : undefined}
${printTable({
  caption: 'weight matrices and ranks',
  columns: [
    { name: 'layer', isText: true },
    { name: 'outputs' },
    { name: 'inputs' },
    { name: 'full rank' },
    { name: 'rank kept' },
  ],
  rows: spectra.map(({ name, outputs, inputs, rank }) => [
    name,
    printWhole(outputs),
    printWhole(inputs),
    printWhole(Math.min(outputs, inputs)),
    rank ?? 'all',
  ]),
})}
${foldTable({
  caption: 'singular values over the largest',
  columns: [{ name: 'layer', isText: true }, { name: 'number' }, { name: 'value' }],
  rows: spectra.flatMap(({ name, values = [] }) =>
    values.map(({ index, value }, i) => [i === 0 ? name : undefined, index, value]),
  ),
})}`;
}

function printSpectrum({ name, outputs, inputs, rank, values }: SpectrumReport, least: number): Html {
  if (!values) return html``;
  const full = Math.min(outputs, inputs);
  const x = scaleLinear([1, Math.max(2, full)], [0, 100]);
  const y = scaleLog([least, 1], [100, 0]).clamp(true);
  const at = (value: number): number => y(Math.max(least, value));
  const kept = rank === undefined ? 'all kept' : `rank ${rank} of ${full} kept`;
  return printPlot({
    title: `${name}, ${outputs} by ${inputs}, ${kept}`,
    x: { name: 'number', scale: x, print: printWhole, ticks: 3 },
    y: { name: 'value', scale: y, print: (value) => (isPowerOfTen(value) ? String(value) : '') },
    height: 110,
    marks: [
      printLine(values.map(({ index, value }) => [x(index), at(value)])),
      ...(values.length < 2 ? values.map(({ index, value }) => printSingle(x(index), at(value))) : []),
      ...(rank === undefined ? [] : [printRank(percent(x(rank)))]),
    ],
  });
}

const isPowerOfTen = (value: number): boolean => Number.isInteger(Math.round(1e6 * Math.log10(value)) / 1e6);

const printSingle = (x: number, y: number): Html =>
  html`<circle class="point" cx="${percent(x)}%" cy="${percent(y)}%" r="3"/>`;

const printRank = (at: number): Html => html`<line class="rank" x1="${at}%" x2="${at}%" y1="0" y2="100%"/>`;
