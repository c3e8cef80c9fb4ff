import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { version } from '../../compiler/version.ts';
import { runCli } from '../harness/run-cli.ts';
import { repository } from '../harness/source-imports.ts';

describe('help', () => {
  test.each([
    [],
    ['build'],
    ['train'],
    ['check'],
    ['inspect'],
    ['bench'],
    ['calibrate'],
    ['report'],
    ['targets'],
    ['doctor'],
  ])('lcc %s', async (...command) => {
    const { code, stdout, stderr } = await runCli([...command, '--help'], repository);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatchSnapshot();
  });

  test('without a command the help goes to stderr', async () => {
    const { code, stdout, stderr } = await runCli([], repository);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Usage: lcc');
  });
});

describe('what cannot be done', () => {
  test.each([
    [['buidl'], "error: unknown command 'buidl'\n(Did you mean build?)\n"],
    [['build', '--without-loss'], "error: unknown option '--without-loss'\n"],
    [['check'], "error: missing required argument 'bundle'\n"],
    [['targets', 'more'], "error: too many arguments for 'targets'. Expected 0 arguments but got 1.\n"],
  ])('%j', async (argv, message) => {
    expect(await runCli(argv, repository)).toEqual({ code: 2, stdout: '', stderr: message });
  });

  test('colour is for terminals', async () => {
    const argv = ['build', 'm.onnx', '--target', 'fridge'];
    const [plain, coloured] = [await runCli(argv, repository), await runCli(argv, repository, true)];
    expect(plain.stderr).not.toContain('\u001b');
    expect(coloured.stderr).toContain('\u001b[31mLCC0003');
  });
});

describe('targets', () => {
  test('are listed with their backends', async () => {
    const { code, stdout } = await runCli(['targets'], repository);
    expect(code).toBe(0);
    expect(stdout).toMatchSnapshot();
  });

  test('as JSON', async () => {
    const { stdout } = await runCli(['targets', '--json'], repository);
    const { targets, profiles } = JSON.parse(stdout);
    expect(targets.map(({ name }: { name: string }) => name)).toContain('embedded-wasm');
    expect(profiles.map(({ name }: { name: string }) => name)).toContain('phone-mid');
  });
});

test('the version is that of the package', async () => {
  const { version: packaged } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
  expect(version).toBe(packaged);
  expect((await runCli(['--version'], repository)).stdout).toBe(`${version}\n`);
});
