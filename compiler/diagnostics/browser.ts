import { LccError } from './diagnostic.ts';

/* LCC6xxx: what is measured in a browser. */

export const noBrowser = () =>
  new LccError({
    code: 'LCC6001',
    what: 'No Chrome or Chromium was found.',
    remedy: 'Install one, set CHROME_PATH to its executable, or run npm install @sparticuz/chromium.',
  });

export const chromePathInvalid = (path: string) =>
  new LccError({
    code: 'LCC6002',
    what: 'CHROME_PATH does not name a file.',
    where: { file: path },
    remedy: 'Set it to the browser executable, or unset it to let lcc search.',
  });

export const browserDidNotStart = (path: string, reason: string) =>
  new LccError({
    code: 'LCC6003',
    what: `The browser did not start: ${reason}.`,
    where: { file: path },
    remedy: 'Run the executable by hand once: it names what it misses, often a system library.',
  });

export const pageFailed = (reason: string, log: readonly string[]) =>
  new LccError({
    code: 'LCC6004',
    what: `The page failed: ${reason}`,
    details: log,
    remedy: 'Open the bundle in a browser with its developer tools to see more.',
  });
