import type { Browser } from 'playwright-core';
import { expect } from 'vitest';
import { run } from '../../compiler/cli/run.ts';
import type { CliResult } from './run-cli.ts';

/** A command that waits for a device, and a second browser that opens the address it tells, as a person with a phone would. */
export async function joinRemotely(argv: readonly string[], cwd: string, browser: Browser): Promise<CliResult> {
  const told: string[] = [];
  const out: string[] = [];
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  let opening: Promise<unknown> | undefined;
  const stderr = (text: string) => {
    told.push(text);
    const address = /^ {2}(https?:\S+)$/m.exec(text)?.[1];
    if (address !== undefined) opening = page.goto(address);
  };
  const code = await run(argv, { stdout: (text) => out.push(text), stderr, isTerminal: true, cwd });
  await opening;
  await expect.poll(() => page.locator('#state').textContent()).toContain('You may close this page.');
  await context.close();
  return { code, stdout: out.join(''), stderr: told.join('') };
}
