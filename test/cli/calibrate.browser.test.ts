import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseProfile } from '../../targets/profiles/index.ts';
import { describeInBrowser } from '../harness/browser.ts';
import { joinRemotely } from '../harness/join-remotely.ts';
import { runCli } from '../harness/run-cli.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lcc-calibrate-'));
});
afterAll(() => rm(folder, { recursive: true }));

const readJson = async (name: string) => parseProfile(await readFile(join(folder, name), 'utf8'), name);

describeInBrowser('lcc calibrate', (browser) => {
  test('measures the browser of this machine and writes its profile', async () => {
    const { code, stdout } = await runCli(['calibrate', '--name', 'here'], folder);
    expect(code).toBe(0);
    const [description, ...lines] = stdout.trimEnd().split('\n');
    expect(description).toMatch(/^Chrome \d+ on Linux, \d+ cores$/);
    expect(lines.map((line) => line.replace(/[\d.]+ (?=[GM]B?[ /])/, '# '))).toEqual([
      'wasm  float32 SIMD           # G multiply-adds/s',
      '      int8 SIMD              # G multiply-adds/s',
      '      memory                 # GB/s',
      '      compile and first run  # MB/s',
      expect.stringMatching(/^webgpu not measured: /),
      join(folder, 'here.json'),
    ]);
    expect(await readJson('here.json')).toMatchObject({ name: 'here', description, origin: { kind: 'measured' } });
  });

  test('measures a device that opens the page', async () => {
    const argv = [
      'calibrate',
      '--remote',
      '--host',
      '127.0.0.1',
      '--description',
      'mine',
      '-o',
      'phone.json',
      '--json',
    ];
    const { code, stdout, stderr } = await joinRemotely(argv, folder, browser());
    expect(code).toBe(0);
    expect(stderr).toMatch(/[█▀▄]/);
    expect(stderr).toContain('The browser warns of the certificate');
    expect(stderr).toMatch(/^Chrome \d+ on Linux joined$/m);
    const { file, profile, webgpu } = JSON.parse(stdout);
    expect(file).toBe(join(folder, 'phone.json'));
    expect(webgpu.reason).toMatch(/^the adapter .* is software$/);
    expect(await readJson('phone.json')).toEqual(profile);
    expect(profile).toMatchObject({ name: expect.stringMatching(/^chrome-\d+-on-linux$/), description: 'mine' });
  });

  test('says over plain http that only wasm is measured', async () => {
    const argv = ['calibrate', '--remote', '--http', '--host', '127.0.0.1', '--name', 'plain'];
    const { code, stderr } = await joinRemotely(argv, folder, browser());
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^ {2}http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/\nOver plain http browsers hide WebGPU: only wasm is measured\.$/m,
    );
    expect((await readJson('plain.json')).name).toBe('plain');
  });
});

test('flags that mean nothing are refused before anything is opened', async () => {
  const before = await readdir(folder);
  const refusals: readonly (readonly [readonly string[], string])[] = [
    [['--name', 'phone-mid'], 'LCC0002: --name takes a name that no profile of lcc has.'],
    [['--name', 'my phone'], 'LCC0002: --name takes letters, digits, dots and dashes.'],
    [['--gpu', 'fast'], 'LCC0003: There is no GPU "fast".'],
    [['--remote', '--port', '70000'], 'LCC0002: --port takes a number up to 65535.'],
    [['--webdriver', 'here'], 'LCC0002: --webdriver takes a URL.'],
    [['--webdriver', 'http://127.0.0.1:9', '--capabilities', '[]'], 'LCC0002: --capabilities takes a JSON object.'],
  ];
  for (const [flags, message] of refusals) {
    const { code, stderr } = await runCli(['calibrate', ...flags], folder);
    expect([code, stderr.split('\n')[0]]).toEqual([2, message]);
  }
  expect(await readdir(folder)).toEqual(before);
});
