import type { Browser, BrowserContext } from 'playwright-core';
import { pageFailed } from '../../diagnostics/browser.ts';
import { type Site, serve } from './serve.ts';

export interface PageRun extends Site {
  /** an ES module's source; its default export is called with `argument` and may be async */
  readonly module: string;
  /** plain data: numbers (NaN and infinities too), strings, arrays, objects, typed arrays */
  readonly argument?: unknown;
  /** milliseconds; default 60,000 */
  readonly timeout?: number;
  readonly onConsole?: (line: string) => void;
}

const start = `globalThis.lccRun = import('/lcc-page.js').then((page) => page.default);
globalThis.lccRun.catch(() => {});`;

/**
 * Serves the site on a fresh origin, opens a page, calls the module's default export and returns its result:
 * plain data as for `argument`. Works under a content security policy, since nothing is evaluated from text.
 * @throws LccError LCC6004 with the page's console when it throws or runs out of time
 */
export async function runInPage(browser: Browser, run: PageRun): Promise<unknown> {
  const server = await serve({
    folders: run.folders ?? {},
    headers: run.headers ?? {},
    files: {
      '/index.html': '<!doctype html><meta charset="utf-8"><script type="module" src="/lcc-start.js"></script>',
      '/favicon.ico': '',
      '/lcc-start.js': start,
      '/lcc-page.js': run.module,
      ...run.files,
    },
  });
  const log: string[] = [];
  let context: BrowserContext | undefined;
  try {
    context = await browser.newContext();
    const page = await context.newPage();
    page.on('console', (message) => {
      log.push(message.text());
      run.onConsole?.(message.text());
    });
    page.on('pageerror', (error) => log.push(error.message));
    await page.goto(`${server.url}/`, { waitUntil: 'load' });
    const result = page.evaluate(callPage, run.argument);
    return await Promise.race([result, rejectLater(run.timeout ?? 60_000)]);
  } catch (error) {
    throw pageFailed(reasonOf(error), log);
  } finally {
    await context?.close();
    await server.close();
  }
}

/** Without what Playwright puts around it: its call, its steps, and all that a browser that is gone ever wrote. */
const reasonOf = (error: unknown): string =>
  error instanceof Error
    ? error.message.replace(/^[a-z]+\.\w+: /i, '').replace(/\n(Browser logs|Call log):.*/s, '')
    : String(error);

type PageFunction = (argument: unknown) => unknown;

const callPage = (argument: unknown) =>
  (globalThis as { lccRun?: Promise<PageFunction> }).lccRun?.then((run) => run(argument));

function rejectLater(ms: number): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`no answer after ${ms / 1000} s`)), ms).unref();
  });
}
