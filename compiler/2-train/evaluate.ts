import * as tf from '@tensorflow/tfjs';
import type { DataPort, DataSet, Feeds } from '../data/data-set.ts';
import { inputPorts, portsOf } from '../data/graph-ports.ts';
import { measureMetrics } from '../data/measure-metrics.ts';
import type { Metric } from '../data/metrics/metric.ts';
import { bug } from '../diagnostics/index.ts';
import type { Graph, ValueId } from '../ir/graph.ts';
import { encodeData } from '../tensor/convert.ts';
import { execute } from './engine/execute.ts';
import { type Held, natural } from './engine/held.ts';
import { toTensorFlow } from './engine/tensors.ts';
import { makeRandom } from './random.ts';
import { makeTrainingData } from './training-data.ts';

/** Samples that run at once. */
const together = 250;

/** A metric of a network as it stands, many samples at once; `constants` are made for each of them, and freed. */
export async function evaluate(
  graph: Graph,
  constants: () => ReadonlyMap<ValueId, tf.Tensor>,
  data: DataSet,
  metric: Metric,
  output?: string,
): Promise<number> {
  const outputs = portsOf(graph, graph.outputs);
  const samples = makeTrainingData(data, inputPorts(graph));
  let next = 0;
  let known: { readonly first: number; readonly values: readonly Feeds[] } = { first: 0, values: [] };
  // samples are asked for one after another
  const run = async (): Promise<Feeds> => {
    if (next >= known.first + known.values.length) known = { first: next, values: await runTogether(next) };
    return known.values[next++ - known.first] ?? {};
  };
  const runTogether = async (first: number): Promise<Feeds[]> => {
    const count = Math.min(together, data.size - first);
    const positions = Uint32Array.from({ length: count }, (_, i) => first + i);
    const found: Held[] = [];
    tf.tidy(() => {
      const { feeds } = samples.batch(positions, [], makeRandom(0));
      const values = execute(graph, feeds, constants(), { isTraining: false });
      for (const { value, name } of graph.outputs) {
        const held = values.get(value);
        if (!held) throw bug(`the output "${name}" was not computed`);
        found.push({ ...held, tensor: tf.keep(tf.clone(natural(held))) });
      }
    });
    const arrays = await Promise.all(outputs.map((port, i) => read(port, found[i])));
    tf.dispose(found.map(({ tensor }) => tensor));
    return Array.from({ length: count }, (_, s) =>
      Object.fromEntries(arrays.map(({ name, each, size, all }) => [name, all.slice(s * each, s * each + size)])),
    );
  };
  const read = async ({ name, dtype, shape }: DataPort, held: Held | undefined) => {
    const size = shape.reduce((product, n) => product * n, 1);
    const all = encodeData(dtype, held ? await held.tensor.data() : []);
    return { name, size, all, each: held?.isBatched ? size : 0 };
  };
  const [result] = await measureMetrics([metric], { data, outputs, run, ...(output !== undefined && { output }) });
  if (!result) throw bug('a metric without a result');
  return result.value;
}

/** The same of a graph that is not being trained. */
export async function evaluateGraph(graph: Graph, data: DataSet, metric: Metric, output?: string): Promise<number> {
  const constants = new Map([...graph.constants].map(([id, tensor]) => [id, toTensorFlow(tensor)]));
  try {
    return await evaluate(graph, () => constants, data, metric, output);
  } finally {
    tf.dispose([...constants.values()]);
  }
}
