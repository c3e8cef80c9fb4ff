import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { budgetFrom, placeData } from '../../compiler/settings/place-settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'lcc-place-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('data, plans, caches, profiles and modules of metrics start from the folder; names of metrics and profiles stay', () => {
  expect(
    placeData(
      {
        calibration: 'a.npy?limit=2',
        evaluation: '/b.npy',
        metric: 'score.ts',
        device: 'my-phone.json',
        plan: 'plan.json',
        cache: 'kept',
      },
      '/app',
    ),
  ).toEqual({
    calibration: '/app/a.npy?limit=2',
    evaluation: '/b.npy',
    metric: '/app/score.ts',
    device: '/app/my-phone.json',
    plan: '/app/plan.json',
    cache: '/app/kept',
  });
  const named = { metric: 'top-1', device: 'phone-low' };
  expect(placeData(named, '/app')).toEqual(named);
});

test.each(['budget.json', 'budgets/web', ' budgets/web '])('the budget file "%s" starts from the folder', (path) => {
  mkdirSync(join(folder, 'budgets'), { recursive: true });
  for (const name of ['budget.json', 'budgets/web']) writeFileSync(join(folder, name), '{"code": "30 KB"}');
  expect(budgetFrom(path, folder)).toEqual(budgetFrom({ code: '30 KB' }, folder));
});

test('a budget file that is not there is named whole; sizes and JSON are no files', () => {
  expect(() => budgetFrom('none', folder)).toThrow(
    `LCC6101: The budget file cannot be read: ENOENT: no such file or directory, open '${join(folder, 'none')}'`,
  );
  expect(budgetFrom('30KB', folder)).toEqual(budgetFrom({ total: '30 KB' }, folder));
  expect(budgetFrom(' {"code": "30 KB"}', folder)).toEqual(budgetFrom({ code: '30 KB' }, folder));
});
