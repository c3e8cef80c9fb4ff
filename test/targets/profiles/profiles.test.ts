import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { kernelsVersion } from '../../../compiler/6-budget/calibrate/kernels.ts';
import { parseProfile, profiles, readProfile } from '../../../targets/profiles/index.ts';

const all = Object.entries(profiles);

describe('profiles that come with lcc', () => {
  test.each(all)('%s is named as its key, and survives its own JSON', (name, profile) => {
    expect(profile.name).toBe(name);
    expect(parseProfile(JSON.stringify(profile), 'x.json')).toEqual(profile);
  });

  test('those that are measured are of the present kernels; the others say how they were estimated', () => {
    for (const [, { origin }] of all) {
      if (origin.kind === 'measured') expect(origin.kernels).toBe(kernelsVersion);
      else expect(origin.reason).toMatch(/^server-core scaled to a .* GHz/);
    }
    expect(all.filter(([, { origin }]) => origin.kind === 'measured').map(([name]) => name)).toEqual(['server-core']);
  });

  test('phones are in order', () => {
    const rates = (['phone-low', 'phone-mid', 'phone-high'] as const).map((name) => profiles[name].wasm);
    for (const rate of ['float', 'integer', 'bandwidth', 'compile'] as const) {
      const values = rates.map((one) => one[rate]);
      expect(values).toEqual([...values].sort((a, b) => a - b));
    }
  });
});

describe('readProfile', () => {
  test('knows names, then files', async () => {
    expect(await readProfile('phone-mid')).toBe(profiles['phone-mid']);
    const folder = await mkdtemp(join(tmpdir(), 'lcc-profile-'));
    try {
      await writeFile(join(folder, 'mine.json'), JSON.stringify({ ...profiles.tv, name: 'mine' }));
      expect(await readProfile('mine.json', folder)).toEqual({ ...profiles.tv, name: 'mine' });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('tells what there is', async () => {
    await expect(readProfile('phone', tmpdir())).rejects.toThrow(
      'LCC6201: There is no device profile "phone", and no file of that name.\n  Next: Choose from phone-low, phone-mid, phone-high, laptop, tv, server-core, or name a file that lcc calibrate wrote.',
    );
  });
});

describe('parseProfile says what is wrong', () => {
  const good = profiles['phone-mid'];
  test.each([
    ['{', /JSON/],
    ['[]', 'it is not an object'],
    [{ ...good, name: '' }, 'name is not text'],
    [{ ...good, description: 5 }, 'description is not text'],
    [{ ...good, origin: undefined }, 'origin is not an object'],
    [{ ...good, origin: { kind: 'guessed' } }, 'origin.kind is neither "measured" nor "estimated"'],
    [{ ...good, origin: { kind: 'estimated' } }, 'origin.reason is not text'],
    [{ ...good, origin: { kind: 'measured', browser: 'x', cores: 0 } }, 'origin.cores is not a number above 0'],
    [{ ...good, wasm: { ...good.wasm, float: '8e9' } }, 'wasm.float is not a number above 0'],
    [{ ...good, wasm: { ...good.wasm, compile: -1 } }, 'wasm.compile is not a number above 0'],
    [{ ...good, webgpu: { ...good.webgpu, dispatch: null } }, 'webgpu.dispatch is not a number above 0'],
  ])('%j', (given, reason) => {
    const text = typeof given === 'string' ? given : JSON.stringify(given);
    const parse = () => parseProfile(text, 'mine.json');
    expect(parse).toThrow(/^LCC6202: This is not a device profile: /);
    expect(parse).toThrow(reason);
  });
});
