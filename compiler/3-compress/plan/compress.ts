import type { PlannedAction } from '../../ir/bundle.ts';
import type { Graph } from '../../ir/graph.ts';
import type { Feeds, MakeRunner, MeasureSize, ShippedSize } from '../../ir/trial.ts';
import type { StructuralPass } from '../candidate.ts';
import { type Action, makeRestructure, type Structured } from '../structure.ts';
import { type Choices, plannedChoices, pricedChoices } from './choices.ts';
import { cheapestSteps, type Offers, type Overrides, placeKey, stepKey, withOverrides } from './descend.ts';
import { decisiveLoss, type Loss, makeJudge, type Validation } from './judge.ts';
import { isLimited, type Limits, type Switches } from './options.ts';
import { type Prices, switchOf } from './prices.ts';
import { makeQuantise, type StoredAction, storingPasses } from './quantise.ts';
import { type Attempt, bestOf, isPast, type Offer, search, startsOf, sweep } from './search.ts';
import { measureSensitivitiesByName } from './sensitivity-by-name.ts';

export interface CompressTask {
  /** verified, after the exact passes */
  readonly graph: Graph;
  readonly switches: Switches;
  readonly limits: Limits;
  /** decisions to replay; then nothing is searched */
  readonly plan: readonly PlannedAction[] | undefined;
  /** measure points over the whole range as well, for a table of size against loss */
  readonly sweeps: boolean;
  /** inputs for statistics and for the relative error; a fifth is held out for the latter */
  readonly calibration: readonly Feeds[];
  /** inputs that the relative error is measured on where there is no calibration data */
  readonly standIns: readonly Feeds[];
  readonly validation: Validation | undefined;
  readonly makeRunner: MakeRunner;
  readonly measureSize: MeasureSize;
  /** each different result of the search, as it is measured */
  readonly onAttempt?: (attempt: Measured, count: number) => void;
}

/** A compressed graph with what it costs and loses. */
export interface Measured extends Attempt {
  readonly graph: Graph;
  readonly actions: readonly (Action | StoredAction)[];
}

/** The whole after each pass that acted. */
export interface Step {
  readonly pass: (Action | StoredAction)['pass'];
  readonly actions: number;
  readonly size: ShippedSize;
  readonly loss: Loss;
}

export interface Compressed extends Measured {
  readonly before: ShippedSize;
  readonly steps: readonly Step[];
  /** different results that were measured, smallest first, only those that no smaller one loses less than */
  readonly tradeOff: readonly Measured[];
  /** different results that were measured */
  readonly attempts: number;
  /** false where nothing meets the limits; this is the nearest then */
  readonly isFeasible: boolean;
  /** decisions of the plan that the graph has no place or level for */
  readonly missing: readonly PlannedAction[];
}

/** Held-out calibration inputs at most. */
const mostHeldOut = 200;
/** Inputs that sensitivities are measured on at most. */
const mostProbed = 32;
/** Inputs that rounding is measured on at most. */
const mostRead = 512;

/**
 * Finds the smallest model within the allowed loss, or the one of least loss within the other limits. One price of a byte
 * decides every place at once (each takes the level of least error + price, errors weighted by measured sensitivities);
 * the search moves that price until the measured whole meets the limits. Deterministic.
 */
export async function compress(task: CompressTask): Promise<Compressed> {
  const { graph, limits, switches, makeRunner, measureSize } = task;
  const heldOutCount = Math.min(mostHeldOut, Math.floor(task.calibration.length / 5));
  const samples = task.calibration.slice(0, task.calibration.length - heldOutCount);
  const known = samples.length > 0 ? samples : task.standIns;
  const heldOut = heldOutCount > 0 ? task.calibration.slice(-heldOutCount) : known;
  const judge = await makeJudge(graph, heldOut, task.validation, makeRunner);
  const measure = async (made: Graph) => ({ size: await measureSize(made), loss: await judge(made) });
  const isActive = (pass: StructuralPass): boolean =>
    task.plan ? task.plan.some((decision) => decision.pass === pass) : switchOf(pass, switches) !== 'off';
  const build = makeBuild(graph, isActive, samples, makeRunner);
  const before = await measureSize(graph);

  const results = new Map<string, Measured>();
  const attempt = async (choices: Choices, { price, structure }: Offer): Promise<Measured> => {
    const made = build(choices);
    const key = JSON.stringify(made.actions.map(({ pass, place, level }) => [pass, place, level]));
    const known = results.get(key);
    if (known) return { ...known, price, structure };
    const found = { ...made, price, structure, ...(await measure(made.graph)) };
    results.set(key, found);
    task.onAttempt?.(found, results.size);
    return found;
  };
  const missing = new Set<PlannedAction>();
  const searchPrices = async () => {
    const sensitivityOf = measureSensitivitiesByName(graph, samples.slice(0, mostProbed), makeRunner);
    const at = (offer: Offer, overrides: Overrides = new Map(), offers: Offers = new Map()) => {
      const priced = pricedChoices(switches, pricesFor(offer, before, limits), sensitivityOf);
      return attempt(withOverrides(priced, overrides, offers, sensitivityOf), offer);
    };
    if (task.sweeps) await sweep(at);
    const found = await search(limits, at);
    if (!isLimited(limits)) return found;
    const walked: Measured[] = found.isFeasible ? [found.chosen] : [];
    for (const start of startsOf(limits, [...results.values()])) walked.push(...(await descend(limits, start, at)));
    return bestOf(limits, walked) ?? found;
  };
  const decide = async (): Promise<{ readonly chosen: Measured; readonly isFeasible: boolean }> => {
    const still: Offer = { price: 0, structure: 1 };
    if (task.plan) return { chosen: await attempt(plannedChoices(task.plan, missing), still), isFeasible: true };
    if (!isLimited(limits) && !task.sweeps) {
      const free: Prices = { storedByte: 0, removedByte: 0, memoryByte: 0, mac: 0 };
      return {
        chosen: await attempt(
          pricedChoices(switches, free, () => 1),
          still,
        ),
        isFeasible: true,
      };
    }
    return searchPrices();
  };
  const { chosen, isFeasible } = await decide();
  const steps: Step[] = [];
  for (const { graph: current, actions } of tracePasses(graph, build, chosen)) {
    const [first] = actions;
    if (first) steps.push({ pass: first.pass, actions: actions.length, ...(await measure(current)) });
  }
  const tradeOff = efficient([...results.values()]);
  return { ...chosen, before, steps, tradeOff, attempts: results.size, isFeasible, missing: [...missing] };
}

