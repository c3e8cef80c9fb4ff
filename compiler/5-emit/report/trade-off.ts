import { scaleLinear, scaleLog } from 'd3-scale';
import { printMetric, shareMetrics } from '../../data/metrics/print-metric.ts';
import type { CompressionReport, Outcome } from '../../ir/report.ts';
import { printBytes } from '../../quantity/bytes.ts';
import { printNumberOf } from '../../quantity/count.ts';
import { printDuration } from '../../quantity/duration.ts';
import { printShare } from '../../quantity/share.ts';
import { type Html, html } from './html.ts';
import { outcomeCells, outcomeColumns, printOutcome } from './loss.ts';
import { type Axis, type Point, printDot, printLine, printPlot } from './plot.ts';
import { foldTable } from './table.ts';

interface Figure {
  readonly name: string;
  readonly of: (outcome: Outcome) => number;
  readonly print: (value: number) => string;
  /** the most that it can be */
  readonly most?: number;
}

const size: Figure = {
  name: 'download',
  of: (outcome) => outcome.size,
  print: (bytes) => printBytes(Math.round(bytes)),
};
const latency: Figure = { name: 'one run, estimated', of: (outcome) => outcome.milliseconds, print: printDuration };
const error: Figure = { name: 'relative error', of: (outcome) => outcome.error, print: printShare };

/** What every size and time costs in accuracy, as far as it was measured, and where this bundle stands. */
export function printTradeOff(compression: CompressionReport): Html {
  const { before, steps, tradeOff, metric, attempts } = compression;
  const original: Outcome = { ...before, error: 0 };
  const chosen = steps.at(-1) ?? original;
  const accuracy: Figure | undefined = metric && {
    name: metric.name,
    of: (outcome) => outcome.metric ?? Number.NaN,
    print: (value) => printMetric(metric.name, value),
    ...(shareMetrics.includes(metric.name) && { most: 1 }),
  };
  const losses = [...(accuracy ? [accuracy] : []), error];
  const all: Outcomes = { original, chosen, front: tradeOff };
  return html`
<p>Of ${printNumberOf(attempts, 'build')} measured, those are points that lose less than every smaller one. <span class="key chosen"></span>this bundle:
${printOutcome(chosen)}. <span class="key original"></span>the model as it came: ${printOutcome(original)}.</p>
<div class="some">${losses.flatMap((loss) => [printFigure(size, loss, all), printFigure(latency, loss, all)])}</div>
${foldTable({
  caption: 'measured builds, smallest first',
  columns: [{ name: '', isText: true }, ...outcomeColumns(metric)],
  rows: [
    ...tradeOff.map((outcome) => [
      isSame(outcome, chosen) ? 'this bundle' : undefined,
      ...outcomeCells(outcome, metric),
    ]),
    ...(tradeOff.some((outcome) => isSame(outcome, chosen)) ? [] : [['this bundle', ...outcomeCells(chosen, metric)]]),
    ['as it came', ...outcomeCells(original, metric)],
  ],
})}`;
}

interface Outcomes {
  readonly original: Outcome;
  readonly chosen: Outcome;
  readonly front: readonly Outcome[];
}

const isSame = (a: Outcome, b: Outcome): boolean => a.size === b.size && a.error === b.error;

function printFigure(cost: Figure, loss: Figure, { original, chosen, front }: Outcomes): Html {
  const all = [...front, chosen, original];
  const x = logAxis(cost, all);
  const y = linearAxis(loss, all);
  const place = (outcome: Outcome): Point => [x.scale(cost.of(outcome)), y.scale(loss.of(outcome))];
  const label = (outcome: Outcome): string => `${cost.print(cost.of(outcome))}, ${loss.print(loss.of(outcome))}`;
  const points = front.map(place);
  return printPlot({
    title: `${loss.name} by ${cost === size ? 'download' : 'estimated time'}`,
    x,
    y,
    height: 200,
    marks: [
      ...(cost === size ? [printLine(points)] : []),
      ...front.map((outcome) => printDot(place(outcome), 'point', label(outcome))),
      printDot(place(original), 'original', `as it came: ${label(original)}`),
      printDot(place(chosen), 'chosen', `this bundle: ${label(chosen)}`),
    ],
  });
}

function logAxis({ name, of, print }: Figure, outcomes: readonly Outcome[]): Axis {
  const [least, most] = [Math.min(...outcomes.map(of)), Math.max(...outcomes.map(of))];
  const scale = scaleLog([0.9 * least, 1.1 * most], [0, 100]);
  const format = scale.tickFormat(4, '');
  return { name, scale, ticks: 4, spacing: 24, print: (value) => (format(value) === '' ? '' : print(value)) };
}

function linearAxis(
  { name, of, print, most: bound = Number.POSITIVE_INFINITY }: Figure,
  outcomes: readonly Outcome[],
): Axis {
  const values = outcomes.map(of).filter(Number.isFinite);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const margin = 0.08 * (most - least) || 0.01;
  const scale = scaleLinear([Math.max(0, least - margin), Math.min(bound, most + margin)], [100, 0]);
  return { name, scale, ticks: 4, print };
}
