import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeWhole } from '../../compiler/data/write-whole.ts';

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
});
