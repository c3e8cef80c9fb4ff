import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeFolder } from '../../compiler/5-emit/write-folder.ts';
import { repository } from '../harness/source-imports.ts';

const text = (content: string) => new TextEncoder().encode(content);
const manifest = text('{"generator":"lcc 0.1.0"}');
let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lcc-write-'));
});
afterEach(() => rmSync(root, { recursive: true }));

test('makes the folder and those above it, with files in subfolders', async () => {
  await writeFolder(join(root, 'a/b/out'), new Map([['sub/x.txt', text('x')]]));
  expect(readFileSync(join(root, 'a/b/out/sub/x.txt'), 'utf8')).toBe('x');
  expect(readdirSync(join(root, 'a/b'))).toEqual(['out']);
});

test('replaces an earlier bundle whole', async () => {
  const out = join(root, 'out');
  await writeFolder(
    out,
    new Map([
      ['lcc.json', manifest],
      ['old.js', text('1')],
    ]),
  );
  await writeFolder(
    out,
    new Map([
      ['lcc.json', manifest],
      ['new.js', text('2')],
    ]),
  );
  expect(readdirSync(out).sort()).toEqual(['lcc.json', 'new.js']);
  expect(readdirSync(root)).toEqual(['out']);
});

test('takes an empty folder, through a link too', async () => {
  mkdirSync(join(root, 'real'));
  symlinkSync(join(root, 'real'), join(root, 'link'));
  await writeFolder(join(root, 'link'), new Map([['lcc.json', manifest]]));
  expect(existsSync(join(root, 'real/lcc.json'))).toBe(true);
});

test.each([
  ['a folder with other files', () => writeFileSync(join(root, 'mine.txt'), 'keep')],
  ['a folder whose lcc.json is not ours', () => writeFileSync(join(root, 'lcc.json'), '{"generator":"other"}')],
])('leaves %s alone', async (_, fill) => {
  fill();
  const before = readdirSync(root);
  await expect(writeFolder(root, new Map([['lcc.json', manifest]]))).rejects.toThrow('LCC5001');
  expect(readdirSync(root)).toEqual(before);
});

test('leaves a file in its place alone', async () => {
  writeFileSync(join(root, 'file'), 'keep');
  await expect(writeFolder(join(root, 'file'), new Map())).rejects.toThrow('LCC5001');
});

test('a write that fails leaves the earlier bundle', async () => {
  const out = join(root, 'out');
  await writeFolder(
    out,
    new Map([
      ['lcc.json', manifest],
      ['a', text('1')],
    ]),
  );
  await expect(
    writeFolder(
      out,
      new Map([
        ['a', text('2')],
        ['a/b', text('3')],
      ]),
    ),
  ).rejects.toThrow('LCC5003: The output folder cannot be written: ');
  expect(readdirSync(out).sort()).toEqual(['a', 'lcc.json']);
  expect(readFileSync(join(out, 'a'), 'utf8')).toBe('1');
  expect(readdirSync(root)).toEqual(['out']);
});

test('of several that write one folder for the first time, none fails and one wins', async () => {
  const out = join(root, 'out');
  const contents = Array.from({ length: 20 }, (_, i) => text(`${i}`));
  const written = await Promise.allSettled(
    contents.map((content) =>
      writeFolder(
        out,
        new Map([
          ['lcc.json', manifest],
          ['which.txt', content],
        ]),
      ),
    ),
  );
  expect(written.filter(({ status }) => status === 'rejected')).toEqual([]);
  expect(contents).toContainEqual(text(readFileSync(join(out, 'which.txt'), 'utf8')));
  expect(readdirSync(root)).toEqual(['out']);
});

test('an interrupt waits for a write under way', async () => {
  const out = join(root, 'out');
  await writeFolder(out, new Map([['lcc.json', manifest]]));
  const script = `
    import { createJiti } from 'jiti';
    const { writeFolder } = await createJiti(import.meta.url, { fsCache: false }).import(process.argv[1]);
    const files = Array.from({ length: 500 }, (_, i) => ['f' + i, new Uint8Array(10_000)]);
    const mark = new TextEncoder().encode('{"generator":"lcc 0.1.0"}');
    process.send('ready');
    await writeFolder(process.argv[2], new Map([...files, ['lcc.json', mark]]));
    process.send('not interrupted');`;
  const source = fileURLToPath(new URL('../../compiler/5-emit/write-folder.ts', import.meta.url));
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script, source, out], {
    cwd: repository,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const messages: unknown[] = [];
  child.on('message', (message) => {
    messages.push(message);
    // The staging folder shows that the write has begun.
    const watch = setInterval(() => {
      if (readdirSync(root).length > 1) {
        clearInterval(watch);
        child.kill('SIGINT');
      }
    }, 1);
  });
  const [, signal] = await once(child, 'exit');
  expect([signal, messages]).toEqual(['SIGINT', ['ready']]);
  expect(readdirSync(root)).toEqual(['out']);
  expect(readdirSync(out).length).toBe(501);
});
