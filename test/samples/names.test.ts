import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { repository } from '../harness/source-imports.ts';

const started = (script: string, name: string) => {
  const { status, stdout, stderr } = spawnSync('node_modules/.bin/jiti', [`test/harness/${script}.ts`, name], {
    cwd: repository,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
};

test.each([
  ['build-sample', 'nope', 'There is no sample "nope". Choose from digits, face, fashion-20kb, keyword, '],
  ['serve-sample', 'nope', 'There is no sample "nope" with a page. Choose from digits, face, keyword, sentiment.\n'],
  ['serve-sample', 'mnist-10kb', 'There is no sample "mnist-10kb" with a page. Choose from digits, face, keyword, '],
])('%s %s says which samples there are', (script, name, message) => {
  const { status, stdout, stderr } = started(script, name);
  expect([status, stdout, stderr.slice(0, message.length)]).toEqual([2, '', message]);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
});
