import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { findBrowser } from '../../../compiler/6-budget/browser/index.ts';
import { openLocal } from '../../../compiler/6-budget/device/local.ts';
import { describeInBrowser } from '../../harness/browser.ts';

const folder = mkdtempSync(join(tmpdir(), 'lcc-local-'));
afterAll(() => rmSync(folder, { recursive: true }));

const children = (): number => process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap').length;

describeInBrowser('this machine’s browser', () => {
  test.skipIf(process.platform === 'win32')('that reaches no page is closed, and why is told in one line', async () => {
    const { path, libraries = '' } = await findBrowser();
    const unreachable = '--proxy-server=127.0.0.1:1 --proxy-bypass-list="<-loopback>"';
    const script = `#!/bin/sh\nexport LD_LIBRARY_PATH="${libraries}"\nexec "${path}" "$@" ${unreachable}\n`;
    writeFileSync(join(folder, 'chrome'), script);
    chmodSync(join(folder, 'chrome'), 0o755);
    vi.stubEnv('CHROME_PATH', join(folder, 'chrome'));
    const before = children();
    await expect(openLocal('software')).rejects.toThrow(
      /^LCC6004: The page failed: net::ERR_PROXY_CONNECTION_FAILED at http:\S+\n {2}Next/,
    );
    expect(children()).toBe(before);
    vi.unstubAllEnvs();
  });
});
