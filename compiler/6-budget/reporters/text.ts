import { encodings, type SizeMeasure } from '../../ir/download.ts';
import { printCount } from '../../quantity/count.ts';
import { printQuantity } from '../../quantity/quantity.ts';
import type { CheckResult, CheckRow, Verdict } from '../check-result.ts';
import { describeExcess, describeFigure, describeReasons } from '../describe-row.ts';

/** Per bundle a table of sizes, then a line per limit; what is over says by how much, where it comes from and what could help. */
export const reportText = (results: readonly CheckResult[]): string =>
  results.map((result) => printResult(result, results.length > 1)).join('\n');

function printResult({ name, rows, machine, notes }: CheckResult, isNamed: boolean): string {
  const limited = rows.filter((row) => row.limit !== undefined);
  const told = rows.filter((row) => row.limit === undefined && !('encoding' in row));
  return [
    ...(isNamed ? [name] : []),
    ...sizeTable(rows),
    ...told.map((row) => `      ${describeFigure(row)}${row.reason === undefined ? '' : `: ${row.reason}`}`),
    ...limited.flatMap(printLimit),
    ...notes.map((note) => `      ${note}`),
    ...(machine ? [printMachine(machine)] : []),
    '',
  ].join('\n');
}

/** wasm and shaders are parts of the code: they stand below it, where there are any. */
const indents: Readonly<Record<SizeMeasure, string>> = { total: '', code: '', weights: '', wasm: '  ', wgsl: '  ' };
const order: readonly SizeMeasure[] = ['total', 'code', 'wasm', 'wgsl', 'weights'];

function sizeTable(rows: readonly CheckRow[]): string[] {
  const cell = (text: string) => text.padStart(10);
  const head = `${' '.repeat(8)}${encodings.map(cell).join(' ')}`;
  const sizeOf = (measure: SizeMeasure, encoding: string): number =>
    rows.find((row) => row.measure === measure && 'encoding' in row && row.encoding === encoding && !row.isGrowth)
      ?.actual ?? 0;
  const shown = order.filter((measure) => indents[measure] === '' || sizeOf(measure, 'raw') > 0);
  const lines = shown.map((measure) => {
    const cells = encodings.map((encoding) => cell(printQuantity(sizeOf(measure, encoding), 'bytes')));
    return `${(indents[measure] + measure).padEnd(8)}${cells.join(' ')}`;
  });
  return [head, ...lines];
}

const marks: Readonly<Record<Verdict, string>> = {
  ok: 'ok   ',
  over: 'OVER ',
  inconclusive: '?    ',
  'not measured': '-    ',
};

function printLimit(row: CheckRow): string[] {
  const end =
    row.verdict === 'over' ? `: ${describeExcess(row)}` : row.verdict === 'inconclusive' ? ': inconclusive' : '';
  return [`${marks[row.verdict]} ${describeFigure(row)}${end}`, ...describeReasons(row).map((line) => `      ${line}`)];
}

function printMachine({ browser, rate, disturbed }: NonNullable<CheckResult['machine']>): string {
  const calm = disturbed === 0 ? '' : `; ${Math.round(100 * disturbed)} % of the rounds were disturbed and set aside`;
  return `      measured in ${browser}, ${printCount(rate)} multiply-adds a second in its calibration kernel${calm}`;
}
