import { expect, it, vi } from 'vitest';
import { checkFolds } from '../../../compiler/3-compress/check-folds.ts';
import { type CompressTask, compress } from '../../../compiler/3-compress/plan/compress.ts';
import { allAuto, allOff, type Limits } from '../../../compiler/3-compress/plan/options.ts';
import { noMemory } from '../../../compiler/3-compress/plan/trial-memory.ts';
import type { Graph, ValueId } from '../../../compiler/ir/graph.ts';
import type { MeasureSize } from '../../../compiler/ir/trial.ts';
import { makeRunner } from '../../../compiler/trial/make-runner.ts';
import { smallImages, smallNetwork } from '../../harness/small-network.ts';
import { graphOf } from '../pass-case.ts';

const unlimited: Limits = { size: undefined, latency: undefined, memory: undefined, drop: undefined };
const calibration = smallImages(120);
const measureSize: MeasureSize = async ({ constants }) => {
  const weights = [...constants.values()].reduce((sum, { data }) => sum + 4 * data.length, 0);
  return { code: 0, weights, macs: weights, milliseconds: weights, memory: weights };
};
const task = (proveFolds: CompressTask['proveFolds']): CompressTask => ({
  graph: smallNetwork(),
  switches: { ...allOff, collapse: 'all', rank: 0.6 },
  limits: unlimited,
  plan: undefined,
  sweeps: false,
  calibration,
  standIns: [],
  validation: undefined,
  makeRunner,
  measureSize,
  memory: noMemory,
  proveFolds,
});

it('exact passes that follow a lossy one are proven, each time', async () => {
  const prove = vi.fn((before: Graph, after: Graph) => checkFolds(before, after, calibration.slice(0, 4), makeRunner));
  const { steps, graph } = await compress(task(prove));
  expect(steps.length).toBeGreaterThan(0);
  expect(prove).toHaveBeenCalledTimes(steps.length);
  expect(prove.mock.calls.at(-1)![1].nodes.length).toBe(graph.nodes.length);
});

it('a fold that is none stops it', async () => {
  const refuse = (): void => {
    throw new Error('the exact passes changed output "y"');
  };
  await expect(compress(task(refuse))).rejects.toThrowError('the exact passes changed');
});

it('a plan of what is not there says so', async () => {
  const plan = [
    { pass: 'equalise-channels', place: 'nothing', level: 'for integers' },
    { pass: 'truncate-rank', place: 'hidden', level: 'rank of another network' },
  ];
  const { missing } = await compress({ ...task(() => {}), plan });
  expect(missing).toHaveLength(2);
  expect(missing).toEqual(expect.arrayContaining(plan));
});

it('a plan is replayed as it is, and does not meet limits that its result breaks', async () => {
  const forced = task(() => {});
  const { actions, loss, size } = await compress(forced);
  const replayed = { ...forced, plan: actions };
  const met = await compress({ ...replayed, limits: { ...unlimited, drop: loss.error, size: size.weights } });
  expect(met).toMatchObject({ isFeasible: true, loss, size });
  for (const limits of [{ drop: loss.error / 2 }, { size: size.weights - 1 }, { memory: size.memory / 2 }])
    expect((await compress({ ...replayed, limits: { ...unlimited, ...limits } })).isFeasible).toBe(false);
});

it('the original is the result where nothing of it may be lost, and where it is small enough already', async () => {
  // four positions of one sample: rank 4 is all that statistics see, at a predicted error of rounding
  const blocks = graphOf((g) => {
    const block = (x: ValueId): ValueId => {
      const h = g.add('relu', [g.add('linear', [x, g.constant([24, 16])])]);
      return g.add('add', [x, g.add('linear', [h, g.constant([16, 24])])]);
    };
    return block(block(g.input([1, 4, 16])));
  });
  const one = [{ x0: Float32Array.from({ length: 64 }, (_, i) => Math.sin(i * i)) }];
  const few = { ...task(() => {}), graph: blocks, switches: allAuto, calibration: one };
  const lossless = await compress({ ...few, limits: { ...unlimited, drop: 0 } });
  expect(lossless).toMatchObject({ isFeasible: true, actions: [], loss: { error: 0 } });
  const roomy = await compress({ ...few, limits: { ...unlimited, size: 2 * lossless.before.weights } });
  expect(roomy).toMatchObject({ isFeasible: true, actions: [], loss: { error: 0 } });
});

it('a unit that overflows for every input stops nothing', async () => {
  const infinite = graphOf((g) => {
    const weights = Array.from({ length: 12 * 8 }, (_, i) => (i === 7 ? Number.POSITIVE_INFINITY : Math.sin(i)));
    const h = g.add('tanh', [g.add('linear', [g.input([1, 8]), g.constant([12, 8], weights)])]);
    return g.add('linear', [h, g.constant([9, 12])]);
  });
  const inputs = Array.from({ length: 40 }, (_, s) => ({
    x0: Float32Array.from({ length: 8 }, (_, i) => 2 + Math.sin(s + i * s)),
  }));
  const all = { ...task(() => {}), graph: infinite, switches: allAuto, calibration: inputs };
  const { loss, isFeasible } = await compress({ ...all, limits: { ...unlimited, drop: 0.1 } });
  expect(isFeasible).toBe(true);
  expect(loss.error).toBeLessThanOrEqual(0.1);
});

it('a sample that overflows stops nothing', async () => {
  const exponential = graphOf((g) => {
    const weights = (rows: number, columns: number) =>
      g.constant(
        [rows, columns],
        Array.from({ length: rows * columns }, (_, i) => Math.sin(i)),
      );
    const h = g.add('exp', [g.add('linear', [g.input([1, 8]), weights(12, 8)])]);
    return g.add('tanh', [g.add('linear', [h, weights(9, 12)])]);
  });
  const inputs = Array.from({ length: 40 }, (_, s) => ({
    x0: Float32Array.from({ length: 8 }, (_, i) => (s === 3 ? 1e4 : 0.3) * Math.sin(s + i * s)),
  }));
  const forced = { ...task(() => {}), graph: exponential, calibration: inputs };
  for (const quantize of ['int4', 'int8'] as const) {
    const { actions, loss } = await compress({ ...forced, switches: { ...allOff, quantize } });
    expect(actions.length).toBeGreaterThan(1);
    expect(Number.isFinite(loss.error)).toBe(true);
  }
});
