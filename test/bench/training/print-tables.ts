import { resultsOf } from './result-files.ts';
import { studies } from './studies/index.ts';
import type { Figures, Study } from './study.ts';
import { deviationOf, meanOf } from './summary.ts';

/** The tables of the README from the results there are, as Markdown. */
for (const study of studies) {
  console.log(`## ${study.title}\n`);
  for (const { data, seeds } of study.runs) printData(study, data, seeds);
}

function printData(study: Study, data: string, seeds: readonly number[]): void {
  const results = resultsOf(study, data, seeds);
  const most = Math.max(0, ...[...results.values()].map((all) => all.length));
  if (most === 0) return;
  console.log(`### ${data}, ${most} of ${seeds.length} seeds\n`);
  console.log(`| arm | ${study.columns.map(({ title }) => title).join(' | ')} | seeds |`);
  console.log(`|---|${study.columns.map(() => '---|').join('')}---|`);
  for (const [arm, all] of results) {
    if (all.length === 0) continue;
    const cells = study.columns.map(({ figure, print }) => printCell(all, figure, print));
    console.log(`| ${arm} | ${cells.join(' | ')} | ${all.length} |`);
  }
  console.log('');
  for (const { goal, measured, isMet } of study.goals(results, data))
    console.log(`- ${isMet ? 'met' : '**not met**'}: ${goal}: ${measured}`);
  console.log('');
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
