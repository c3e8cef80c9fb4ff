import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPlan, writePlan } from '../../compiler/settings/plan-file.ts';

const decisions = [
  { pass: 'truncate-rank', place: 'fc1 "out"', level: 'rank 8' },
  { pass: 'quantize-weights', place: 'fc1.w', level: 'int8' },
];

describe('a plan file', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lcc-plan-file-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('comes back as it was written, and leaves nothing beside it', async () => {
    const file = join(folder, 'plan.json');
    expect(await readPlan(file)).toBeUndefined();
    writePlan(file, decisions);
    expect(await readPlan(file)).toEqual(decisions);
    expect(await readdir(folder)).toEqual(['plan.json']);
  });

  it('given as decisions is what it is', async () => {
    expect(await readPlan(decisions)).toBe(decisions);
    expect(await readPlan(undefined)).toBeUndefined();
  });

  it.each([
    ['{', 'LCC3004: The plan cannot be read: '],
    ['{}', 'it has no list "decisions"'],
    ['{"decisions": [{"pass": "x", "place": 3, "level": ""}]}', 'decision 0 lacks pass, place or level'],
  ])('is refused when it is %s', async (text, message) => {
    const file = join(folder, 'bad.json');
    await writeFile(file, text);
    await expect(readPlan(file)).rejects.toThrow(message);
  });

  it('cannot be written where there is no folder', async () => {
    expect(() => writePlan(join(folder, 'none', 'plan.json'), decisions)).toThrow('LCC3005');
  });
});
