import type { CheckResult, CheckRow } from '../check-result.ts';
import { rowName } from '../check-result.ts';
import { describeExcess, describeFigure, describeReasons } from '../describe-row.ts';

/** JUnit XML: a suite per bundle, a case per limit; over is a failure, inconclusive and not measured are errors; notes are its output. */
export function reportJunit(results: readonly CheckResult[]): string {
  const suites = results.map(printSuite).join('');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="lcc check">\n${suites}</testsuites>\n`;
}

function printSuite({ name, rows, notes }: CheckResult): string {
  const limited = rows.filter((row) => row.limit !== undefined);
  const failures = limited.filter(({ verdict }) => verdict === 'over').length;
  const errors = limited.filter(({ verdict }) => verdict === 'inconclusive' || verdict === 'not measured').length;
  const counts = `tests="${limited.length}" failures="${failures}" errors="${errors}" skipped="0"`;
  const cases = limited.map((row) => printCase(row, name)).join('');
  const told = notes.length === 0 ? '' : `    <system-out>${escapeXml(notes.join('\n'))}</system-out>\n`;
  return `  <testsuite name="${escapeXml(name)}" ${counts}>\n${cases}${told}  </testsuite>\n`;
}

function printCase(row: CheckRow, bundle: string): string {
  const opening = `    <testcase classname="lcc.${escapeXml(bundle)}" name="${escapeXml(rowName(row))}"`;
  if (row.verdict === 'ok') return `${opening}/>\n`;
  const kind = row.verdict === 'over' ? 'failure' : 'error';
  const fact = `${describeFigure(row)}: ${row.verdict === 'over' ? describeExcess(row) : row.verdict}`;
  const text = escapeXml([fact, ...describeReasons(row)].join('\n'));
  return `${opening}>\n      <${kind} message="${escapeXml(fact)}" type="${row.verdict}">${text}</${kind}>\n    </testcase>\n`;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** XML 1.0 has no way to write most control characters: they go. */
const escapeXml = (text: string): string =>
  text
    .replaceAll(/[&<>"]/g, (character) => entities[character] ?? '')
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\uffff]/g, '');
