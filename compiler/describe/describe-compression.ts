import { printMetric } from '../data/metrics/print-metric.ts';
import type { ActionReport, CompressionReport, Outcome, ReportedMetric } from '../ir/report.ts';
import { printBytes } from '../quantity/bytes.ts';
import { printCount, printNumberOf } from '../quantity/count.ts';
import { printDuration } from '../quantity/duration.ts';
import { printShare } from '../quantity/share.ts';
import { printTable } from './table.ts';

/** What each lossy step saved and lost, then every action; sizes are estimates of the download. */
export function describeCompression(report: CompressionReport): string[] {
  const { before, steps, actions, metric, attempts, tradeOff } = report;
  const columns = columnsOf(report);
  const heads = columns.map(({ head }) => head);
  const figures = (outcome: Outcome): string[] => columns.map(({ print }) => print(outcome));
  const rows = [
    ['', 'actions', ...heads],
    ['as it came', '', ...figures({ ...before, error: 0 })],
    ...steps.map((step) => [step.pass, String(step.actions), ...figures(step)]),
  ];
  const table = printTable(rows).trimEnd().split('\n');
  const verdict = metric ? [describeMetric(metric)] : [];
  const points = printTable([heads, ...tradeOff.map(figures)]);
  const curve = tradeOff.length > 1 ? ['what sizes lose:', ...points.trimEnd().split('\n')] : [];
  const effort = `${printNumberOf(attempts, 'build')} measured`;
  return [...table, ...verdict, ...describeActions(actions), effort, ...curve];
}

interface Column {
  readonly head: string;
  print(outcome: Outcome): string;
}

/** What is told of a whole model; its time where that is limited. */
const columnsOf = ({ limits, device, metric }: CompressionReport): readonly Column[] => [
  { head: 'size', print: ({ size }) => printBytes(size) },
  { head: 'multiply-adds', print: ({ macs }) => printCount(macs) },
  ...(limits.latency !== undefined && device !== undefined
    ? [{ head: `estimated on ${device}`, print: ({ milliseconds }: Outcome) => printDuration(milliseconds) }]
    : []),
  { head: 'relative error', print: ({ error }) => printShare(error) },
  ...(metric
    ? [
        {
          head: metric.name,
          print: ({ metric: value }: Outcome) => (value === undefined ? '' : printMetric(metric.name, value)),
        },
      ]
    : []),
];

function describeMetric({ name, samples, before, after, bound, reported }: ReportedMetric): string {
  const change = (from: number, to: number): string => `${printMetric(name, from)} to ${printMetric(name, to)}`;
  const held = reported
    ? `; on ${reported.samples} that decided nothing ${change(reported.before, reported.after)}`
    : '';
  return `${name} ${change(before, after)} on ${samples} samples, drop at most ${printMetric(name, bound)} (90 %)${held}`;
}

/** Actions that are told as one from this many on. */
const fewestTogether = 4;

/** A line for each place; lcc.json has all of those that are told as one. */
const describeActions = (actions: readonly ActionReport[]): string[] =>
  groupHalves(actions).flatMap((group) =>
    group.length < fewestTogether ? group.map(describeAction) : [describeHalves(group)],
  );

/**
 * What is stored in half precision together, the rest each by itself. Errors of the outputs follow on from each other, so
 * that only neighbours have one together.
 */
function groupHalves(actions: readonly ActionReport[]): ActionReport[][] {
  const groups: ActionReport[][] = [];
  for (const action of actions) {
    const candidates = action.outputError ? groups.slice(-1) : groups;
    const group = candidates.find(([first]) => first && isHalf(first) && first.pass === action.pass);
    if (group && isHalf(action)) group.push(action);
    else groups.push([action]);
  }
  return groups;
}

const isHalf = ({ level }: ActionReport): boolean => level === 'float16';

function describeHalves(group: readonly ActionReport[]): string {
  const [first, last] = [group[0], group.at(-1)];
  const sum = (of: 'before' | 'after'): number => group.reduce((all, { bits }) => all + bits[of], 0);
  const known = group.flatMap(({ error }) => (error === undefined ? [] : [error]));
  const whose = known.length < group.length ? ' where it is known' : '';
  const loss =
    first?.outputError && last?.outputError
      ? [printChange(first.outputError.before, last.outputError.after)]
      : known.length > 0
        ? [`local error at most ${Math.max(...known).toExponential(1)}${whose}`]
        : [];
  const bytes = printBits({ before: sum('before'), after: sum('after') });
  return [`${first?.pass}: ${first?.level} in ${group.length} places`, ...bytes, ...loss].join(', ');
}

function describeAction({ pass, place, level, error, bits, macs, outputError }: ActionReport): string {
  const work = macs ? [`${printCount(macs.before)} to ${printCount(macs.after)} multiply-adds`] : [];
  const predicted = error === undefined ? [] : [error === 0 ? 'exact' : `local error ${error.toExponential(1)}`];
  const loss = outputError ? [printChange(outputError.before, outputError.after)] : predicted;
  return [`${pass} ${place}: ${level}`, ...printBits(bits), ...work, ...loss].join(', ');
}

/** Nothing where no weights are touched. */
const printBits = ({ before, after }: ActionReport['bits']): string[] =>
  before === 0 ? [] : [`${printBytes(Math.ceil(before / 8))} to ${printBytes(Math.ceil(after / 8))}`];

const printChange = (before: number, after: number): string =>
  `relative error ${printShare(before)} to ${printShare(after)}`;
