import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe } from 'vitest';
import { findBrowser, launchBrowser } from '../../compiler/6-budget/browser/index.ts';

const found = await findBrowser().catch((error: Error) => {
  console.warn(`Browser tests are skipped. ${error.message}`);
  return undefined;
});

/** A suite with one browser of its own; reported as skipped on a machine without one. */
export function describeInBrowser(name: string, suite: (browser: () => Browser) => void): void {
  describe.skipIf(found === undefined)(name, () => {
    let browser: Browser | undefined;
    beforeAll(async () => {
      browser = await launchBrowser(found === undefined ? {} : { browser: found });
    });
    afterAll(() => browser?.close());
    suite(() => {
      if (browser === undefined) throw new Error('the browser is there only inside a test');
      return browser;
    });
  });
}
