import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The tables of README.md from the result files: goals, and which lossy pass the planner chose where. */
const folder = join('test', 'bench', 'compression', 'results');

interface Result {
  readonly case: string;
  readonly goals: readonly { readonly goal: string; readonly measured: string; readonly isMet: boolean }[];
  readonly figures: unknown;
}

const results = readdirSync(folder)
  .sort()
  .map((file): Result => JSON.parse(readFileSync(join(folder, file), 'utf8')));

const passes = [
  'drop-blocks',
  'collapse-layers',
  'trim-width',
  'truncate-rank',
  'equalise-channels',
  'quantize-weights',
  'quantize-activations',
];

/** The actions of every build in a result, under the name of the case or of the model within it. */
function buildsIn(figures: unknown, name: string, into: Map<string, string[][]>): void {
  if (typeof figures !== 'object' || figures === null) return;
  for (const [key, value] of Object.entries(figures)) {
    const isActions = key === 'actions' && Array.isArray(value);
    if (isActions) into.set(name, [...(into.get(name) ?? []), value.map(String)]);
    else buildsIn(value, isSubject(value) ? `${name}, ${key}` : name, into);
  }
}

/** One of several models of a case. */
const isSubject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && ('exactBytes' in value || 'sweepSeconds' in value);

const print = (rows: readonly (readonly string[])[]): void => {
  for (const [i, row] of rows.entries()) {
    console.log(`| ${row.join(' | ')} |`);
    if (i === 0) console.log(`|${row.map(() => '---').join('|')}|`);
  }
  console.log();
};

print([
  ['case', 'goal', 'measured', 'met'],
  ...results.flatMap(({ case: name, goals }) =>
    goals.map(({ goal, measured, isMet }) => [name, goal, measured.replaceAll('\n', '; '), isMet ? 'yes' : 'no']),
  ),
]);

const builds = new Map<string, string[][]>();
for (const { case: name, figures } of results) buildsIn(figures, name, builds);
print([
  ['builds', ...passes],
  ...[...builds].map(([name, all]) => [
    `${name} (${all.length})`,
    ...passes.map((pass) => {
      const chosen = all.filter((actions) => actions.some((action) => action.startsWith(`${pass} `))).length;
      return String(chosen);
    }),
  ]),
]);
