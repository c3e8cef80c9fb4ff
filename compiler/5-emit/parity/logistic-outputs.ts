import type { Graph, ValueId } from '../../ir/graph.ts';
import { ops } from '../../ops/index.ts';

/** What onnxruntime's sum may be off by: two units in the last place of 1/2 in float32. */
const logisticError = 2 ** -23;

/**
 * Outputs that are a sigmoid's, moved at most, and how far onnxruntime's may be off: it adds an odd rational function to 1/2
 * (MLAS, logistic), so that near 0 nothing is left of the relative precision that others have.
 */
export function logisticOutputs({ nodes, outputs }: Graph): ReadonlyMap<string, number> {
  const writers = new Map(nodes.flatMap((node) => node.outputs.map((id) => [id, node] as const)));
  const isLogistic = (id: ValueId | undefined): boolean => {
    const writer = id === undefined ? undefined : writers.get(id);
    if (!writer) return false;
    return writer.op === 'sigmoid' || (ops[writer.op].tolerance === 'exact' && writer.inputs.some(isLogistic));
  };
  return new Map(outputs.flatMap(({ name, value }) => (isLogistic(value) ? [[name, logisticError] as const] : [])));
}
