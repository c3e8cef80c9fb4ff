import type { Graph, ValueId } from '../ir/graph.ts';
import type { Feeds, MakeRunner } from '../ir/trial.ts';
import { printNumberOf } from '../quantity/count.ts';
import { replaceNodes } from '../rewrite/replace-nodes.ts';
import { collapseLayers } from './actions/collapse-layers.ts';
import { dropBlocks } from './actions/drop-blocks.ts';
import { trimWidth } from './actions/trim-width.ts';
import { truncateAttention } from './actions/truncate-attention.ts';
import { truncateChannels } from './actions/truncate-channels.ts';
import { truncateEmbedding } from './actions/truncate-embedding.ts';
import { truncateRank } from './actions/truncate-rank.ts';
import { truncateTied } from './actions/truncate-tied.ts';
import { observe } from './calibrate/observe.ts';
import {
  type Candidate,
  type FindCandidates,
  type Level,
  type LevelFigures,
  type PlaceFigures,
  rulesOf,
  type StructuralPass,
} from './candidate.ts';
import { type Draft, keyAfter } from './draft.ts';
import { once } from './once.ts';
import { optimise } from './pipeline.ts';
import { forgetful, type Remembered, recallOr } from './remembered.ts';

/** The lossy passes in order, and why each stands where it does. */
export const structuralPasses: readonly { readonly name: StructuralPass; readonly find: FindCandidates }[] = [
  // first: what is gone needs nothing else
  { name: 'drop-blocks', find: dropBlocks },
  // before widths and ranks, which would work on layers that collapse; its linear maps may have any rank
  { name: 'collapse-layers', find: collapseLayers },
  // before ranks: fewer hidden units leave smaller matrices to factor
  { name: 'trim-width', find: trimWidth },
  { name: 'truncate-rank', find: truncateEmbedding },
  { name: 'truncate-rank', find: truncateTied },
  // joint query-key and value-output ranks need no op more than there are
  { name: 'truncate-rank', find: truncateAttention },
  // input side, then output side of what that leaves: together Tucker-2
  { name: 'truncate-rank', find: truncateChannels },
  { name: 'truncate-rank', find: truncateRank },
];

/** The level to take at a place; undefined leaves the place as it is. */
export type ChooseLevel = <L extends LevelFigures>(place: PlaceFigures, levels: readonly L[]) => L | undefined;

/** One place made smaller. */
export interface Action {
  readonly pass: StructuralPass;
  readonly place: string;
  readonly level: string;
  /** predicted squared error of the place's output over its variance */
  readonly error: number;
  readonly parameters: { readonly before: number; readonly after: number };
  readonly macs: { readonly before: number; readonly after: number };
}

/** What was decided, and the graph that it makes. */
export interface Structured {
  readonly draft: Draft;
  readonly actions: readonly Action[];
}

/** The same after one pass. */
export interface PassResult extends Structured {
  /** before the exact passes ran on it */
  readonly unfolded: () => Graph;
}

/** What decides: passes that may act, and the level of every place. */
export interface Structure {
  isActive(pass: StructuralPass): boolean;
  readonly level: ChooseLevel;
}

/** `visit` sees what every pass that acted left. */
export type Restructure = (structure: Structure, visit?: (after: PassResult) => void) => Structured;

/** Levels of one place, from the least to the most compressed. */
export interface PlaceOffer {
  readonly place: PlaceFigures;
  readonly levels: readonly LevelFigures[];
}

/** What may be known of drafts of the same original on the same samples. */
export interface StructureMemory {
  /** what a pass finds in a draft */
  readonly places: Remembered<readonly PlaceOffer[]>;
  /** the places of a draft's last pass at which its levels were taken: a rewrite of one may leave no room for another's */
  readonly taken: Remembered<readonly string[]>;
}

export const noStructureMemory: StructureMemory = { places: forgetful, taken: forgetful };

export interface StructureKnowledge {
  /** relative squared error of the outputs per that of a value; 1 where left out */
  readonly sensitivityOf?: (graph: Graph, value: ValueId) => number;
  readonly memory?: StructureMemory;
  /** hears what is worked out that nothing remembers */
  readonly onLook?: (what: string) => void;
}

/** The passes that have a place in a graph as it is. */
export const passesWithPlaces = (graph: Graph): StructuralPass[] => [
  ...new Set(structuralPasses.filter(({ find }) => find(graph).length > 0).map(({ name }) => name)),
];

/**
 * Runs the lossy passes in order, each on statistics of the graph as the ones before left it, and the exact passes after
 * each; passes that are not active, and without samples all, do nothing. Statistics, levels and the results of equal choices
 * are found once: a search asks for the same again and again. A graph of which everything is remembered that decides is not
 * even made, until it is asked for.
 */