/** Steps of one walk at most, and how many are measured before one is taken. */
const walk = { steps: 6, measured: 6 };

interface Stand {
  readonly result: Measured;
  readonly overrides: Overrides;
  readonly offers: Offers;
}

/**
 * Results on a walk from one that is not compressed enough: step by step, of the steps that promise most the one that
 * loses least for the bytes it saves, measured.
 */
async function descend(
  limits: Limits,
  start: Measured,
  at: (offer: Offer, overrides: Overrides, offers: Offers) => Promise<Measured>,
): Promise<Measured[]> {
  const seen: Measured[] = [];
  const futile = new Set<string>();
  const stand = async (overrides: Overrides): Promise<Stand> => {
    const offers: Offers = new Map();
    return { result: await at(start, overrides, offers), overrides, offers };
  };
  let current = await stand(new Map(start.actions.map(({ pass, place, level }) => [placeKey(pass, place), level])));
  for (let step = 0; step < walk.steps && !isPast(current.result, limits); step++) {
    const next: Stand[] = [];
    for (const one of cheapestSteps(current.result.actions, current.offers, futile, walk.measured)) {
      const tried = await stand(new Map([...current.overrides, [one.key, one.label]]));
      seen.push(tried.result);
      // A place may be gone, or smaller elsewhere now: what saves nothing is not tried again.
      if (savedBy(current, tried) > 0) next.push(tried);
      else futile.add(stepKey(one));
    }
    const [best] = next.sort((a, b) => costOf(current, a) - costOf(current, b));
    if (!best && futile.size === 0) break;
    if (best) current = best;
  }
  return seen;
}

const savedBy = (from: Stand, to: Stand): number => totalOf(from.result) - totalOf(to.result);
const costOf = (from: Stand, to: Stand): number =>
  (decisiveLoss(to.result.loss) - decisiveLoss(from.result.loss)) / savedBy(from, to);
const totalOf = ({ size }: Measured): number => size.code + size.weights;

type Made = Pick<Measured, 'graph' | 'actions'>;
type Build = (choices: Choices, visit?: (after: Structured) => void) => Made;

function makeBuild(
  graph: Graph,
  isActive: (pass: StructuralPass) => boolean,
  samples: readonly Feeds[],
  makeRunner: MakeRunner,
): Build {
  const restructure = makeRestructure(graph, isActive, samples, makeRunner);
  const quantise = makeQuantise(samples.slice(0, mostRead), makeRunner);
  return ({ level, encoding }, visit) => {
    const structured = restructure(level, visit);
    const stored = quantise(structured.graph, encoding(structured.graph));
    return { graph: stored.graph, actions: [...structured.actions, ...stored.actions] };
  };
}

/** The graph after every pass of a result that acted, by replaying its decisions. */
function tracePasses(graph: Graph, build: Build, { actions }: Measured): Made[] {
  const passes: Made[] = [];
  const whole = build(plannedChoices(actions, new Set()), (after) => passes.push(after));
  const stored = whole.actions.filter(({ pass }) => storingPasses.includes(pass));
  return [...passes, { graph: stored.length > 0 ? whole.graph : graph, actions: stored }];
}

function pricesFor({ price, structure }: Offer, before: ShippedSize, limits: Limits): Prices {
  const bytesMatter = limits.size !== undefined || (limits.latency === undefined && limits.memory === undefined);
  const byte = (bytesMatter ? price : price / 100) / Math.max(1, before.weights);
  return {
    storedByte: byte,
    removedByte: structure * byte,
    memoryByte: limits.memory === undefined ? 0 : price / Math.max(1, before.memory),
    mac: (limits.latency === undefined ? price / 100 : price) / Math.max(1, before.macs),
  };
}

/** Smallest first, without those that another is neither larger nor worse than. */
function efficient(all: readonly Measured[]): Measured[] {
  const sorted = [...all].sort((a, b) => totalOf(b) - totalOf(a) || b.loss.error - a.loss.error);
  const front: Measured[] = [];
  for (const one of sorted) {
    while ((front.at(-1)?.loss.error ?? -1) >= one.loss.error) front.pop();
    front.push(one);
  }
  return front.reverse();
}
