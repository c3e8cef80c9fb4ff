import { observe } from '../../../compiler/3-compress/calibrate/observe.ts';
import type { Candidate, FindCandidates, Level } from '../../../compiler/3-compress/candidate.ts';
import { rulesOf } from '../../../compiler/3-compress/candidate.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import type { Feeds } from '../../../compiler/ir/trial.ts';
import { verifyGraph } from '../../../compiler/ir/verify.ts';
import { replaceNodes } from '../../../compiler/rewrite/replace-nodes.ts';
import { elementCount } from '../../../compiler/tensor/shape.ts';
import { makeRunner } from '../../../compiler/trial/make-runner.ts';
import { makeRandom } from '../../harness/random.ts';

export interface Found {
  readonly candidate: Candidate;
  readonly levels: readonly Level[];
}

/** Random inputs, in [-2, 2). */
export function samplesFor(graph: Graph, count: number, seed = 7): Feeds[] {
  const random = makeRandom(seed);
  return Array.from({ length: count }, () =>
    Object.fromEntries(
      graph.inputs.map((id) => {
        const { name, type } = graph.values.get(id)!;
        return [name, random.reals(elementCount(type.shape), -2, 2)];
      }),
    ),
  );
}

/** All candidates of a pass with their levels. */
export function levelsOf(graph: Graph, find: FindCandidates, samples: readonly Feeds[]): Found[] {
  verifyGraph(graph);
  const candidates = find(graph);
  const requests = candidates.flatMap((candidate) => candidate.requests);
  const statistics = observe(graph, requests, samples, makeRunner);
  return candidates.map((candidate) => ({ candidate, levels: candidate.levels(statistics) }));
}

/** The graph with these levels taken, all in one rebuild; fails where one of their rules does not answer. */
export function take(graph: Graph, ...chosen: readonly (readonly [Candidate, Level | undefined])[]): Graph {
  const rules = new Map(chosen.flatMap(([candidate, level]) => [...rulesOf(candidate, level!)]));
  const { graph: next, values } = replaceNodes(graph, rules);
  for (const id of rules.keys())
    if (!values.has(id)) throw new Error(`"${graph.values.get(id)?.name}" was not replaced`);
  return next;
}

/** Per output by name: squared error over the output's variance, features along `axis`. */
export function outputErrors(
  before: Graph,
  after: Graph,
  samples: readonly Feeds[],
  axis: number,
): Map<string, number> {
  const [wanted, given] = [before, after].map((graph) => {
    const runner = makeRunner(graph);
    return samples.map((feeds) => runner.run(feeds));
  });
  return new Map(
    before.outputs.map(({ name, value }) => {
      const { shape } = before.values.get(value)!.type;
      const features = shape[axis]!.size;
      const inner = elementCount(shape.slice(axis + 1));
      const sums = Array.from({ length: features }, () => ({ count: 0, sum: 0, squares: 0 }));
      let error = 0;
      wanted!.forEach((outputs, s) => {
        outputs[name]!.forEach((v, i) => {
          const sum = sums[Math.floor(i / inner) % features]!;
          sum.count++;
          sum.sum += Number(v);
          sum.squares += Number(v) ** 2;
          error += (Number(v) - Number(given![s]![name]![i])) ** 2;
        });
      });
      const variance = sums.reduce((all, { count, sum, squares }) => all + squares - sum ** 2 / count, 0);
      return [name, error / variance];
    }),
  );
}

/** The error of a graph's only output. */
export const outputError = (before: Graph, after: Graph, samples: readonly Feeds[], axis: number): number => {
  const errors = [...outputErrors(before, after, samples, axis).values()];
  if (errors.length !== 1) throw new Error(`${errors.length} outputs`);
  return errors[0]!;
};

/** Weights, without vectors. */
export const weightsIn = (graph: Graph): number =>
  [...graph.constants.values()]
    .filter(({ shape }) => shape.length >= 2)
    .reduce((sum, { shape }) => sum + elementCount(shape), 0);

export const levelLabelled = ({ levels }: Found, label: string): Level => {
  const level = levels.find((l) => l.label === label);
  if (!level) throw new Error(`no level "${label}" among ${levels.map((l) => l.label).join(', ')}`);
  return level;
};
