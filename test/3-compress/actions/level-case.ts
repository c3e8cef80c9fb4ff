import { observe } from '../../../compiler/3-compress/calibrate/observe.ts';
import type { Candidate, FindCandidates, Level } from '../../../compiler/3-compress/candidate.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import type { Feeds } from '../../../compiler/ir/trial.ts';
import { replaceNodes } from '../../../compiler/rewrite/replace-nodes.ts';
import { elementCount, sizesOf } from '../../../compiler/tensor/shape.ts';
import { makeRunner } from '../../../compiler/trial/make-runner.ts';
import { makeRandom } from '../../harness/random.ts';

/** Inputs for a graph of float inputs, normal or as `of` maps a sample's normal numbers. */
export function makeSamples(
  graph: Graph,
  count: number,
  seed: number,
  of: (z: Float32Array, sample: number) => Float32Array = (z) => z,
): Feeds[] {
  const random = makeRandom(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random.real())) * Math.cos(2 * Math.PI * random.real());
  return Array.from({ length: count }, (_, sample) =>
    Object.fromEntries(
      graph.inputs.map((id) => {
        const { name, type } = graph.values.get(id)!;
        return [name, of(Float32Array.from({ length: elementCount(type.shape) }, normal), sample)];
      }),
    ),
  );
}

/** Candidates of a pass with their levels on these samples. */
export function levelsOf(find: FindCandidates, graph: Graph, samples: readonly Feeds[]) {
  const candidates = find(graph);
  const statistics = observe(
    graph,
    candidates.flatMap(({ requests }) => requests),
    samples,
    makeRunner,
  );
  return candidates.map((candidate) => ({ candidate, levels: candidate.levels(statistics) }));
}

/** The graph with these levels taken; every rule must answer. */
export function take(graph: Graph, chosen: readonly { candidate: Candidate; level: Level }[]): Graph {
  const replaced = replaceNodes(graph, new Map(chosen.map(({ candidate, level }) => [candidate.output, level.rule])));
  const missing = chosen.filter(({ candidate }) => !replaced.values.has(candidate.output));
  if (missing.length > 0) throw new Error(`not replaced: ${missing.map(({ candidate }) => candidate.name)}`);
  return replaced.graph;
}

/** E |y' - y|^2 over the variance of y, of the first output, its features along `axis`. */
export function measuredError(before: Graph, after: Graph, samples: readonly Feeds[], axis: number): number {
  const { error, variance } = measureErrors(before, after, samples, axis);
  return error / variance;
}

/** Sums over rows: |y' - y|^2 and |y - mean y|^2. */
export function measureErrors(before: Graph, after: Graph, samples: readonly Feeds[], axis: number) {
  const { name, value } = before.outputs[0]!;
  const sizes = sizesOf(before.values.get(value)!.type.shape);
  const inner = sizes.slice(axis + 1).reduce((a, b) => a * b, 1);
  const width = sizes[axis]!;
  const [mean, square] = [new Float64Array(width), new Float64Array(width)];
  const [first, second] = [makeRunner(before), makeRunner(after)];
  let [error, rows] = [0, 0];
  for (const feeds of samples) {
    const [y, z] = [first.run(feeds)[name]!, second.run(feeds)[name]!];
    rows += y.length / width;
    for (let i = 0; i < y.length; i++) {
      const feature = Math.floor(i / inner) % width;
      error += (Number(z[i]) - Number(y[i])) ** 2;
      mean[feature]! += Number(y[i]);
      square[feature]! += Number(y[i]) ** 2;
    }
  }
  const variance = square.reduce((sum, s, i) => sum + s - mean[i]! ** 2 / rows, 0);
  return { error, variance };
}

/** Weights that the graph holds in matrices and kernels. */
export const weightCount = (graph: Graph): number =>
  [...graph.constants.values()]
    .filter(({ shape }) => shape.length > 1)
    .reduce((n, { shape }) => n + elementCount(shape), 0);
