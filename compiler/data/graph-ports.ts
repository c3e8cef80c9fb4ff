import { bug } from '../diagnostics/index.ts';
import type { Graph, ValueId } from '../ir/graph.ts';
import { sizesOf } from '../tensor/shape.ts';
import type { DataPort } from './data-set.ts';

/** Inputs or outputs of a graph. */
export const portsOf = (
  graph: Graph,
  values: readonly { readonly name: string; readonly value: ValueId }[],
): DataPort[] =>
  values.map(({ name, value }) => {
    const type = graph.values.get(value)?.type;
    if (!type) throw bug(`"${name}" has no type`);
    return { name, dtype: type.dtype, shape: sizesOf(type.shape) };
  });

export const inputPorts = (graph: Graph): DataPort[] =>
  portsOf(
    graph,
    graph.inputs.map((value) => ({ name: graph.values.get(value)?.name ?? '', value })),
  );
