import type { CheckResult, CheckRow } from '../check-result.ts';
import { describeExcess, describeFigure, describeReasons } from '../describe-row.ts';

/** Workflow commands of GitHub Actions: an annotation per limit that is not kept, one line of praise for a bundle that keeps all. */
export const reportGithub = (results: readonly CheckResult[]): string =>
  results
    .flatMap((result) => {
      const broken = result.rows.filter((row) => row.verdict !== 'ok');
      const limits = result.rows.filter((row) => row.limit !== undefined).length;
      const praise = `::notice title=${property(`lcc check ${result.name}`)}::${limits === 1 ? '1 limit' : `${limits} limits`} kept\n`;
      return broken.length === 0 ? [praise] : broken.map((row) => annotate(row, result.name));
    })
    .join('');

function annotate(row: CheckRow, bundle: string): string {
  const level = row.verdict === 'over' ? 'error' : 'warning';
  const fact = `${describeFigure(row)}: ${row.verdict === 'over' ? describeExcess(row) : row.verdict}`;
  return `::${level} title=${property(`lcc check ${bundle}`)}::${message([fact, ...describeReasons(row)].join('\n'))}\n`;
}

const message = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

const property = (text: string): string => message(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
