import { truncateRankBy, type Weighting } from '../../../compiler/3-compress/actions/truncate-rank.ts';
import { observe } from '../../../compiler/3-compress/calibrate/observe.ts';
import type { Candidate, Level } from '../../../compiler/3-compress/candidate.ts';
import { rulesOf } from '../../../compiler/3-compress/candidate.ts';
import { optimise } from '../../../compiler/3-compress/pipeline.ts';
import { allOff, type Switches } from '../../../compiler/3-compress/plan/options.ts';
import { chooseByPrice } from '../../../compiler/3-compress/plan/prices.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import type { Feeds } from '../../../compiler/ir/trial.ts';
import { replaceNodes } from '../../../compiler/rewrite/replace-nodes.ts';
import { elementCount } from '../../../compiler/tensor/shape.ts';
import { makeRunner } from '../../../compiler/trial/make-runner.ts';

export interface TruncatedRanks {
  readonly graph: Graph;
  /** weights of matrices over those of the original */
  readonly share: number;
  readonly ranks: readonly string[];
}

const rankOnly: Switches = { ...allOff, rank: 'auto' };
const halvings = 40;

/**
 * All layers truncated to `share` of the weights at most, by one kind of singular vectors. One price of a weight decides
 * every rank, as in the planner: each layer takes the rank of least error + price; the price is found by bisection.
 */
export function truncateTo(
  graph: Graph,
  weighting: Weighting,
  samples: readonly Feeds[],
  share: number,
): TruncatedRanks {
  const candidates = truncateRankBy(weighting)(graph);
  const statistics = observe(
    graph,
    candidates.flatMap(({ requests }) => requests),
    samples,
    makeRunner,
  );
  const offers = candidates.map((candidate) => ({ candidate, levels: candidate.levels(statistics) }));
  const limit = share * weightsOf(graph);
  let [low, high] = [-12, 3];
  let best = take(graph, offers, 10 ** high);
  for (let i = 0; i < halvings; i++) {
    const middle = (low + high) / 2;
    const found = take(graph, offers, 10 ** middle);
    if (found.weights <= limit) [best, high] = [found, middle];
    else low = middle;
  }
  const rules = new Map(best.chosen.flatMap(({ candidate, level }) => [...rulesOf(candidate, level)]));
  const truncated = optimise(replaceNodes(graph, rules).graph).graph;
  return {
    graph: truncated,
    share: best.weights / weightsOf(graph),
    ranks: best.chosen.map(({ candidate, level }) => `${candidate.name}: ${level.label}`),
  };
}

interface Offer {
  readonly candidate: Candidate;
  readonly levels: readonly Level[];
}

/** What one price of all the weights together makes of every layer. */
function take(graph: Graph, offers: readonly Offer[], price: number) {
  const perWeight = price / weightsOf(graph);
  const choose = chooseByPrice(
    { storedByte: 0, removedByte: perWeight, memoryByte: 0, mac: 0, removedMac: 0, wantsIntegers: false },
    rankOnly,
  );
  const chosen = offers.flatMap(({ candidate, levels }) => {
    const level = choose({ ...candidate, sensitivity: 1 }, levels);
    return level ? [{ candidate, level }] : [];
  });
  const saved = chosen.reduce((sum, { candidate, level }) => sum + candidate.parameters - level.parameters, 0);
  return { chosen, weights: weightsOf(graph) - saved };
}

/** Elements of all matrices. */
export const weightsOf = (graph: Graph): number =>
  [...graph.constants.values()].reduce((sum, { shape }) => sum + (shape.length > 1 ? elementCount(shape) : 0), 0);
