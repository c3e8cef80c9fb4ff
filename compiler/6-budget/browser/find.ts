import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromePathInvalid, noBrowser } from '../../diagnostics/browser.ts';
import { unpackCarriedBrowser } from './unpack-carried.ts';

export interface FoundBrowser {
  readonly path: string;
  readonly from: 'CHROME_PATH' | 'installed' | '@sparticuz/chromium';
  /** folder of shared libraries it needs beside the system's */
  readonly libraries?: string;
}

const commands = ['google-chrome-stable', 'google-chrome', 'chromium', 'chromium-browser', 'chrome', 'microsoft-edge'];

const fixedPlaces = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ...[process.env.PROGRAMFILES, process.env['PROGRAMFILES(X86)'], process.env.LOCALAPPDATA]
    .filter((folder) => folder !== undefined)
    .map((folder) => join(folder, 'Google', 'Chrome', 'Application', 'chrome.exe')),
];

/**
 * CHROME_PATH, then an installed Chrome or Chromium, then the browser inside the package @sparticuz/chromium.
 * @throws LccError LCC6001 when there is none, LCC6002 when CHROME_PATH names nothing
 */
export async function findBrowser(): Promise<FoundBrowser> {
  const chosen = process.env.CHROME_PATH;
  if (chosen !== undefined && chosen !== '') {
    if (!existsSync(chosen)) throw chromePathInvalid(chosen);
    return { path: chosen, from: 'CHROME_PATH' };
  }
  const folders = (process.env.PATH ?? '').split(delimiter);
  const places = [...commands.flatMap((name) => folders.map((folder) => join(folder, name))), ...fixedPlaces];
  const installed = places.find(isExecutable);
  if (installed !== undefined) return { path: installed, from: 'installed' };
  const carried = await unpackCarriedBrowser();
  if (carried !== undefined) return { ...carried, from: '@sparticuz/chromium' };
  throw noBrowser();
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
