import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readBudget } from '../../compiler/6-budget/parse-budget.ts';
import { run } from '../../compiler/cli/run.ts';
import { readBuildModule } from '../../compiler/settings/read-config.ts';
import { runCli } from '../harness/run-cli.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lcc-init-'));
  writeFileSync(join(folder, "it's.onnx"), 'x');
});
afterEach(() => rmSync(folder, { recursive: true }));

const read = (name: string) => readFileSync(join(folder, name), 'utf8');

describe('lcc init', () => {
  test('asks three questions, proposing what the folder has', async () => {
    const questions: string[] = [];
    const answers = ['', 'mobile-wasm', '300 KB'];
    const ask = async (question: string) => {
      questions.push(question);
      return answers.shift() ?? '';
    };
    const io = { stdout: () => {}, stderr: () => {}, isTerminal: true, cwd: folder, ask };
    expect(await run(['init'], io)).toBe(0);
    expect(questions[0]).toBe("Which model (it's.onnx): ");
    expect(questions).toHaveLength(3);
    const { config } = (await readBuildModule(join(folder, 'lcc.config.ts'))) as { config: unknown };
    expect(config).toEqual({ model: "it's.onnx", target: 'mobile-wasm', budget: 'lcc.budget.json' });
    expect(readBudget(join(folder, 'lcc.budget.json')).limits).toEqual([
      { measure: 'total', encoding: 'brotli', limit: 300_000 },
    ]);
  });

  test('says at once what is wrong with an answer, and asks again', async () => {
    const said: string[] = [];
    const answers = ['none.onnx', '', 'moon', 'node', 'big', '0', '20 KB'];
    const io = {
      stdout: () => {},
      stderr: (text: string) => said.push(text.split('\n')[0] ?? ''),
      isTerminal: true,
      cwd: folder,
      ask: async (question: string) => {
        said.push(question.slice(0, 5));
        return answers.shift() ?? '';
      },
    };
    expect(await run(['init'], io)).toBe(0);
    expect(said).toEqual([
      'Which',
      expect.stringMatching(/^LCC1001: /),
      'Which',
      'Where',
      'LCC0003: There is no target "moon".',
      'Where',
      'How l',
      'LCC0002: --budget takes a size such as 300KB.',
      'How l',
      'LCC0002: --budget takes a size such as 300KB.',
      'How l',
    ]);
    expect(read('lcc.config.ts')).toContain("target: 'node'");
    expect(readBudget(join(folder, 'lcc.budget.json')).limits).toMatchObject([{ limit: 20_000 }]);
  });

  test('where nobody can be asked, names the model that it takes of several', async () => {
    const told = async (...flags: string[]) => (await runCli(['init', ...flags], folder)).stderr;
    writeFileSync(join(folder, 'a.onnx'), 'x');
    writeFileSync(join(folder, 'recipe.ts'), 'x');
    expect(await told('--budget', 'big', '--model', "it's.onnx")).not.toContain('there are others');
    expect(await told()).toBe("model a.onnx; there are others, for --model: it's.onnx, recipe.ts\n");
    expect(read('lcc.config.ts')).toContain("model: 'a.onnx'");
  });

  test('flags answer for a person, and without a limit there is no budget', async () => {
    const { code, stdout } = await runCli(['init', '--target', 'node'], folder);
    expect([code, stdout]).toEqual([0, 'wrote lcc.config.ts\nNext: lcc build\n']);
    expect(readdirSync(folder).sort()).toEqual(["it's.onnx", 'lcc.config.ts']);
    expect(read('lcc.config.ts')).toContain("target: 'node'");
  });

  test.each([
    [['--model', 'none.onnx'], 'LCC1001'],
    [['--target', 'moon'], 'LCC0003: There is no target "moon".'],
    [['--budget', 'big'], 'LCC0002: --budget takes a size such as 300KB.'],
    [['--budget', '0'], 'LCC0002: --budget takes a size such as 300KB.'],
  ])('%j writes nothing', async (flags, message) => {
    const { code, stderr } = await runCli(['init', ...flags], folder);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(readdirSync(folder)).toEqual(["it's.onnx"]);
  });

  test('says where it cannot write', async () => {
    symlinkSync(join('none', 'lcc.config.ts'), join(folder, 'lcc.config.ts'));
    const { code, stdout, stderr } = await runCli(['init', '--target', 'node'], folder);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`LCC0013: The configuration cannot be written: ENOENT`);
    expect(stderr).toContain(
      `  at ${join(folder, 'lcc.config.ts')}\n  Next: Run lcc init in a folder that can be written.`,
    );
  });

  test('writes over nothing', async () => {
    writeFileSync(join(folder, 'lcc.budget.json'), '"1KB"');
    expect((await runCli(['init', '--budget', '2KB'], folder)).stderr).toContain('LCC0011');
    expect(readdirSync(folder).sort()).toEqual(["it's.onnx", 'lcc.budget.json']);
    writeFileSync(join(folder, 'lcc.config.ts'), 'export default 1');
    expect((await runCli(['init'], folder)).stderr).toContain('LCC0011: There is one already');
    expect(read('lcc.config.ts')).toBe('export default 1');
  });

  test('a folder without models says so', async () => {
    rmSync(join(folder, "it's.onnx"));
    expect((await runCli(['init'], folder)).stderr).toContain('LCC0012: No model was named, and this folder has none.');
  });
});
