import type { Graph, ValueId } from '../../ir/graph.ts';
import type { Feeds, MakeRunner } from '../../ir/trial.ts';
import { printNumberOf } from '../../quantity/count.ts';
import type { FeatureValue } from '../calibrate/features-along.ts';
import { measureSensitivities } from '../calibrate/sensitivity.ts';
import { recallOr } from '../remembered.ts';
import type { TrialMemory } from './trial-memory.ts';

/** Relative squared error of the outputs per relative squared error of a value of any graph made from the original. */
export type SensitivityOf = (graph: Graph, value: ValueId) => number;

/** Ops whose outputs lossy passes disturb. */
const probedOps: ReadonlySet<string> = new Set(['linear', 'conv', 'convTranspose', 'matmul', 'gather', 'add']);
/** Readers that are followed to a known value at most. */
const farthest = 16;

/**
 * Sensitivities by the names of values, which rewrites keep. A value that a rewrite made has that of the first known one
 * behind it: the inner value of a factored layer is as sensitive as the layer's output.
 */
export function measureSensitivitiesByName(
  graph: Graph,
  samples: readonly Feeds[],
  makeRunner: MakeRunner,
  memory: Pick<TrialMemory, 'sensitivities'>,
  onLook: (what: string) => void,
): SensitivityOf {
  const byName = new Map(
    recallOr(memory.sensitivities, '', () => {
      const values = probedValues(graph);
      onLook(`how much the outputs depend on ${printNumberOf(values.length, 'value')}`);
      const measured = measureSensitivities(graph, values, samples, makeRunner);
      return [...measured].map(([id, value]): [string, number] => [graph.values.get(id)?.name ?? '', value]);
    }),
  );
  return (current, value) => {
    let id: ValueId | undefined = value;
    for (let step = 0; id !== undefined && step < farthest; step++) {
      const known = byName.get(current.values.get(id)?.name ?? '');
      if (known !== undefined) return known;
      const read: ValueId = id;
      id = current.nodes.find((node) => node.inputs.includes(read))?.outputs[0];
    }
    return 1;
  };
}

const probedValues = (graph: Graph): FeatureValue[] =>
  graph.nodes.flatMap((node) => {
    const [id] = node.outputs;
    const type = id === undefined ? undefined : graph.values.get(id)?.type;
    if (id === undefined || !type || !probedOps.has(node.op)) return [];
    return [{ id, axis: node.op === 'conv' ? 1 : Math.max(0, type.shape.length - 1) }];
  });
