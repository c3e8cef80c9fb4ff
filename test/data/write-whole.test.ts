import { execFileSync } from 'node:child_process';
import {
  lstatSync,
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
import { afterAll, describe, expect, it } from 'vitest';
import { writeWhole } from '../../compiler/data/write-whole.ts';
import { repository } from '../harness/source-imports.ts';

const folder = mkdtempSync(join(tmpdir(), 'lcc-whole-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('writeWhole', () => {
  it('takes the place of what was there', () => {
    const file = join(folder, 'plan.json');
    writeFileSync(file, 'old');
    writeWhole(file, 'new');
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(readdirSync(folder)).toEqual(['plan.json']);
  });

  it('leaves nothing where the place cannot be taken', () => {
    const taken = join(folder, 'taken');
    mkdirSync(join(taken, 'by', 'folders'), { recursive: true });
    expect(() => writeWhole(taken, Uint8Array.of(1))).toThrow(/EISDIR|ENOTEMPTY|EEXIST|EPERM/);
    expect(readdirSync(folder).sort()).toEqual(['plan.json', 'taken']);
  });

  it('follows links, also to what is not there yet', () => {
    const place = join(folder, 'links');
    mkdirSync(join(place, 'real'), { recursive: true });
    symlinkSync('real', join(place, 'folder'));
    symlinkSync(join('..', 'plan.json'), join(place, 'real', 'plan.json'));
    symlinkSync('made.json', join(place, 'plan.json'));
    writeWhole(join(place, 'folder', 'plan.json'), 'first');
    writeWhole(join(place, 'folder', 'plan.json'), 'second');
    expect(readFileSync(join(place, 'made.json'), 'utf8')).toBe('second');
    expect(lstatSync(join(place, 'real', 'plan.json')).isSymbolicLink()).toBe(true);
    expect(lstatSync(join(place, 'plan.json')).isSymbolicLink()).toBe(true);
    expect(readdirSync(place).sort()).toEqual(['folder', 'made.json', 'plan.json', 'real']);
  });

  it.skipIf(process.platform === 'win32')('writes to devices as they are', () => {
    const link = join(folder, 'null');
    symlinkSync('/dev/null', link);
    writeWhole(link, 'gone');
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  it.skipIf(process.platform === 'win32').each([
    ['a pipe', '| cat >'],
    ['a file', '>'],
  ])('writes to its own output, which is %s', (_, into) => {
    const link = join(folder, 'stdout');
    symlinkSync('/dev/stdout', link);
    const script = `
      import { createJiti } from 'jiti';
      const { writeWhole } = await createJiti(import.meta.url, { fsCache: false }).import(process.argv[1]);
      process.stdout.write('before, ');
      writeWhole(process.argv[2], 'whole');
      process.stdout.write(', after');`;
    const source = join(repository, 'compiler/data/write-whole.ts');
    const program = `"$0" --input-type=module --eval "$1" "$2" "$3" ${into} "$4"`;
    const file = join(folder, 'printed');
    execFileSync('sh', ['-c', program, process.execPath, script, source, link, file], { cwd: repository });
    expect(readFileSync(file, 'utf8')).toBe('before, whole, after');
    for (const made of [link, file]) rmSync(made);
  });
});
