import type { Graph } from '../../ir/graph.ts';
import type { PlannedAction } from '../../ir/report.ts';
import type { Feeds, MakeRunner, ShippedSize } from '../../ir/trial.ts';
import {
  type Action,
  makeRestructure,
  type PassResult,
  type StructureKnowledge,
  type StructureMemory,
} from '../structure.ts';
import { type Asked, type Helpers, NotRemembered } from './ahead.ts';
import { type Choices, pricedChoices } from './choices.ts';
import { makeOffersOf, type StoringMemory } from './known-offers.ts';
import type { Figures } from './limits.ts';
import type { Limits, Switches } from './options.ts';
import type { Prices } from './prices.ts';
import { makeQuantise, makeQuantiseDraft, type StoredAction } from './quantise.ts';
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

/** What was decided, and the graph that it makes when it is asked for. */
export interface Drafted {
  readonly graph: () => Graph;
  readonly actions: readonly (Action | StoredAction)[];
}

export type Build = (choices: Choices, visit?: (after: PassResult) => void) => Made;

export interface Builder {
  readonly draft: (choices: Choices, visit?: (after: PassResult) => void) => Drafted;
  readonly build: Build;
  /** Stores the constants of a graph that was restructured already. */
  readonly store: (graph: Graph, choices: Choices) => Made;
}

/** Inputs that rounding is measured on at most. */
const mostRead = 512;

/** Restructures, then stores what that leaves. */
export function makeBuilder(
  graph: Graph,
  samples: readonly Feeds[],
  makeRunner: MakeRunner,
  knowledge: Pick<StructureKnowledge, 'onLook'> & {
    readonly sensitivityOf?: SensitivityOf;
    readonly memory?: StructureMemory & StoringMemory;
  } = {},
): Builder {
  const restructure = makeRestructure(graph, samples, makeRunner, knowledge);
  const read = samples.slice(0, mostRead);
  const quantise = makeQuantiseDraft(makeOffersOf(read, makeRunner, knowledge));
  const draft: Builder['draft'] = (choices, visit) => {
    const structured = restructure(choices, visit);
    if (!choices.stores) return { graph: structured.draft.graph, actions: structured.actions };
    const stored = quantise(structured.draft, choices);
    return { graph: stored.graph, actions: [...structured.actions, ...stored.actions] };
  };
  const made = ({ graph: make, actions }: Drafted): Made => ({ graph: make(), actions });
  return {
    draft,
    build: (choices, visit) => made(draft(choices, visit)),
    // of a graph that did not come about by decisions nothing is remembered
    store: makeQuantise(read, makeRunner),
  };
}

export interface TrialsTask {
  readonly switches: Switches;
  readonly limits: Limits;
  /** of the original */
  readonly size: ShippedSize;
  readonly draft: Builder['draft'];
  readonly measure: (graph: Graph) => Promise<Figures>;
  readonly memory: Pick<TrialMemory, 'figures'>;
  /** decides by what is remembered alone, or throws `NotRemembered` */
  readonly draftRemembered: Builder['draft'];
  readonly helpers: Helpers | undefined;
  /** how often an offer is going to be asked for, about */
  readonly expected: number;
  /** each different result, as it is measured, and the share of all that is done, about */
  readonly onTrial: (trial: Figures, count: number, done: number) => void;
}

export interface Trials {
  /** What an offer makes of the model, some places decided otherwise. */
  at(offer: Offer, overrides?: Overrides): Promise<Trial>;
  /** What each place was offered there. */
  offersAt(trial: Trial): Offers;
  /** These are going to be asked: helpers begin with those of which too little is known. */
  begin(all: readonly Asked[]): void;
  /** The figures of an offer once helpers have them, as no result of the search; undefined where there are no helpers. */
  rehearse(offer: Offer): Promise<Figures | undefined>;
  /** every different result so far */
  all(): Trial[];
}

/** Trials by price: offers that come to the same decisions are measured once, and remembered. */
export function makeTrials(task: TrialsTask): Trials {
  const { switches, limits, size, measure, memory, helpers, onTrial } = task;
  const results = new Map<string, Trial>();
  const begun = new Set<string>();
  let asked = 0;
  const draftAt = (offer: Offer, overrides: Overrides, draft = task.draft) => {
    const offers: Offers = new Map();
    const priced = pricedChoices(offer.arm.passes, switches, pricesFor(offer, size, limits));
    return { drafted: draft(withOverrides(priced, overrides, offers)), offers };
  };
  const recall = ({ offer, overrides }: Asked): Figures | undefined => {
    try {
      const { actions } = draftAt(offer, overrides, task.draftRemembered).drafted;
      return memory.figures.recall(JSON.stringify(decisionsOf(actions)));
    } catch (error) {
      if (error instanceof NotRemembered) return undefined;
      throw error;
    }
  };
  const begin = (all: readonly Asked[]): void => {
    if (!helpers?.areReady) return;
    for (const asked of all) {
      const question = questionOf(asked);
      if (begun.has(question)) continue;
      begun.add(question);
      if (!recall(asked)) helpers.begin(asked);
    }
  };
  return {
    begin,
    async rehearse(offer) {
      const asked = { offer, overrides: new Map() };
      if (!helpers?.areReady) return undefined;
      begin([asked]);
      await helpers.done(asked);
      return recall(asked);
    },
    async at(offer, overrides = new Map()) {
      asked++;
      await helpers?.done({ offer, overrides });
      const { graph, actions } = draftAt(offer, overrides).drafted;
      const decisions = decisionsOf(actions);
      const key = JSON.stringify(decisions);
      const known = results.get(key) ?? memory.figures.recall(key);
      const figures = known ? { size: known.size, loss: known.loss } : await measure(graph());
      memory.figures.remember(key, figures);
      const trial = { ...offer, ...figures, overrides, decisions };
      if (!results.has(key)) {
        results.set(key, trial);
        onTrial(trial, results.size, Math.min(1, asked / task.expected));
      }
      return trial;
    },
    offersAt: (trial) => draftAt(trial, trial.overrides).offers,
    all: () => [...results.values()],
  };
}

/** The same for the same trial. */
export const questionOf = ({ offer: { arm, price, structure, bytes }, overrides }: Asked): string =>
  JSON.stringify([arm.name, price, structure, bytes, ...overrides]);

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
