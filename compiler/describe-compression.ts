import { printByteCount } from './6-budget/byte-count.ts';
import type { ActionReport, CompressionReport } from './ir/report.ts';
import { printTable } from './table.ts';

/** What each lossy step saved and lost, then every action; sizes are estimates of the download. */
export function describeCompression(report: CompressionReport): string[] {
  const { before, steps, actions, metric, attempts, tradeOff } = report;
  const rows = [
    ['', 'actions', 'size', 'multiply-adds', 'relative error', ...(metric ? [metric.name] : [])],
    row('as it came', '', before.size, before.macs, 0, before.metric),
    ...steps.map((step) => row(step.pass, String(step.actions), step.size, step.macs, step.error, step.metric)),
  ];
  const table = printTable(rows).trimEnd().split('\n');
  const verdict = metric
    ? [
        `${metric.name} ${percent(metric.before)} to ${percent(metric.after)} on ${metric.samples} samples, ` +
          `drop at most ${percent(metric.bound)} (90 %)` +
          (metric.reported
            ? `; on ${metric.reported.samples} that decided nothing ${percent(metric.reported.before)} to ${percent(metric.reported.after)}`
            : ''),
      ]
    : [];
  const points = printTable([
    ['size', 'multiply-adds', 'relative error', ...(metric ? [metric.name] : [])],
    ...tradeOff.map((point) => row('', '', point.size, point.macs, point.error, point.metric).slice(2)),
  ]);
  const curve = tradeOff.length > 1 ? ['what sizes lose:', ...points.trimEnd().split('\n')] : [];
  return [...table, ...verdict, ...actions.map(describeAction), `${attempts} builds measured`, ...curve];
}

function row(name: string, actions: string, size: number, macs: number, error: number, metric?: number): string[] {
  const figures = [printByteCount(size), (macs / 1e6).toPrecision(3).concat(' M'), percent(error)];
  return [name, actions, ...figures, ...(metric === undefined ? [] : [percent(metric)])];
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

function describeAction({ pass, place, level, error, bits, macs, outputError }: ActionReport): string {
  const bytes = `${printByteCount(Math.ceil(bits.before / 8))} to ${printByteCount(Math.ceil(bits.after / 8))}`;
  const work = macs
    ? `, ${(macs.before / 1e6).toPrecision(3)} M to ${(macs.after / 1e6).toPrecision(3)} M multiply-adds`
    : '';
  const loss = outputError
    ? `relative error ${percent(outputError.before)} to ${percent(outputError.after)}`
    : `local error ${error.toExponential(1)}`;
  return `${pass} ${place}: ${level}, ${bytes}${work}, ${loss}`;
}
