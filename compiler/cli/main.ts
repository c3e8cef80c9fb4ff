#!/usr/bin/env node
import { createInterface } from 'node:readline/promises';
import { run } from './run.ts';

/** Ctrl-C and Ctrl-D leave, as they do anywhere. */
async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const leave = (): never => {
    process.stderr.write('\n');
    process.exit(130);
  };
  terminal.once('SIGINT', leave).once('close', leave);
  const answer = await terminal.question(question);
  terminal.off('close', leave).close();
  return answer;
}

/** A reader that leaves early, such as `head`, is no failure: the work goes on, for its exit code. */
function allowEarlyEnd(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

process.stdout.on('error', allowEarlyEnd);
process.stderr.on('error', allowEarlyEnd);
process.exitCode = await run(process.argv.slice(2), {
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  isTerminal: process.stderr.isTTY === true,
  ...(process.stdin.isTTY === true && { ask }),
  cwd: process.cwd(),
});
