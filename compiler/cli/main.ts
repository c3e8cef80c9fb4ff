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

process.exitCode = await run(process.argv.slice(2), {
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  isTerminal: process.stderr.isTTY === true,
  ...(process.stdin.isTTY === true && { ask }),
  cwd: process.cwd(),
});
