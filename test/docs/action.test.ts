import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { emitTiny } from '../harness/bundle-folder.ts';
import { repository } from '../harness/source-imports.ts';
import { tinyModel } from '../harness/tiny-model.ts';
import { codeBlocksOf, guides } from './markdown.ts';

interface Step {
  readonly name: string;
  readonly if?: string;
  readonly shell: string;
  readonly 'working-directory'?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly run: string;
}

interface Action {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly [install: Step, check: Step] };
}

const action: Action = parse(readFileSync(join(repository, 'action.yml'), 'utf8'));
const [install, check] = action.runs.steps;

/** A folder with two bundles, and lcc as it is in the sources. */
const home = mkdtempSync(join(tmpdir(), 'lcc action-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const program = join(home, 'lcc');
const summary = join(home, 'summary.md');

function writeProgram(file: string, script: string): void {
  writeFileSync(file, `#!/usr/bin/env bash\n${script}\n`);
  chmodSync(file, 0o755);
}

beforeAll(async () => {
  const files = await emitTiny(tinyModel());
  for (const bundle of ['dist/one', 'dist/two words']) {
    mkdirSync(join(home, bundle), { recursive: true });
    for (const [path, bytes] of files) writeFileSync(join(home, bundle, path), bytes);
  }
  const jiti = join(repository, 'node_modules/jiti/lib/jiti-cli.mjs');
  writeProgram(program, `exec "${process.execPath}" "${jiti}" "${join(repository, 'compiler/cli/main.ts')}" "$@"`);
});

type Inputs = Readonly<Record<string, string>>;

/** As the runner fills expressions in. */
const fill = (text: string, inputs: Inputs, actionPath: string): string =>
  text
    .replaceAll(/\$\{\{ inputs\.([\w-]+) \}\}/g, (_, name) => inputs[name] ?? action.inputs[name]?.default ?? '')
    .replaceAll(/\$\{\{ github\.action_path \}\}/g, () => actionPath);

/** Runs a step as a runner does: bash with -eo pipefail. */
function runStep({ run, env, ...step }: Step, inputs: Inputs, actionPath = repository, path = process.env.PATH) {
  writeFileSync(summary, '');
  const filled = Object.entries(env).map(([name, value]) => [name, fill(value, inputs, actionPath)]);
  const { status, stdout, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', '-c', run], {
    cwd: join(home, fill(step['working-directory'] ?? '.', inputs, actionPath)),
    env: { PATH: path, HOME: home, GITHUB_STEP_SUMMARY: summary, ...Object.fromEntries(filled) },
    encoding: 'utf8',
  });
  return { status, stdout, stderr, summary: readFileSync(summary, 'utf8') };
}

describe('action.yml', () => {
  test('takes its inputs by the environment, never in a script', () => {
    expect(action.runs.using).toBe('composite');
    for (const { run, shell } of action.runs.steps) {
      expect(shell).toBe('bash');
      expect(run).not.toContain('${{');
    }
  });

  test('uses every input, in variables that its scripts read', () => {
    const texts = action.runs.steps.flatMap((step) => [
      ...Object.entries(step.env).flatMap(([name, value]) => (step.run.includes(name) ? [value] : [])),
      step.if ?? '',
      step['working-directory'] ?? '',
    ]);
    const unused = Object.keys(action.inputs).filter((name) => !texts.some((text) => text.includes(`inputs.${name}`)));
    expect(unused).toEqual([]);
  });

  test('installs itself in its own folder', () => {
    const stand = join(home, 'stand in');
    mkdirSync(stand);
    writeProgram(join(stand, 'npm'), 'echo "$PWD: npm $*"');
    const { status, stdout } = runStep(install, {}, stand, `${stand}:${process.env.PATH}`);
    expect([status, stdout]).toEqual([0, `${stand}: npm ci --no-audit --no-fund\n`]);
  });

  test('annotates, and writes a summary', () => {
    const inputs = { lcc: program, bundles: 'dist/one\n', budget: '{ "total": "1 MB" }', reporters: 'junit=check.xml' };
    const { status, stdout, summary } = runStep(check, inputs);
    expect(stdout).toContain('::notice title=lcc check one::1 limit kept');
    expect(stdout).toMatch(/^total +\S+ \S?B/m);
    expect(summary).toContain('### one: ✅ within');
    expect(readFileSync(join(home, 'check.xml'), 'utf8')).toContain('<testsuite name="one" tests="1" failures="0"');
    expect(status).toBe(0);
  });

  test('fails where a bundle is over, of those that a pattern stands for', () => {
    const { status, stdout } = runStep(check, {
      lcc: program,
      bundles: 'dist/*',
      budget: '1 B',
      arguments: '--rounds\n10',
    });
    expect(status).toBe(1);
    expect(stdout.match(/^::error title=lcc check .*?::/gm)).toEqual([
      '::error title=lcc check one::',
      '::error title=lcc check two words::',
    ]);
  });

  test('tells where no bundle is there', () => {
    const { status, stdout } = runStep(check, { lcc: program, bundles: 'dist/none-*' });
    expect([status, stdout]).toEqual([2, '::error title=lcc check::No bundle is there: dist/none-*\n']);
  });

  test('runs nothing that an input says', () => {
    const trap = `$(touch trap); \`touch trap\`; "; touch trap; '`;
    const inputs = { lcc: program, bundles: `dist/one\n${trap}`, budget: trap, baseline: trap, device: trap };
    const { status, stderr } = runStep(check, inputs);
    expect([status, stderr.split(':')[0]]).toEqual([2, 'LCC6101']);
    expect(() => readFileSync(join(home, 'trap'))).toThrow();
  });
});

describe('the job for GitLab in docs/gate.md', () => {
  const gate = guides.find(({ path }) => path === 'docs/gate.md');
  const block = codeBlocksOf(gate?.text ?? '').find(({ text }) => text.includes('artifacts:'));
  const job: { script: readonly string[]; artifacts: { when: string; reports: { junit: string } } } = parse(
    block?.text ?? '',
  )['lcc check'];

  test('writes the report that it hands on', () => {
    mkdirSync(join(home, 'node_modules/.bin'), { recursive: true });
    writeProgram(join(home, 'node_modules/.bin/lcc'), `exec "${program}" "$@"`);
    writeFileSync(join(home, 'lcc.budget.json'), '{ "total": "1 MB" }');
    cpSync(join(home, 'dist/one'), join(home, 'dist/model'), { recursive: true });
    for (const line of job.script) {
      const { status, stderr } = spawnSync('bash', ['-e', '-c', line], { cwd: home, encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, '']);
    }
    expect(job.artifacts.when).toBe('always');
    expect(readFileSync(join(home, job.artifacts.reports.junit), 'utf8')).toContain('tests="1" failures="0"');
  });
});
