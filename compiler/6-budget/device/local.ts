import { browserOf } from '../browser/browser-of.ts';
import { launchBrowser, runInPage } from '../browser/index.ts';
import type { Device } from './device.ts';

const askName = 'export default () => navigator.userAgent;';

/** This machine's browser, headless. @throws LccError LCC6001 to LCC6004 */
export async function openLocal(gpu: 'software' | 'hardware'): Promise<Device> {
  const browser = await launchBrowser({ gpu });
  const run: Device['run'] = (page) => runInPage(browser, page);
  const close = () => browser.close();
  try {
    return { name: browserOf(String(await run({ module: askName }))), run, close };
  } catch (error) {
    await close();
    throw error;
  }
}
