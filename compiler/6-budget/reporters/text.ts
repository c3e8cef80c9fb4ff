import { printByteCount } from '../byte-count.ts';
import type { CheckResult, CheckRow } from '../check.ts';
import { encodings, measureNames, measures } from '../measures.ts';

/** A table of all sizes, then a line per limit; what is over says by how much, where the bytes are and what could help. */
export function reportText(result: CheckResult): string {
  const cell = (text: string) => text.padStart(10);
  const head = `${' '.repeat(8)}${encodings.map(cell).join(' ')}`;
  const table = measureNames.map((measure) => {
    const row = result.rows.filter((candidate) => candidate.measure === measure);
    const cells = encodings.map((encoding) =>
      cell(printByteCount(row.find((candidate) => candidate.encoding === encoding)?.actual ?? 0)),
    );
    return `${measure.padEnd(8)}${cells.join(' ')}`;
  });
  const limits = result.rows.filter((row) => row.limit !== undefined).flatMap(printLimit);
  return [head, ...table, ...limits, ''].join('\n');
}

function printLimit(row: CheckRow): string[] {
  const { measure, encoding, actual, limit = 0, over, growth } = row;
  const since = growth === undefined ? '' : ` (${printGrowth(growth)} since the baseline)`;
  const fact = `${measure} ${encoding} ${printByteCount(actual)} of ${printByteCount(limit)}${since}`;
  if (over === 0) return [`ok    ${fact}`];
  return [
    `OVER  ${fact}: ${printByteCount(over)} too much`,
    ...row.parts.map(
      (part) =>
        `      ${part.path} ${printByteCount(part.bytes)}${part.growth === undefined ? '' : ` (${printGrowth(part.growth)})`}`,
    ),
    `      Next: ${measures[measure].hint}`,
  ];
}

const printGrowth = (bytes: number): string => `${bytes < 0 ? '' : '+'}${printByteCount(bytes)}`;
