import { GraphBuilder } from '../../ir/build.ts';
import type { Graph, ValueId } from '../../ir/graph.ts';
import type { Feeds, MakeRunner } from '../../ir/trial.ts';
import { elementCount } from '../../tensor/shape.ts';
import type { TensorType } from '../../tensor/tensor.ts';
import type { FeatureValue } from './features-along.ts';
import { relativeError } from './relative-error.ts';
import { measureSpreads, totalVariance } from './spread.ts';

/** Noise variance over the value's own, small enough that the outputs answer in proportion. */
const noiseShare = 0.01;

/**
 * How strongly the outputs answer to errors at each value: relative squared error of the outputs per relative squared
 * error of the value, measured with white noise of 1 % of its variance. All values are probed in one module that takes the
 * noise as inputs.
 */
export function measureSensitivities(
  graph: Graph,
  values: readonly FeatureValue[],
  samples: readonly Feeds[],
  makeRunner: MakeRunner,
): ReadonlyMap<ValueId, number> {
  const floats = values.filter(({ id }) => graph.values.get(id)?.type.dtype === 'float32');
  if (floats.length === 0) return new Map();
  const spreads = measureSpreads(graph, floats, samples, makeRunner);
  const runner = makeRunner(withNoise(graph, new Set(floats.map(({ id }) => id))));
  const silence = Object.fromEntries(floats.map(({ id }) => [noiseName(id), new Float32Array(sizeOf(graph, id))]));
  const quiet = samples.map((feeds) => runner.run({ ...feeds, ...silence }));
  const random = normalNumbers(1);
  return new Map(
    floats.map(({ id }) => {
      const spread = spreads.get(id);
      const size = sizeOf(graph, id);
      const features = spread?.mean.length ?? 1;
      const deviation = Math.sqrt((noiseShare * (spread ? totalVariance(spread) : 0)) / features);
      const noisy = samples.map((feeds) => {
        const noise = Float32Array.from({ length: size }, () => deviation * random());
        return runner.run({ ...feeds, ...silence, [noiseName(id)]: noise });
      });
      return [id, relativeError(quiet, noisy) / noiseShare] as const;
    }),
  );
}

const noiseName = (id: ValueId): string => `noise at value ${id}`;

const typeOf = (graph: Graph, id: ValueId): TensorType => {
  const value = graph.values.get(id);
  if (!value) throw new RangeError(`internal: value ${id} is not of the graph`);
  return value.type;
};
const sizeOf = (graph: Graph, id: ValueId): number => elementCount(typeOf(graph, id).shape);

/** The graph with value + noise in the place of each value, the noise being an input. */
function withNoise(graph: Graph, ids: ReadonlySet<ValueId>): Graph {
  const builder = new GraphBuilder(graph.name);
  const map = new Map<ValueId, ValueId>();
  for (const id of graph.inputs) map.set(id, builder.input(nameOf(graph, id), typeOf(graph, id)));
  const noises = new Map([...ids].map((id) => [id, builder.input(noiseName(id), typeOf(graph, id))]));
  for (const [id, tensor] of graph.constants) map.set(id, builder.constant(tensor, nameOf(graph, id)));
  const mapped = (id: ValueId): ValueId => {
    const found = map.get(id);
    if (found === undefined) throw new RangeError(`internal: value ${id} is read before it is computed`);
    return found;
  };
  for (const node of graph.nodes) {
    const outputs = builder.addAll(node.op, node.inputs.map(mapped), node.attributes, node.name);
    node.outputs.forEach((old, i) => {
      const made = outputs[i] ?? -1;
      const noise = noises.get(old);
      map.set(old, noise === undefined ? made : builder.add('add', [made, noise], {}, 'noise'));
    });
  }
  for (const { name, value } of graph.outputs) builder.output(name, mapped(value));
  return builder.build();
}

const nameOf = (graph: Graph, id: ValueId): string => graph.values.get(id)?.name ?? '';

/** Normal deviates (Box and Muller) from mulberry32. */
function normalNumbers(seed: number): () => number {
  let state = seed;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}
