import { expect, test } from 'vitest';
import { models } from '../../compiler/2-train/models/index.ts';
import { adam } from '../../compiler/2-train/optimisers/index.ts';
import { cosine } from '../../compiler/2-train/schedules.ts';
import type { Graph } from '../../compiler/ir/graph.ts';
import { accuracyAt, makeDropoutStudy } from '../bench/training/dropout-study.ts';
import type { ArmContext, Figures } from '../bench/training/study.ts';
import { barImages } from './bar-images.ts';

const images = barImages(128);
const [widths, whole] = [[8, 16, 32], 32];
const study = makeDropoutStudy({
  name: 'bars',
  title: 'Bars',
  runs: [{ data: 'bars', seeds: [1] }],
  make: ({ seed }, width) => models.mlp({ inputs: images.sizes, hidden: [width, width], classes: 2 })(seed),
  widths,
  whole,
  training: { optimiser: adam({ rate: 0.01 }), schedule: cosine(), epochs: 4, batch: 16 },
  hasScaling: false,
  goals: () => [],
});

test('dropout stands beside plain: trained once, then cut as it is and sorted, whole the same by all ways', async () => {
  const networks = new Map<string, Graph>();
  const figures = new Map<string, Figures>();
  for (const { name, after = [], run } of study.arms.slice(0, 6)) {
    const context: ArmContext = {
      seed: 1,
      data: images,
      tell: () => {},
      networkOf: async (arm) => {
        expect(after).toContain(arm);
        return networks.get(arm) ?? expect.fail(`${name} begins with ${arm}`);
      },
    };
    const result = await run(context);
    if (result.network) networks.set(name, result.network);
    figures.set(name, result.figures);
  }
  const [sorted, at] = ['sorted by the norm of their weights, cut', widths.map(accuracyAt)];
  expect([...figures.keys()]).toEqual(
    ['plain', 'dropout 0.5'].flatMap((name) => [name, `${name}, cut`, `${name}, ${sorted}`]),
  );
  for (const name of ['plain', 'dropout 0.5']) {
    expect(Object.keys(figures.get(name)!)).toEqual([accuracyAt(whole), 'parameters']);
    for (const way of ['cut', sorted]) {
      const cut = figures.get(`${name}, ${way}`)!;
      expect(Object.keys(cut)).toEqual(at);
      expect(cut[accuracyAt(whole)]).toBe(figures.get(name)![accuracyAt(whole)]);
    }
  }
  const [plain, dropped] = ['plain', 'dropout 0.5'].map((name) => networks.get(name)!);
  expect(dropped!.nodes.map(({ op }) => op)).toEqual(plain!.nodes.map(({ op }) => op));
  expect([...dropped!.constants.values()]).not.toEqual([...plain!.constants.values()]);
});
