import { printMetric } from '../../data/metrics/print-metric.ts';
import type { ActionReport, CompressionReport, ReportedMetric } from '../../ir/report.ts';
import { printBytes } from '../../quantity/bytes.ts';
import { printCount, printNumberOf, printWhole } from '../../quantity/count.ts';
import { printDuration } from '../../quantity/duration.ts';
import { printShare } from '../../quantity/share.ts';
import { printBars } from './bars.ts';
import { type Html, html } from './html.ts';
import { type Cell, type Column, foldTable, printTable } from './table.ts';

type Figures = CompressionReport['before'] & { readonly error: number };

/** What a table says of whole models. */
export const outcomeColumns = (metric: ReportedMetric | undefined): readonly Column[] => [
  { name: 'download' },
  { name: 'multiply-adds' },
  { name: 'one run, estimated' },
  { name: 'relative error' },
  ...(metric ? [{ name: metric.name }] : []),
];

export const outcomeCells = (
  { size, macs, milliseconds, error, metric: value }: Figures,
  metric: ReportedMetric | undefined,
): Cell[] => [
  printWhole(size),
  printWhole(macs),
  printDuration(milliseconds),
  printShare(error),
  ...(metric && value !== undefined ? [printMetric(metric.name, value)] : []),
];

/** The whole after each lossy pass, then every action. */
export function printLoss({
  before,
  steps,
  actions,
  metric,
  device = "the target's devices",
}: CompressionReport): Html {
  if (steps.length === 0) return html`<p>Compression was asked for and took no step: nothing is lost.</p>`;
  return html`
<figure><figcaption>Relative error of the outputs after each step</figcaption>
${printBars(
  'Relative error after each step',
  steps.map(({ pass, actions: count, error }) => ({
    name: pass,
    detail: printNumberOf(count, 'action'),
    value: error,
  })),
  printShare,
)}</figure>
${printTable({
  caption: 'after each step',
  columns: [{ name: 'step', isText: true }, { name: 'actions' }, ...outcomeColumns(metric)],
  rows: [
    ['as it came', 0, ...outcomeCells({ ...before, error: 0 }, metric)],
    ...steps.map((step) => [step.pass, step.actions, ...outcomeCells(step, metric)]),
  ],
})}
<p class="note">Relative error is the L2 error of the worst output over how much it varies from input to input, on inputs held
out from calibration. The download is an estimate of code and weights after brotli; times are estimates for ${device}.</p>
${metric ? printVerdict(metric) : undefined}
${printActions(actions)}`;
}

function printVerdict({ name, samples, before, after, bound, reported }: ReportedMetric): Html {
  const print = (value: number): string => printMetric(name, value);
  const held = reported
    ? ` On ${printWhole(reported.samples)} samples that decided nothing: ${print(reported.before)} to ${print(reported.after)}.`
    : '';
  return html`
<p>${name} ${print(before)} to ${print(after)} on ${printWhole(samples)} samples, a drop of at most ${print(bound)}
(90 %).${held}</p>`;
}

function printActions(actions: readonly ActionReport[]): Html {
  const measured = actions.filter(({ outputError }) => outputError !== undefined);
  const bars = measured.map(({ pass, place, level, outputError }) => ({
    name: `${pass} ${place}`,
    detail: level,
    value: outputError?.after ?? 0,
  }));
  const table = {
    caption: 'actions in order',
    columns: actionColumns,
    rows: actions.map(({ pass, place, level, error, bits, macs, outputError }) => [
      pass,
      place,
      level,
      printWhole(bits.before / 8),
      printWhole(bits.after / 8),
      macs && printCount(macs.before),
      macs && printCount(macs.after),
      error?.toPrecision(3),
      outputError && printShare(outputError.after),
    ]),
  };
  return html`
${bars.length > 0 ? html`<figure><figcaption>Relative error of the outputs after each action, those before it included</figcaption>${printBars('Relative error after each action', bars, printShare)}</figure>` : undefined}
${foldTable(table)}`;
}

const actionColumns: readonly Column[] = [
  { name: 'pass', isText: true },
  { name: 'place', isText: true },
  { name: 'level', isText: true },
  { name: 'bytes before' },
  { name: 'bytes after' },
  { name: 'multiply-adds before' },
  { name: 'after' },
  { name: 'local error, predicted' },
  { name: 'relative error' },
];

/** For headings: the download, and a time where a device's is known. */
export const printOutcome = ({ size, milliseconds }: Pick<Figures, 'size' | 'milliseconds'>): string =>
  `${printBytes(size)}, ${printDuration(milliseconds)} estimated`;
