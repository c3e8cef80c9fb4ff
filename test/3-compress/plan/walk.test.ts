import { describe, expect, it } from 'vitest';
import { armsOf } from '../../../compiler/3-compress/plan/arms.ts';
import { bestOf, totalOf } from '../../../compiler/3-compress/plan/limits.ts';
import type { Limits } from '../../../compiler/3-compress/plan/options.ts';
import type { OfferedLevel, Overrides } from '../../../compiler/3-compress/plan/steps.ts';
import type { Trial, Trials } from '../../../compiler/3-compress/plan/trials.ts';
import { ascend, descend, startsOf } from '../../../compiler/3-compress/plan/walk.ts';

const none: Limits = { size: undefined, latency: undefined, memory: undefined, drop: undefined };
const [arm] = armsOf([], []);

const level = (label: string, bytes: number, error: number, macs = bytes): OfferedLevel => ({
  label,
  bytes,
  memory: bytes,
  macs,
  error,
});
/** Two places; the second loses less for the same bytes, and is predicted to lose more. */
const places: Readonly<Record<string, readonly OfferedLevel[]>> = {
  'store a': [level('as it is', 1000, 0), level('int8', 250, 0.01), level('int4', 120, 0.04)],
  'store b': [level('as it is', 1000, 0), level('int8', 250, 0.02), level('int4', 120, 0.08)],
};
const measured: Readonly<Record<string, number>> = {
  'store a as it is': 0,
  'store a int8': 0.05,
  'store a int4': 0.3,
  'store b as it is': 0,
  'store b int8': 0.02,
  'store b int4': 0.1,
};

/** Trials of a network of these places: sizes add up, so do measured losses. */
function trialsFrom(labels: Readonly<Record<string, string>>, network = places, losses = measured) {
  const all: Trial[] = [];
  const make = (overrides: Overrides): Trial => {
    const chosen = Object.entries(network).map(([key, levels]) => {
      const wanted = overrides.get(key) ?? 'as it is';
      return { key, level: levels.find(({ label }) => label === wanted)! };
    });
    const weights = chosen.reduce((sum, { level: { bytes } }) => sum + bytes, 0);
    const macs = chosen.reduce((sum, { level: one }) => sum + one.macs, 0);
    const trial: Trial = {
      arm: arm!,
      price: 1,
      structure: 1,
      bytes: 1,
      overrides,
      decisions: chosen
        .filter(({ level: { label } }) => label !== 'as it is')
        .map(({ key, level: { label } }) => ({ pass: 'quantize-weights', place: key.slice(6), level: label })),
      size: { code: 0, weights, macs, milliseconds: macs, memory: weights },
      loss: {
        error: chosen.reduce((sum, { key, level: { label } }) => sum + losses[`${key} ${label}`]!, 0),
        metric: undefined,
      },
    };
    all.push(trial);
    return trial;
  };
  /** what helpers were told of, all that is asked among it */
  const begun: string[] = [];
  const trials: Trials = {
    at: async (_offer, overrides = new Map()) => {
      expect(begun).toContain(JSON.stringify([...overrides]));
      return make(overrides);
    },
    offersAt: () => new Map(Object.entries(network)),
    all: () => all,
    begin: (asked) => begun.push(...asked.map(({ overrides }) => JSON.stringify([...overrides]))),
    rehearse: async () => undefined,
  };
  return { trials, begun, start: make(new Map(Object.entries(labels))) };
}

describe('descend', () => {
  it('takes the step that loses least when measured, not the one predicted to', async () => {
    const { trials, start } = trialsFrom({});
    await descend({ ...none, size: 1300 }, start, trials);
    const best = bestOf({ ...none, size: 1300 }, trials.all())!;
    expect(best.decisions).toEqual([{ pass: 'quantize-weights', place: 'b', level: 'int8' }]);
  });

  it('goes on until the size is met', async () => {
    const { trials, start } = trialsFrom({});
    await descend({ ...none, size: 500 }, start, trials);
    expect(totalOf(bestOf({ ...none, size: 500 }, trials.all())!)).toBe(500);
  });

  it('saves in turn what is farthest from its limit', async () => {
    const network = {
      'store a': [level('as it is', 1000, 0), level('int8', 250, 0.01, 1000)],
      'store b': [level('as it is', 1000, 0), level('halves', 1000, 0.02, 500)],
    };
    const losses = { 'store a as it is': 0, 'store a int8': 0.1, 'store b as it is': 0, 'store b halves': 0.2 };
    const { trials, start } = trialsFrom({}, network, losses);
    const limits = { ...none, size: 1300, latency: 1600 };
    await descend(limits, start, trials);
    expect(bestOf(limits, trials.all())!.decisions.map(({ level: label }) => label)).toEqual(['int8', 'halves']);
    expect(trials.all()).toHaveLength(3);
  });

  it('stops where nothing is left to take', async () => {
    const { trials, start } = trialsFrom({ 'store a': 'int4', 'store b': 'int4' });
    await descend({ ...none, size: 100 }, start, trials);
    expect(trials.all()).toEqual([start]);
  });
});

describe('ascend', () => {
  it('uses up what the limit leaves where that loses less', async () => {
    const { trials, start } = trialsFrom({ 'store a': 'int4', 'store b': 'int4' });
    await ascend({ ...none, size: 500 }, start, trials);
    expect(bestOf({ ...none, size: 500 }, trials.all())!.decisions.map(({ level: label }) => label)).toEqual([
      'int8',
      'int8',
    ]);
  });

  it('does nothing near the limit, or without one to fit', async () => {
    const near = trialsFrom({ 'store a': 'int8', 'store b': 'int8' });
    await ascend({ ...none, size: 505 }, near.start, near.trials);
    await ascend({ ...none, drop: 0.5 }, near.start, near.trials);
    expect(near.trials.all()).toHaveLength(1);
  });
});

it('walks start where losses that go on rising as they do promise least', () => {
  const { start } = trialsFrom({});
  const at = (milliseconds: number, error: number): Trial => ({
    ...start,
    size: { ...start.size, milliseconds },
    loss: { error, metric: undefined },
  });
  const [far, worse, near, met] = [at(130, 0.04), at(104, 0.5), at(106, 0.18), at(99, 0.56)];
  const limits = { ...none, latency: 100 };
  expect(startsOf(limits, [far, worse, near, met])).toEqual([near, far]);
  // of a slope nothing is known
  expect(startsOf(limits, [far, worse, near])).toEqual([far, near]);
});

it('walks start near the limit, from those that lose least', () => {
  const { start: large } = trialsFrom({});
  const { start: near } = trialsFrom({ 'store a': 'int8' });
  const { start: other } = trialsFrom({ 'store b': 'int8' });
  const { start: small } = trialsFrom({ 'store a': 'int8', 'store b': 'int8' });
  const limits = { ...none, size: 1000 };
  expect(startsOf(limits, [large, near, other, small])).toEqual([other, near]);
  expect(startsOf({ ...none, size: 600 }, [large, near])).toEqual([near]);
});
