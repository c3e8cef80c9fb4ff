import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { describe, expect, test } from 'vitest';
import { measureNames } from '../../compiler/6-budget/measures.ts';
import { parseBudget, readBudget } from '../../compiler/6-budget/parse-budget.ts';
import { makeProgram } from '../../compiler/cli/run.ts';
import { repository } from '../harness/source-imports.ts';
import { anchorsOf, argumentsOfLcc, codeBlocksOf, codeSpansOf, commandsIn, guides, linksOf } from './markdown.ts';
import { exportsOf } from './reference/entry-page.ts';
import { entries, readSources } from './reference/pages.ts';

const silent = { stdout: () => {}, stderr: () => {}, isTerminal: false, cwd: repository };
const program = (): Command => makeProgram(silent, () => {});
const commandNames = program().commands.map((command) => command.name());

/** Why lcc does not take these arguments; undefined where it does. Whether paths are there is not asked. */
function faultOf(argv: readonly string[]): string | undefined {
  const [name, ...rest] = argv;
  if (name === undefined) return undefined;
  const lcc = program();
  const command = lcc.commands.find((known) => known.name() === name);
  if (command === undefined) return name.startsWith('-') ? unknownOf(lcc, argv) : `there is no command ${name}`;
  return unknownOf(command, rest);
}

function unknownOf(command: Command, argv: readonly string[]): string | undefined {
  if (argv.includes('--help')) return undefined;
  try {
    const [unknown] = command.parseOptions([...argv]).unknown;
    return unknown === undefined ? undefined : `${command.name()} has no option ${unknown}`;
  } catch (error) {
    // Prose names a flag without its value: `lcc build --budget`.
    if (error instanceof CommanderError && error.code === 'commander.optionMissingArgument') return undefined;
    throw error;
  }
}

const scripts: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(join(repository, 'package.json'), 'utf8'),
).scripts;

const commandsOf = (markdown: string): string[][] => [
  ...codeBlocksOf(markdown).flatMap(commandsIn),
  ...codeSpansOf(markdown).flatMap((text) => commandsIn({ language: '', text })),
];

describe.each(guides)('$path', ({ path, text }) => {
  const blocks = codeBlocksOf(text);
  const commands = commandsOf(text);

  test('commands and flags of lcc are there', () => {
    const faults = commands.flatMap((words) => {
      const argv = argumentsOfLcc(words);
      const fault = argv && faultOf(argv);
      return fault === undefined ? [] : [`${words.join(' ')}: ${fault}`];
    });
    expect(faults).toEqual([]);
  });

  test('flags that stand alone are of some command', () => {
    const known = new Set(program().commands.flatMap(({ options }) => options.map(({ long }) => long)));
    const alone = codeSpansOf(text).flatMap((span) => (span.startsWith('--') ? [span.split(/[\s=]/)[0] ?? ''] : []));
    expect(alone.filter((flag) => !known.has(flag))).toEqual([]);
  });

  test('scripts of npm are there', () => {
    const own = blocks.filter(({ language }) => language !== 'yaml').flatMap(commandsIn);
    const run = own.flatMap(([npm, verb, name = '']) => (npm === 'npm' && verb === 'run' ? [name] : []));
    expect(run.filter((name) => !(name in scripts))).toEqual([]);
  });

  test('links lead to files, and to headings in them', () => {
    const own = linksOf(text).filter((link) => !/^[a-z]+:/.test(link));
    const broken = own.filter((link) => {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? join(repository, path) : join(repository, dirname(path), file);
      if (!existsSync(target)) return true;
      return (
        anchor !== undefined && !(statSync(target).isFile() && anchorsOf(readFileSync(target, 'utf8')).includes(anchor))
      );
    });
    expect(broken).toEqual([]);
  });

  test('budgets parse', () => {
    for (const value of objectsOf(text)) if (isBudget(value)) parseBudget(value, path);
    for (const words of commands) {
      const budget = words[words.indexOf('--budget') + 1];
      if (words.includes('--budget') && budget?.startsWith('{')) readBudget(budget);
    }
  });

  test('what code imports from the package is exported', () => {
    const imports = blocks.flatMap((block) =>
      [...block.text.matchAll(/import(?: type)? \{([^}]+)\} from '(lcc[^']*)'/g)].flatMap(([, names = '', from = '']) =>
        names.split(',').map((name) => `${from}: ${name.trim()}`),
      ),
    );
    const known = new Set(exportedNames());
    expect(imports.filter((name) => !known.has(name))).toEqual([]);
  });
});

