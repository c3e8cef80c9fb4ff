import type { PlannedAction } from '../../ir/bundle.ts';
import type { Graph } from '../../ir/graph.ts';
import type { Feeds, MakeRunner, ShippedSize } from '../../ir/trial.ts';
import { type Action, makeRestructure, type PassResult } from '../structure.ts';
import { type Choices, pricedChoices } from './choices.ts';
import type { Figures } from './limits.ts';
import type { Limits, Switches } from './options.ts';
import type { Prices } from './prices.ts';
import { makeQuantise, type StoredAction } from './quantise.ts';
import type { Attempt, Offer } from './search.ts';
import type { SensitivityOf } from './sensitivity-by-name.ts';
import { type Offers, type Overrides, withOverrides } from './steps.ts';
import { decisionsOf, type TrialMemory } from './trial-memory.ts';

/** A measured trial, with the decisions that make it again. */
export interface Trial extends Attempt {
  readonly overrides: Overrides;
  readonly decisions: readonly PlannedAction[];
}

/** A graph that was made, and how. */
export interface Made {
  readonly graph: Graph;
  readonly actions: readonly (Action | StoredAction)[];
}

export type Build = (choices: Choices, visit?: (after: PassResult) => void) => Made;

export interface Builder {
  readonly build: Build;
  /** Stores the constants of a graph that was restructured already. */
  readonly store: (graph: Graph, choices: Choices) => Made;
}

/** Inputs that rounding is measured on at most. */
const mostRead = 512;

/** Restructures, then stores what that leaves. */
export function makeBuilder(graph: Graph, samples: readonly Feeds[], makeRunner: MakeRunner): Builder {
  const restructure = makeRestructure(graph, samples, makeRunner);
  const quantise = makeQuantise(samples.slice(0, mostRead), makeRunner);
  const store = (structured: Graph, choices: Choices): Made =>
    quantise(structured, {
      encoding: choices.encoding(structured),
      equalised: choices.equalised,
      ...(choices.attention && { attention: choices.attention(structured) }),
    });
  const build: Build = (choices, visit) => {
    const structured = restructure(choices, visit);
    if (!choices.stores) return structured;
    const stored = store(structured.graph, choices);
    return { graph: stored.graph, actions: [...structured.actions, ...stored.actions] };
  };
  return { build, store };
}

export interface TrialsTask {
  readonly switches: Switches;
  readonly limits: Limits;
  /** of the original */
  readonly size: ShippedSize;
  readonly sensitivityOf: SensitivityOf;
  readonly build: Build;
  readonly measure: (graph: Graph) => Promise<Figures>;
  readonly memory: TrialMemory;
  /** each different result, as it is measured */
  readonly onTrial: (trial: Figures, count: number) => void;
}

export interface Trials {
  /** What an offer makes of the model, some places decided otherwise. */
  at(offer: Offer, overrides?: Overrides): Promise<Trial>;
  /** What each place was offered there. */
  offersAt(trial: Trial): Offers;
  /** every different result so far */
  all(): Trial[];
}

/** Trials by price: the same offer, or others that come to the same decisions, are measured once, and remembered. */
export function makeTrials(task: TrialsTask): Trials {
  const { switches, limits, size, sensitivityOf, build, measure, memory, onTrial } = task;
  const results = new Map<string, Trial>();
  const kinds = `${bytesMatter(limits)} ${limits.memory !== undefined} ${limits.latency !== undefined}`;
  // Of this run, by question: every build sees what its places are offered.
  const noted = new Map<string, Offers>();
  const questionOf = ({ arm, price, structure, bytes }: Offer, overrides: Overrides): string =>
    JSON.stringify([kinds, arm.name, price, structure, bytes, ...overrides]);
  const buildAt = (offer: Offer, overrides: Overrides): Made => {
    const offers: Offers = new Map();
    const priced = pricedChoices(offer.arm.passes, switches, pricesFor(offer, size, limits), sensitivityOf);
    const made = build(withOverrides(priced, overrides, offers, sensitivityOf));
    noted.set(questionOf(offer, overrides), offers);
    return made;
  };
  const add = (trial: Trial): Trial => {
    const key = JSON.stringify(trial.decisions);
    if (!results.has(key)) {
      results.set(key, trial);
      onTrial(trial, results.size);
    }
    return trial;
  };
  return {
    async at(offer, overrides = new Map()) {
      const question = questionOf(offer, overrides);
      const remembered = memory.recallDecisions(question);
      const known = remembered && memory.recallFigures(remembered);
      if (remembered && known) return add({ ...offer, ...known, overrides, decisions: remembered });
      const { graph, actions } = buildAt(offer, overrides);
      const decisions = decisionsOf(actions);
      const same = results.get(JSON.stringify(decisions)) ?? memory.recallFigures(decisions);
      const figures = same ? { size: same.size, loss: same.loss } : await measure(graph);
      memory.rememberDecisions(question, decisions);
      memory.rememberFigures(decisions, figures);
      return add({ ...offer, ...figures, overrides, decisions });
    },
    offersAt(trial) {
      const question = questionOf(trial, trial.overrides);
      const known = noted.get(question);
      const remembered = known ? undefined : memory.recallOffers(question);
      if (remembered) return new Map(remembered);
      if (!known) buildAt(trial, trial.overrides);
      const offers = noted.get(question) ?? new Map();
      memory.rememberOffers(question, [...offers]);
      return offers;
    },
    all: () => [...results.values()],
  };
}

const bytesMatter = ({ size, latency, memory }: Limits): boolean =>
  size !== undefined || (latency === undefined && memory === undefined);

function pricesFor({ price, structure, bytes }: Offer, before: ShippedSize, limits: Limits): Prices {
  const byte = (bytesMatter(limits) ? price * bytes : price / 100) / Math.max(1, before.weights);
  const mac = (limits.latency === undefined ? price / 100 : price) / Math.max(1, before.macs);
  return {
    storedByte: byte,
    removedByte: structure * byte,
    memoryByte: limits.memory === undefined ? 0 : price / Math.max(1, before.memory),
    mac,
    removedMac: structure * mac,
    wantsIntegers: limits.latency !== undefined || limits.memory !== undefined,
  };
}
