import { printNumberOf } from '../../quantity/count.ts';
import type { CheckResult, CheckRow } from '../check-result.ts';
import { describeExcess, describeFigure, describeReasons } from '../describe-row.ts';

/**
 * Workflow commands of GitHub Actions: an annotation per limit that is not kept, one line of praise for a bundle that keeps all,
 * and what else is to be known.
 */
export const reportGithub = (results: readonly CheckResult[]): string =>
  results
    .flatMap(({ name, rows, notes }) => {
      const broken = rows.filter((row) => row.verdict !== 'ok');
      const limits = rows.filter((row) => row.limit !== undefined).length;
      const praise = broken.length === 0 ? [`${printNumberOf(limits, 'limit')} kept`] : [];
      return [
        ...broken.map((row) => annotate(row, name)),
        ...[...praise, ...notes].map((text) => printCommand('notice', name, text)),
      ];
    })
    .join('');

function annotate(row: CheckRow, bundle: string): string {
  const level = row.verdict === 'over' ? 'error' : 'warning';
  const fact = `${describeFigure(row)}: ${row.verdict === 'over' ? describeExcess(row) : row.verdict}`;
  return printCommand(level, bundle, [fact, ...describeReasons(row)].join('\n'));
}

const printCommand = (level: 'error' | 'warning' | 'notice', bundle: string, text: string): string =>
  `::${level} title=${property(`lcc check ${bundle}`)}::${message(text)}\n`;

const message = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

const property = (text: string): string => message(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
