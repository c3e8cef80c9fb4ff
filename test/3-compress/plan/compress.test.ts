import { expect, it, vi } from 'vitest';
import { checkFolds } from '../../../compiler/3-compress/check-folds.ts';
import { type CompressTask, compress } from '../../../compiler/3-compress/plan/compress.ts';
import { allOff, type Limits } from '../../../compiler/3-compress/plan/options.ts';
import { noMemory } from '../../../compiler/3-compress/plan/trial-memory.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import type { MeasureSize } from '../../../compiler/ir/trial.ts';
import { makeRunner } from '../../../compiler/make-runner.ts';
import { smallImages, smallNetwork } from '../../harness/small-network.ts';

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
