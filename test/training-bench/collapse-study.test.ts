import { expect, test } from 'vitest';
import { models } from '../../compiler/2-train/models/index.ts';
import { adam } from '../../compiler/2-train/optimisers/index.ts';
import { cosine } from '../../compiler/2-train/schedules.ts';
import type { Graph } from '../../compiler/ir/graph.ts';
import { collapseGoals } from '../bench/training/collapse-goals.ts';
import { makeCollapseStudy } from '../bench/training/collapse-study.ts';
import { accuracy } from '../bench/training/measure.ts';
import type { ArmContext, Figures } from '../bench/training/study.ts';
import { barImages } from './bar-images.ts';

const images = barImages(64);
const [width, hidden, depth] = [8, 32, 2];
const study = makeCollapseStudy({
  name: 'bars',
  title: 'Bars',
  runs: [{ data: 'bars', seeds: [1] }],
  measure: accuracy,
  makeDense: ({ seed }) =>
    models.vit({ inputs: images.sizes, classes: 2, patch: 4, width, depth, heads: 2, hidden })(seed),
  epochs: { dense: 1, collapse: 2 },
  batch: 8,
  optimiser: adam({ rate: 0.01 }),
  schedule: cosine(),
  collapse: { strength: 50, settles: false },
  parts: [{ name: 'both blocks' }, { name: 'last block', blocks: 1 }],
  bars: { leastAboveBlind: 1 },
  showsShares: true,
});
/** Two layers and their biases are one layer and its bias then. */
const [before, after] = [2 * width * hidden + hidden + width, width ** 2 + width];

async function runAll(): Promise<Map<string, Figures>> {
  const networks = new Map<string, Graph>();
  const figures = new Map<string, Figures>();
  for (const { name, run } of study.arms) {
    const context: ArmContext = {
      seed: 1,
      data: images,
      tell: () => {},
      networkOf: async (arm) => networks.get(arm) ?? expect.fail(`${name} begins with ${arm}`),
    };
    const result = await run(context);
    if (result.network) networks.set(name, result.network);
    figures.set(name, result.figures);
  }
  return figures;
}

test('what collapses, by whatever arm, leaves the network that is trained from scratch', async () => {
  const figures = await runAll();
  const left = (part: string): unknown[] =>
    [...figures].filter(([name]) => name.endsWith(part)).map(([, one]) => one.parameters);
  const [last = 0, both = 0] = ['last block', 'both blocks'].map((part) => Number(left(part)[0]));
  expect(left('last block')).toEqual(Array(3).fill(last));
  expect(left('both blocks')).toEqual(Array(5).fill(both));
  expect(last - both).toBe(before - after);
  for (const [part, blocks] of [
    ['last block', 1],
    ['both blocks', 2],
  ] as const) {
    const { slopes, gone, ...rest } = figures.get(`LayerCollapse, ${part}`) ?? {};
    expect(slopes).toHaveLength(blocks);
    for (const slope of slopes as number[]) expect(Math.abs(slope - 1)).toBeLessThan(0.05);
    expect(rest['gone of the blocks']).toBeCloseTo((blocks * (before - after)) / (depth * before), 10);
    expect(Number(gone)).toBeLessThan(Number(rest['gone of the blocks']));
  }
  const goals = study.goals(new Map([...figures].map(([name, one]) => [name, [one]])), 'bars');
  expect(goals.map(({ goal }) => goal)).toEqual([
    'all slopes within 0.01 of 1',
    'the collapse itself changes accuracy by at most 0.1 points',
    'at least 1 point above the blind collapse',
  ]);
});

test('bars are met or not by means over seeds', () => {
  const collapsed = (value: number): Figures => ({
    accuracy: value,
    'accuracy before the collapse': value,
    parameters: 20,
    slopes: [0.999],
  });
  const results = new Map<string, readonly Figures[]>([
    [
      'dense',
      [
        { accuracy: 90, parameters: 100 },
        { accuracy: 92, parameters: 100 },
      ],
    ],
    ['blind', [{ accuracy: 80 }, { accuracy: 90 }]],
    ['trained', [collapsed(88), collapsed(91)]],
  ]);
  const judge = (bars: Parameters<typeof collapseGoals>[1]['bars']) =>
    collapseGoals(results, {
      ...{ measure: accuracy, before: 'accuracy before the collapse', trained: ['trained'], blind: 'blind', bars },
    }).slice(2);
  expect(judge({ mostBelowDense: 2, leastGone: 0.8, leastAboveBlind: 5 })).toEqual([
    { goal: 'at most 2 points below the dense network', measured: '1.50', isMet: true },
    { goal: 'at least 80 % of the parameters gone', measured: '80.0 %', isMet: true },
    { goal: 'at least 5 points above the blind collapse', measured: '4.50', isMet: false },
  ]);
  expect(judge({ mostBelowDense: 1 }).map(({ isMet }) => isMet)).toEqual([false]);
});
