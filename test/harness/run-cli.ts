import type { ExitCode } from '../../compiler/cli/io.ts';
import { run } from '../../compiler/cli/run.ts';

export interface CliResult {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line as a function, its output kept. */
export async function runCli(argv: readonly string[], cwd: string, isTerminal = false): Promise<CliResult> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await run(argv, {
    stdout: (text) => out.push(text),
    stderr: (text) => err.push(text),
    isTerminal,
    cwd,
  });
  return { code, stdout: out.join(''), stderr: err.join('') };
}