/** JSON of a block, or of a paragraph of one. */
const objectsOf = (markdown: string): object[] =>
  codeBlocksOf(markdown)
    .flatMap((block) => block.text.split('\n\n'))
    .filter((part) => part.startsWith('{'))
    .map((part) => JSON.parse(part));

const isBudget = (value: object): boolean =>
  Object.keys(value).some((key) => key === 'growth' || key === 'bundles' || measureNames.some((name) => name === key));

let exported: string[] | undefined;
function exportedNames(): string[] {
  const sources = exported ? undefined : readSources();
  exported ??= entries.flatMap((entry) =>
    sources ? exportsOf(sources, entry).map(([name]) => `${entry.specifier}: ${name}`) : [],
  );
  return exported;
}

test('the guide of the gate has a budget with every key', () => {
  const [budget = {}] = guides.flatMap(({ path, text }) => (path === 'docs/gate.md' ? objectsOf(text) : []));
  expect(Object.keys(budget).sort()).toEqual([...measureNames, 'growth', 'bundles'].sort());
});

test('every command is in the guides', () => {
  const named = new Set(
    guides.flatMap(({ text }) => commandsOf(text).flatMap((words) => argumentsOfLcc(words)?.[0] ?? [])),
  );
  expect(commandNames.filter((name) => !named.has(name))).toEqual([]);
});

test('every guide is in the index', () => {
  const index = guides.find(({ path }) => path === 'docs/README.md');
  const linked = linksOf(index?.text ?? '').map((link) => join('docs', link));
  const others = guides.map(({ path }) => path).filter((path) => path !== 'README.md' && path !== 'docs/README.md');
  expect(others.filter((path) => !linked.includes(relative('', path)))).toEqual([]);
});

describe('the test itself', () => {
  test.each([
    ['lcc biuld model.onnx', 'there is no command biuld'],
    ['FSDD=<file> npx lcc train recipe.ts --epoch 3', 'train has no option --epoch'],
    ['npx lcc build model.onnx \\\n  --max-sise 3KB', 'build has no option --max-sise'],
    ["lcc check 'my --bundle' --device phone-mid tv # --no-such", undefined],
  ])('%s', (line, fault) => {
    const [words = []] = commandsIn({ language: 'sh', text: line });
    expect(faultOf(argumentsOfLcc(words) ?? [])).toBe(fault);
  });

  test('commands after others are found, others are not', () => {
    const find = (language: string, text: string) => commandsIn({ language, text }).map(argumentsOfLcc);
    expect(find('sh', 'npm ci && npx lcc doctor\ncat lcc.json\nlcc-check')).toEqual([
      undefined,
      ['doctor'],
      undefined,
      undefined,
    ]);
    expect(find('text', '$ lcc targets\nlcc 5.3 KB')).toEqual([['targets']]);
    expect(find('yaml', '  - npx lcc doctor\n  - run: npx lcc targets\n  name: lcc')).toEqual([
      ['doctor'],
      ['targets'],
    ]);
  });

  test('blocks of both forms are read', () => {
    const markdown = 'text\n\n    one\n\n    two\n\n```json\n{}\n```\n- `x`\n';
    expect(codeBlocksOf(markdown)).toEqual([
      { language: '', text: 'one\n\ntwo' },
      { language: 'json', text: '{}' },
    ]);
    expect(codeSpansOf(markdown)).toEqual(['x']);
  });

  test('a broken budget is one', () => expect(isBudget({ total: '3 KB', cod: '1 KB' })).toBe(true));
});