export function makeRestructure(
  graph: Graph,
  samples: readonly Feeds[],
  makeRunner: MakeRunner,
  knowledge: StructureKnowledge = {},
): Restructure {
  const context: Context = {
    samples,
    makeRunner,
    sensitivityOf: knowledge.sensitivityOf ?? (() => 1),
    memory: knowledge.memory ?? noStructureMemory,
    onLook: knowledge.onLook ?? (() => {}),
  };
  const original = makeStage(context, '', () => ({ graph, unfolded: graph, taken: [] }));
  return ({ isActive, level: choose }, visit = () => {}) => {
    let stage = original;
    const actions: Action[] = [];
    for (const [index, { name }] of samples.length === 0 ? [] : structuralPasses.entries()) {
      if (!isActive(name)) continue;
      const offered = stage.offersOf(index);
      const chosen = offered.map(({ place, levels }) => choose(place, levels));
      if (chosen.every((level) => level === undefined)) continue;
      stage = stage.after(
        index,
        chosen.map((level) => level?.label),
      );
      const taken = new Set(stage.taken());
      const own = offered.flatMap(({ place }, i) => {
        const level = chosen[i];
        return level && taken.has(place.name) ? [describe(place, level)] : [];
      });
      actions.push(...own);
      visit({ draft: stage, unfolded: stage.unfolded, actions: own });
    }
    return { draft: stage, actions };
  };
}

interface Context extends Required<StructureKnowledge> {
  readonly samples: readonly Feeds[];
  readonly makeRunner: MakeRunner;
}

/** A draft that passes go on from. */
interface Stage extends Draft {
  readonly unfolded: () => Graph;
  readonly taken: () => readonly string[];
  /** What the pass at `index` finds. */
  offersOf(index: number): readonly PlaceOffer[];
  /** What is left when it takes those levels, by their labels, of what it finds. */
  after(index: number, labels: readonly (string | undefined)[]): Stage;
}

interface Applied {
  readonly graph: Graph;
  readonly unfolded: Graph;
  readonly taken: readonly string[];
}

function makeStage(context: Context, key: string, make: () => Applied): Stage {
  const { sensitivityOf, memory } = context;
  const applied = once(make);
  const found = new Map<number, readonly Offer[]>();
  const stages = new Map<string, Stage>();
  const find = (index: number): readonly Offer[] => {
    const pass = structuralPasses[index];
    if (!pass) throw new RangeError(`there is no pass ${index}`);
    const offers = found.get(index) ?? findOffers(context, pass, applied().graph);
    found.set(index, offers);
    return offers;
  };
  return {
    key,
    graph: () => applied().graph,
    unfolded: () => applied().unfolded,
    taken: () => recallOr(memory.taken, key, () => applied().taken),
    offersOf: (index) =>
      recallOr(memory.places, `${index} of ${key}`, () =>
        find(index).map(({ candidate, levels }) => ({
          place: placeOf(candidate, sensitivityOf(applied().graph, candidate.output)),
          levels: levels.map(({ label, error, parameters, macs }) => ({ label, error, parameters, macs })),
        })),
      ),
    after(index, labels) {
      const own = keyAfter(key, JSON.stringify([index, ...labels]));
      const known = stages.get(own) ?? makeStage(context, own, () => applyLevels(applied().graph, find(index), labels));
      stages.set(own, known);
      return known;
    },
  };
}

function applyLevels(graph: Graph, offers: readonly Offer[], labels: readonly (string | undefined)[]): Applied {
  const chosen = offers.flatMap(({ candidate, levels }, i) => {
    const level = levels.find(({ label }) => label === labels[i]);
    return level ? [{ candidate, level }] : [];
  });
  const rules = new Map(chosen.flatMap(({ candidate, level }) => [...rulesOf(candidate, level)]));
  const { graph: unfolded, values } = replaceNodes(graph, rules);
  const taken = chosen.flatMap(({ candidate }) => (values.has(candidate.output) ? [candidate.name] : []));
  return { unfolded, graph: optimise(unfolded).graph, taken };
}

interface Offer {
  readonly candidate: Candidate;
  readonly levels: readonly Level[];
}

function findOffers(
  { samples, makeRunner, onLook }: Context,
  { name, find }: (typeof structuralPasses)[number],
  graph: Graph,
): readonly Offer[] {
  const candidates = find(graph);
  if (candidates.length > 0) onLook(`${name}, ${printNumberOf(candidates.length, 'place')}`);
  const requests = candidates.flatMap((candidate) => candidate.requests);
  const statistics = observe(graph, requests, samples, makeRunner);
  return candidates.map((candidate) => ({ candidate, levels: candidate.levels(statistics) }));
}

const placeOf = ({ pass, name, parameters, macs, isHead }: Candidate, sensitivity: number): PlaceFigures => ({
  pass,
  name,
  parameters,
  macs,
  ...(isHead && { isHead }),
  sensitivity,
});

const describe = (place: PlaceFigures, level: LevelFigures): Action => ({
  pass: place.pass,
  place: place.name,
  level: level.label,
  error: level.error,
  parameters: { before: place.parameters, after: level.parameters },
  macs: { before: place.macs, after: level.macs },
});
