import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fillFolder } from '../../../compiler/6-budget/browser/fill-folder.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lcc-fill-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const writing = (text: string) => async (staging: string) => writeFileSync(join(staging, 'a'), text);

describe('fillFolder', () => {
  test('fills once', async () => {
    const folder = join(root, 'browser');
    await fillFolder(folder, writing('first'));
    await fillFolder(folder, writing('second'));
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('first');
    expect(readdirSync(root)).toEqual(['browser']);
  });

  test('leaves nothing where filling fails', async () => {
    const failing = async (staging: string) => {
      writeFileSync(join(staging, 'half'), '');
      throw new Error('no space');
    };
    await expect(fillFolder(join(root, 'browser'), failing)).rejects.toThrow('no space');
    expect(readdirSync(root)).toEqual([]);
  });

  test('of two at once, one wins and neither fails', async () => {
    const folder = join(root, 'browser');
    await Promise.all([fillFolder(folder, writing('one')), fillFolder(folder, writing('two'))]);
    expect(existsSync(join(folder, 'a'))).toBe(true);
    expect(readdirSync(root)).toEqual(['browser']);
  });
});
