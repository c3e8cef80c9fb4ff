import { resultsOf } from './result-files.ts';
import type { Figures, Study } from './study.ts';
import { deviationOf, meanOf } from './summary.ts';

/** What studies have measured so far, as Markdown; of those without a result nothing. */
export function printTables(studies: readonly Study[]): string {
  const parts = studies.flatMap((study) => {
    const tables = study.runs.flatMap(({ data, seeds }) => printData(study, data, seeds));
    return tables.length > 0 ? [`## ${study.title}`, ...tables] : [];
  });
  return parts.join('\n\n');
}

/** A heading, a table and the goals; nothing where no arm has run. */
function printData(study: Study, data: string, seeds: readonly number[]): string[] {
  const results = resultsOf(study, data, seeds);
  const most = Math.max(0, ...[...results.values()].map((all) => all.length));
  if (most === 0) return [];
  const measured = study.columns.filter(({ figure }) => [...results.values()].flat().some((one) => figure in one));
  const rows = [...results].filter(([, all]) => all.length > 0);
  const table = [
    `| arm | ${measured.map(({ title }) => title).join(' | ')} | seeds |`,
    `|---|${measured.map(() => '---|').join('')}---|`,
    ...rows.map(([arm, all]) => {
      const cells = measured.map(({ figure, print }) => printCell(all, figure, print));
      return `| ${arm} | ${cells.join(' | ')} | ${all.length} |`;
    }),
  ];
  const goals = study
    .goals(results, data)
    .map(({ goal, measured: value, isMet }) => `- ${isMet ? 'met' : '**not met**'}: ${goal}: ${value}`);
  const heading = `### ${data}, ${most} of ${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}`;
  return [heading, table.join('\n'), ...(goals.length > 0 ? [goals.join('\n')] : [])];
}

/** Mean and deviation over seeds; of a list its least and its largest. */
function printCell(all: readonly Figures[], figure: string, print: (value: number) => string): string {
  const values = all.flatMap((one) => {
    const value = one[figure];
    return typeof value === 'number' ? [value] : [];
  });
  const lists = all.flatMap((one) => (Array.isArray(one[figure]) ? one[figure].map(Number) : []));
  if (lists.length > 0) return `${print(Math.min(...lists))} to ${print(Math.max(...lists))}`;
  if (values.length === 0) return '';
  const deviation = deviationOf(values);
  return deviation > 0 ? `${print(meanOf(values))} ± ${print(deviation)}` : print(meanOf(values));
}

const [first, last] = ['<!-- tables: begin -->', '<!-- tables: end -->'];

/** The text between the two markers. */
export const tablesIn = (readme: string): string => readme.slice(...placeOf(readme)).trim();

export function withTables(readme: string, tables: string): string {
  const [from, to] = placeOf(readme);
  return `${readme.slice(0, from)}\n\n${tables}\n\n${readme.slice(to)}`;
}

function placeOf(readme: string): [number, number] {
  const [from, to] = [readme.indexOf(first), readme.indexOf(last)];
  if (from < 0 || to < from) throw new Error(`The README has no ${first} with ${last} after it.`);
  return [from + first.length, to];
}
