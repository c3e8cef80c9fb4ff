import type { Graph } from '../ir/graph.ts';
import type { Feeds, MakeRunner } from '../ir/trial.ts';
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
import { type Candidate, type FindCandidates, type Level, rulesOf, type StructuralPass } from './candidate.ts';
import { optimise } from './pipeline.ts';

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

/** The level to take of a candidate; undefined leaves the place as it is. */
export type ChooseLevel = (graph: Graph, candidate: Candidate, levels: readonly Level[]) => Level | undefined;

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

export interface Structured {
  readonly graph: Graph;
  readonly actions: readonly Action[];
}

/** The same before the exact passes ran on it. */
export interface PassResult extends Structured {
  readonly unfolded: Graph;
}

/** What decides: passes that may act, and the level of every place. */
export interface Structure {
  isActive(pass: StructuralPass): boolean;
  readonly level: ChooseLevel;
}

/** `visit` sees every graph after a pass that acted, with that pass's actions. */
export type Restructure = (structure: Structure, visit?: (after: PassResult) => void) => Structured;

/** The passes that have a place in a graph as it is. */
export const passesWithPlaces = (graph: Graph): StructuralPass[] => [
  ...new Set(structuralPasses.filter(({ find }) => find(graph).length > 0).map(({ name }) => name)),
];

/**
 * Runs the lossy passes in order, each on statistics of the graph as the ones before left it, and the exact passes after
 * each; passes that are not active, and without samples all, do nothing. Statistics, levels and the results of equal choices
 * are found once: a search asks for the same again and again.
 */
export function makeRestructure(graph: Graph, samples: readonly Feeds[], makeRunner: MakeRunner): Restructure {
  const offers = new WeakMap<Graph, Map<FindCandidates, readonly Offer[]>>();
  const results = new WeakMap<Graph, Map<string, PassResult>>();
  const offersOf = (find: FindCandidates, current: Graph): readonly Offer[] =>
    remember(offers, current, find, () => findOffers(find, current, samples, makeRunner));
  return ({ isActive, level: choose }, visit = () => {}) => {
    let current = graph;
    const actions: Action[] = [];
    for (const { name, find } of samples.length === 0 ? [] : structuralPasses) {
      if (!isActive(name)) continue;
      const before = current;
      const chosen = offersOf(find, before).flatMap(({ candidate, levels }) => {
        const level = choose(before, candidate, levels);
        return level ? [{ candidate, level }] : [];
      });
      if (chosen.length === 0) continue;
      const key = `${name}: ${chosen.map(({ candidate, level }) => `${candidate.name} ${level.label}`).join('; ')}`;
      const after = remember(results, before, key, () => applyLevels(before, chosen));
      current = after.graph;
      actions.push(...after.actions);
      visit(after);
    }
    return { graph: current, actions };
  };
}

/** What is known of a graph under a key, found out where it is not. */
function remember<K, V>(known: WeakMap<Graph, Map<K, V>>, graph: Graph, key: K, find: () => V): V {
  const ofGraph = known.get(graph) ?? new Map<K, V>();
  known.set(graph, ofGraph);
  const found = ofGraph.get(key) ?? find();
  ofGraph.set(key, found);
  return found;
}

interface Chosen {
  readonly candidate: Candidate;
  readonly level: Level;
}

function applyLevels(graph: Graph, chosen: readonly Chosen[]): PassResult {
  const rules = new Map(chosen.flatMap(({ candidate, level }) => [...rulesOf(candidate, level)]));
  const replaced = replaceNodes(graph, rules);
  const taken = chosen.filter(({ candidate }) => replaced.values.has(candidate.output));
  return { unfolded: replaced.graph, graph: optimise(replaced.graph).graph, actions: taken.map(describe) };
}

interface Offer {
  readonly candidate: Candidate;
  readonly levels: readonly Level[];
}

function findOffers(
  find: FindCandidates,
  graph: Graph,
  samples: readonly Feeds[],
  makeRunner: MakeRunner,
): readonly Offer[] {
  const candidates = find(graph);
  const requests = candidates.flatMap((candidate) => candidate.requests);
  const statistics = observe(graph, requests, samples, makeRunner);
  return candidates.map((candidate) => ({ candidate, levels: candidate.levels(statistics) }));
}

const describe = ({ candidate, level }: Chosen): Action => ({
  pass: candidate.pass,
  place: candidate.name,
  level: level.label,
  error: level.error,
  parameters: { before: candidate.parameters, after: level.parameters },
  macs: { before: candidate.macs, after: level.macs },
});
