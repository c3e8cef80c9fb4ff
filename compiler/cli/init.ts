import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { isTargetName, targets } from '../../targets/index.ts';
import { writeWhole } from '../data/write-whole.ts';
import { configExists, configNotWritten, flagInvalid, initNeedsModel, unknownChoice } from '../diagnostics/cli.ts';
import { LccError } from '../diagnostics/index.ts';
import { modelNotFound } from '../diagnostics/ingest.ts';
import { parseBytes } from '../quantity/bytes.ts';
import { defaultTarget } from '../settings/parse-model-flags.ts';
import { findConfig } from '../settings/read-config.ts';
import type { Io } from './io.ts';
import type { MakeCommand } from './run.ts';

interface InitFlags {
  readonly model?: string;
  readonly target?: string;
  readonly budget?: string;
}

/** What is asked for where no flag says it. */
interface Answers {
  readonly model: string;
  readonly target: string;
  /** undefined: nothing is limited */
  readonly budget: string | undefined;
}

const notes = `
On a terminal what no flag says is asked for: which model, where it runs, how large the download may be.
Writes lcc.config.ts, and lcc.budget.json where there is a limit; neither is written over.

Examples:
  lcc init
  lcc init --model model.onnx --target mobile-wasm --budget "300 KB"`;

export const initCommand: MakeCommand = (io, finish) =>
  new Command('init')
    .description('Write a configuration and a budget by asking three questions.')
    .option('--model <file>', 'an .onnx or model.json file, or a recipe.ts')
    .option('--target <name>', 'where it runs: one of lcc targets')
    .option('--budget <size>', 'the largest download, after brotli, such as 300KB')
    .addHelpText('after', notes)
    .action(async (flags: InitFlags) => {
      await init(flags, io);
      finish(0);
    });

async function init(flags: InitFlags, io: Io): Promise<void> {
  const taken = findConfig(io.cwd);
  if (taken !== undefined) throw configExists(taken);
  const { model, target, budget } = await answer(flags, io);
  const files: [string, string][] = [['lcc.config.ts', printConfig(model, target, budget !== undefined)]];
  const usual = join(io.cwd, 'lcc.budget.json');
  if (budget !== undefined) {
    if (existsSync(usual)) throw configExists(usual);
    files.unshift(['lcc.budget.json', printBudget(budget)]);
  }
  for (const [name, text] of files) {
    write(join(io.cwd, name), text);
    io.stdout(`wrote ${name}\n`);
  }
  io.stdout('Next: lcc build\n');
}

/** @throws LccError LCC0013 */
function write(file: string, text: string): void {
  try {
    writeWhole(file, text);
  } catch (error) {
    throw configNotWritten(file, error instanceof Error ? error.message : String(error));
  }
}

/** Flags first, then what a person answers, each checked as it is given. @throws LccError LCC0002, LCC0003, LCC0012, LCC1001 */
async function answer(flags: InitFlags, io: Io): Promise<Answers> {
  const [likely, ...others] = modelsIn(io.cwd);
  if (flags.model === undefined && !io.ask && others.length > 0)
    io.stderr(`model ${likely}; there are others, for --model: ${others.join(', ')}\n`);
  const model = await answerTo({
    flag: flags.model,
    question: 'Which model',
    usual: likely,
    check: (given) => requireModel(given, io.cwd),
    io,
  });
  const target = await answerTo({
    flag: flags.target,
    question: `Where does it run: ${Object.keys(targets).join(', ')}`,
    usual: defaultTarget,
    check: requireTarget,
    io,
  });
  const budget = await answerTo({
    flag: flags.budget,
    question: 'How large may the download be, such as 300 KB; empty for no limit',
    usual: undefined,
    check: requireSize,
    io,
  });
  return { model, target, budget: budget === '' ? undefined : budget };
}

interface Question {
  readonly flag: string | undefined;
  readonly question: string;
  /** what an empty answer means */
  readonly usual: string | undefined;
  /** throws an LccError where an answer is none */
  readonly check: (given: string) => void;
  readonly io: Io;
}

/** A person is told what is wrong with an answer, and asked again. */
async function answerTo({ flag, question, usual = '', check, io }: Question): Promise<string> {
  if (flag !== undefined || !io.ask) {
    const given = flag ?? usual;
    check(given);
    return given;
  }
  for (;;) {
    const given = (await io.ask(`${question}${usual === '' ? '' : ` (${usual})`}: `)).trim() || usual;
    try {
      check(given);
      return given;
    } catch (error) {
      if (!(error instanceof LccError)) throw error;
      io.stderr(`${error.message}\n`);
    }
  }
}

function requireModel(model: string, cwd: string): void {
  if (model === '') throw initNeedsModel(cwd);
  if (!existsSync(resolve(cwd, model))) throw modelNotFound(resolve(cwd, model));
}

function requireTarget(target: string): void {
  if (!isTargetName(target)) throw unknownChoice('target', target, Object.keys(targets));
}

function requireSize(budget: string): void {
  if (budget !== '' && !parseBytes(budget)) throw flagInvalid('--budget', budget, 'a size such as 300KB');
}

const endings = ['.onnx', 'model.json', 'recipe.ts'];

/** Likely models of a folder, best first. */
const modelsIn = (folder: string): string[] =>
  endings.flatMap((ending) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(ending))
      .sort(),
  );

function printConfig(model: string, target: string, hasBudget: boolean): string {
  return [
    "import { defineConfig } from 'lcc';",
    '',
    'export default defineConfig({',
    `  model: ${quote(model)},`,
    `  target: ${quote(target)},`,
    ...(hasBudget ? ["  budget: 'lcc.budget.json',"] : []),
    "  // To make it smaller, name inputs to measure on, and a limit: calibration: 'inputs.npz', maxSize: '300 KB'.",
    '});',
    '',
  ].join('\n');
}

const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

const schemaPath = './node_modules/lcc/compiler/6-budget/budget.schema.json';

const printBudget = (budget: string): string =>
  `${JSON.stringify({ $schema: schemaPath, total: { brotli: budget } }, undefined, 2)}\n`;
