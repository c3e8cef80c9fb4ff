import { afterEach, expect, test, vi } from 'vitest';
import type { Finding } from '../../compiler/cli/doctor.ts';
import { describeInBrowser } from '../harness/browser.ts';
import { runCli } from '../harness/run-cli.ts';

afterEach(() => vi.unstubAllEnvs());

const findings = async (): Promise<Record<string, Finding>> => {
  const { stdout } = await runCli(['doctor', '--json'], '.');
  return Object.fromEntries(JSON.parse(stdout).map((finding: Finding) => [finding.name, finding]));
};

describeInBrowser('on a machine with a browser', () => {
  test('doctor finds it, its WebGPU adapter and relaxed SIMD', async () => {
    const found = await findings();
    for (const name of ['Node', 'Browser', 'WebGPU', 'Relaxed SIMD', 'onnxruntime-web']) {
      expect(found[name]).toMatchObject({ isFound: true });
    }
  });
});

test('without a browser doctor says what to do, and building still works', async () => {
  vi.stubEnv('CHROME_PATH', '/nowhere/chrome');
  const { stdout } = await runCli(['doctor'], '.');
  expect(
    stdout,
  ).toContain(`without  Browser           CHROME_PATH does not name a file. Without one there are no times in lcc check, lcc report, bench and calibrate.
                           Next: Set it to the browser executable, or unset it to let lcc search.`);
  const found = await findings();
  expect(found.Browser).toMatchObject({ isRequired: false });
  expect(found.Training!.text).toMatch(/^on (wasm|webgpu|tfjs-node(-gpu)?): /);
});
