import { type Command, CommanderError, Command as Program } from 'commander';
import { createColors } from 'picocolors';
import { bug, LccError } from '../diagnostics/index.ts';
import { version } from '../version.ts';
import { benchCommand } from './bench.ts';
import { buildCommand } from './build.ts';
import { calibrateCommand } from './calibrate.ts';
import { checkCommand } from './check.ts';
import { doctorCommand } from './doctor.ts';
import { initCommand } from './init.ts';
import { inspectCommand } from './inspect.ts';
import type { ExitCode, Io } from './io.ts';
import { reportCommand } from './report.ts';
import { targetsCommand } from './targets.ts';
import { trainCommand } from './train.ts';

/** A command; `finish` takes the exit code of its work. */
export type MakeCommand = (io: Io, finish: (code: ExitCode) => void) => Command;

/** Every command, in the order of `lcc --help`. */
const commands: readonly MakeCommand[] = [
  initCommand,
  buildCommand,
  trainCommand,
  checkCommand,
  inspectCommand,
  benchCommand,
  calibrateCommand,
  reportCommand,
  targetsCommand,
  doctorCommand,
];

const examples = `
Examples:
  lcc build model.onnx                            into dist/model, for phones
  lcc build model.onnx --shape input=1,3,224,224  bind an input's free dimensions
  lcc build model.onnx --budget 300KB             and fail when the download is larger
  lcc train recipe.ts --data data -o model.onnx   train a network for compression
  lcc check dist/model --budget budget.json       check an earlier bundle
  lcc inspect model.onnx --after ingest           see the model as lcc reads it

Exit code: 0 done and within budget, 1 over budget, 2 cannot do it, 3 a bug in lcc.`;

/** The whole command line as a function. @param argv without node and script. Never throws. */
export async function run(argv: readonly string[], io: Io): Promise<ExitCode> {
  let code: ExitCode = 0;
  const program = makeProgram(io, (result) => (code = result));
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    return fail(error, argv, io);
  }
}

/** `lcc` with all its commands: their arguments, options and help. */
export function makeProgram(io: Io, finish: (code: ExitCode) => void): Command {
  const program = new Program('lcc')
    .description('Compiles ONNX and TensorFlow.js models into self-contained web bundles: wasm and WebGPU, no runtime.')
    .version(version, '-V, --version', 'print the version')
    .helpCommand(false)
    .addHelpText('after', examples);
  for (const make of commands) program.addCommand(make(io, finish));
  for (const command of [program, ...program.commands]) {
    command
      .helpOption('-h, --help', 'print this help')
      .exitOverride()
      .configureHelp({ helpWidth: 100 })
      .configureOutput({ writeOut: io.stdout, writeErr: io.stderr, getOutHasColors: () => false });
  }
  return program;
}

/** Tells a failure on stderr, and as JSON on stdout where that was asked for. */
function fail(error: unknown, argv: readonly string[], io: Io): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const isKnown = error instanceof LccError;
  const failure = isKnown ? error : bug(error instanceof Error ? error.message : String(error), error);
  const colors = createColors(io.isTerminal);
  const [first = '', ...rest] = failure.message.split('\n');
  io.stderr(`${[colors.red(first), ...rest].join('\n')}\n`);
  if (failure.exitCode === 3) io.stderr(`${stackOf(failure)}\n`);
  if (argv.includes('--json')) io.stdout(`${JSON.stringify({ error: failure.diagnostic }, undefined, 2)}\n`);
  return failure.exitCode;
}

function stackOf(failure: LccError): string {
  const { cause } = failure;
  return (cause instanceof Error ? cause.stack : failure.stack) ?? '';
}
