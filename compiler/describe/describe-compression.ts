import { printMetric } from '../data/metrics/print-metric.ts';
import type { ActionReport, CompressionReport, Outcome } from '../ir/report.ts';
import { printBytes } from '../quantity/bytes.ts';
import { printCount } from '../quantity/count.ts';
import { printShare } from '../quantity/share.ts';
import { printTable } from './table.ts';

/** What each lossy step saved and lost, then every action; sizes are estimates of the download. */
export function describeCompression(report: CompressionReport): string[] {
  const { before, steps, actions, metric, attempts, tradeOff } = report;
  const heads = ['size', 'multiply-adds', 'relative error', ...(metric ? [metric.name] : [])];
  const rows = [
    ['', 'actions', ...heads],
    ['as it came', '', ...figures({ ...before, error: 0 }, metric)],
    ...steps.map((step) => [step.pass, String(step.actions), ...figures(step, metric)]),
  ];
  const table = printTable(rows).trimEnd().split('\n');
  const verdict = metric ? [describeMetric(metric)] : [];
  const points = printTable([heads, ...tradeOff.map((point) => figures(point, metric))]);
  const curve = tradeOff.length > 1 ? ['what sizes lose:', ...points.trimEnd().split('\n')] : [];
  const effort = `${attempts} ${attempts === 1 ? 'build' : 'builds'} measured`;
  return [...table, ...verdict, ...actions.map(describeAction), effort, ...curve];
}

type Metric = NonNullable<CompressionReport['metric']>;

const figures = (
  { size, macs, error, metric: value }: Omit<Outcome, 'milliseconds'>,
  metric: Metric | undefined,
): string[] => [
  printBytes(size),
  printCount(macs),
  printShare(error),
  ...(metric && value !== undefined ? [printMetric(metric.name, value)] : []),
];

function describeMetric({ name, samples, before, after, bound, reported }: Metric): string {
  const change = (from: number, to: number): string => `${printMetric(name, from)} to ${printMetric(name, to)}`;
  const held = reported
    ? `; on ${reported.samples} that decided nothing ${change(reported.before, reported.after)}`
    : '';
  return `${name} ${change(before, after)} on ${samples} samples, drop at most ${printMetric(name, bound)} (90 %)${held}`;
}

function describeAction({ pass, place, level, error, bits, macs, outputError }: ActionReport): string {
  const bytes = `${printBytes(Math.ceil(bits.before / 8))} to ${printBytes(Math.ceil(bits.after / 8))}`;
  const work = macs ? `, ${printCount(macs.before)} to ${printCount(macs.after)} multiply-adds` : '';
  const loss = outputError
    ? `relative error ${printShare(outputError.before)} to ${printShare(outputError.after)}`
    : `local error ${error.toExponential(1)}`;
  return `${pass} ${place}: ${level}, ${bytes}${work}, ${loss}`;
}
