import { describe, expect, it } from 'vitest';
import { plannedChoices, pricedChoices } from '../../../compiler/3-compress/plan/choices.ts';
import { allAuto } from '../../../compiler/3-compress/plan/options.ts';
import { noPrices, type Prices } from '../../../compiler/3-compress/plan/prices.ts';
import { makeBuilder } from '../../../compiler/3-compress/plan/trials.ts';
import type { PlannedAction } from '../../../compiler/ir/report.ts';
import type { Feeds } from '../../../compiler/ir/trial.ts';
import { makeRunner } from '../../../compiler/trial/make-runner.ts';
import { makeRandom } from '../../harness/random.ts';
import { graphOf } from '../pass-case.ts';

const random = makeRandom(4);
const graph = graphOf((g) => {
  const x = g.input([2, 20, 8]);
  return g.add('attention', [x, x, x], { scale: 0.35 });
});
const samples: Feeds[] = Array.from({ length: 6 }, () => ({ x0: Float32Array.from(random.reals(320, -2, 2)) }));
const { build } = makeBuilder(graph, samples, makeRunner);

describe('attention in integers', () => {
  const decisionsAt = (prices: Prices) => {
    const { actions } = build(pricedChoices(new Set(), allAuto, prices));
    return actions.map(({ pass, level }) => `${pass}: ${level}`);
  };

  it('is chosen where time is dear, and not where it is cheap or only bytes count', () => {
    expect(decisionsAt({ ...noPrices, mac: 1, wantsIntegers: true })).toEqual(['quantize-activations: int8 products']);
    expect(decisionsAt({ ...noPrices, mac: 1e-12, wantsIntegers: true })).toEqual([]);
    expect(decisionsAt({ ...noPrices, mac: 1 })).toEqual([]);
  });

  it('is taken where int8 is forced, and replayed from a plan', () => {
    const forced = build(pricedChoices(new Set(), { ...allAuto, quantize: 'int8' }, noPrices));
    expect(forced.actions).toHaveLength(1);
    const missing = new Set<PlannedAction>();
    const again = build(plannedChoices(forced.actions, missing));
    expect(missing.size).toBe(0);
    const [a, b] = [forced.graph, again.graph].map((made) => makeRunner(made).run(samples[0]!));
    expect(a).toEqual(b);
    const exact = makeRunner(graph).run(samples[0]!);
    expect(a).not.toEqual(exact);
  });
});
