import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { sampleFolder } from './sample-folder.ts';

/** `node dist/test/harness/build-sample.js [name]`, from the repository: a sample's bundle, checked by its budget, and its page. */
const sample = sampleFolder('lcc.config.ts');
run(resolve('dist/compiler/cli/main.js'), 'build');
if (existsSync(join(sample, 'page'))) run(resolve('node_modules/typescript/bin/tsc'), '-p', 'page');

/** In the sample's folder; what fails ends the build with its exit code. */
function run(...command: readonly string[]): void {
  const { status } = spawnSync(process.execPath, command, { cwd: sample, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
