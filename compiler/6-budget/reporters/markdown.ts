import { printQuantity } from '../../quantity/quantity.ts';
import { type CheckResult, type CheckRow, rowName, type Verdict } from '../check-result.ts';
import { describeExcess, describeReasons, printGrowth } from '../describe-row.ts';
import { defOf } from '../measures.ts';

const words: Readonly<Record<Verdict, string>> = {
  ok: '✅ within',
  over: '❌ over',
  inconclusive: '⚠️ inconclusive',
  'not measured': '⚠️ not measured',
};

/** For a pull request: per bundle a table of what is limited or grew, then what is behind each broken limit. */
export const reportMarkdown = (results: readonly CheckResult[]): string => results.map(printResult).join('\n');

function printResult({ name, verdict, rows, notes }: CheckResult): string {
  const limited = rows.filter(({ limit }) => limit !== undefined);
  const shown = limited.length > 0 ? limited : rows.filter(isHeadline);
  const table = shown.map((row) => `| ${cells(row).map(escapeMarkdown).join(' | ')} |`);
  const reasons = limited.filter((row) => row.verdict !== 'ok').flatMap(printReasons);
  return [
    `### ${escapeMarkdown(name)}: ${words[verdict]}`,
    '',
    '| figure | now | limit | since the baseline | verdict |',
    '|---|---:|---:|---:|---|',
    ...table,
    '',
    ...reasons,
    ...notes.map((note) => `> ${escapeMarkdown(note)}\n`),
  ].join('\n');
}

/** What a download takes. */
const isHeadline = (row: CheckRow): boolean => 'encoding' in row && row.encoding === 'brotli' && !row.isGrowth;

function cells(row: CheckRow): string[] {
  const { actual, limit, unit, interval, growth, isEstimated, verdict } = row;
  const range = interval ? ` (${interval.map((bound) => printQuantity(bound, 'ms')).join(' to ')})` : '';
  const now = actual === undefined ? '–' : `${printQuantity(actual, unit)}${isEstimated ? ' estimated' : ''}${range}`;
  const bound = limit === undefined ? '' : `${defOf(row.measure).isFloor ? '≥' : '≤'} ${printQuantity(limit, unit)}`;
  return [
    rowName(row),
    now,
    bound,
    growth === undefined ? '' : printGrowth(row, growth),
    limit === undefined ? '' : words[verdict],
  ];
}

function printReasons(row: CheckRow): string[] {
  const head = row.verdict === 'over' ? `${rowName(row)}: ${describeExcess(row)}` : `${rowName(row)}: ${row.verdict}`;
  const lines = describeReasons(row).map((line) => `- ${escapeMarkdown(line)}`);
  return [`<details><summary>${escapeHtml(head)}</summary>`, '', ...lines, '', '</details>', ''];
}

/** Up to the next empty line it is HTML, where a backslash stands for itself. */
const escapeHtml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

const escapeMarkdown = (text: string): string => text.replaceAll(/[\\|<>*_`[\]]/g, (character) => `\\${character}`);
