import type { ActionReport, CompressionReport } from '../../ir/report.ts';
import { printBars } from './bars.ts';
import { printBytes, printCount, printMs, printShare, printWork } from './figures.ts';
import { type Html, html } from './html.ts';
import { type Cell, type Column, foldTable, printTable } from './table.ts';

/** What a table says of whole models. */
export const outcomeColumns = (metric: string | undefined): readonly Column[] => [
  { name: 'download' },
  { name: 'multiply-adds' },
  { name: 'one run, estimated' },
  { name: 'relative error' },
  ...(metric === undefined ? [] : [{ name: metric }]),
];

type Figures = CompressionReport['before'] & { readonly error: number };

export const outcomeCells = ({ size, macs, milliseconds, error, metric }: Figures): Cell[] => [
  printCount(size),
  printCount(macs),
  printMs(milliseconds),
  printShare(error),
  ...(metric === undefined ? [] : [printShare(metric)]),
];

/** The whole after each lossy pass, then every action. */
export function printLoss({ before, steps, actions, metric }: CompressionReport): Html {
  if (steps.length === 0) return html`<p>Compression was asked for and took no step: nothing is lost.</p>`;
  return html`
<figure><figcaption>Relative error of the outputs after each step</figcaption>
${printBars(
  'Relative error after each step',
  steps.map(({ pass, actions: count, error }) => ({ name: pass, detail: countOf(count), value: error })),
  printShare,
)}</figure>
${printTable({
  caption: 'after each step',
  columns: [{ name: 'step', isText: true }, { name: 'actions' }, ...outcomeColumns(metric?.name)],
  rows: [
    ['as it came', 0, ...outcomeCells({ ...before, error: 0 })],
    ...steps.map((step) => [step.pass, step.actions, ...outcomeCells(step)]),
  ],
})}
<p class="note">Relative error is the L2 error of the worst output over how much it varies from input to input, on inputs held
out from calibration. The download is an estimate of code and weights after brotli; times are estimates for the target's devices.</p>
${metric ? printVerdict(metric) : undefined}
${printActions(actions)}`;
}

const countOf = (actions: number): string => (actions === 1 ? '1 action' : `${actions} actions`);

function printVerdict({
  name,
  samples,
  before,
  after,
  bound,
  reported,
}: NonNullable<CompressionReport['metric']>): Html {
  const held = reported
    ? ` On ${reported.samples} samples that decided nothing: ${printShare(reported.before)} to ${printShare(reported.after)}.`
    : '';
  return html`
<p>${name} ${printShare(before)} to ${printShare(after)} on ${printCount(samples)} samples, a drop of at most ${printShare(bound)}
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
      printCount(bits.before / 8),
      printCount(bits.after / 8),
      macs && printWork(macs.before),
      macs && printWork(macs.after),
      error.toPrecision(3),
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
  `${printBytes(size)}, ${printMs(milliseconds)} estimated`;
