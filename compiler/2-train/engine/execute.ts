import type * as tf from '@tensorflow/tfjs';
import { bug } from '../../diagnostics/index.ts';
import { opNotTrainable } from '../../diagnostics/train.ts';
import type { Graph, Node, ValueId } from '../../ir/graph.ts';
import { ops } from '../../ops/index.ts';
import { makeOperand } from '../../ops/op.ts';
import { sizesOf } from '../../tensor/shape.ts';
import { type Held, hold } from './held.ts';
import { operations } from './operations/index.ts';
import type { Mode } from './operations/operation.ts';
import { NotRenderable, render } from './render.ts';

/** A batch: for each input of the graph [B, sizes...]. */
export type BatchFeeds = Readonly<Record<string, tf.Tensor>>;

/** Constants of which every sample has its own, by id: [B, sizes...] in the place of the graph's. */
export type OwnConstants = ReadonlyMap<ValueId, tf.Tensor>;

/** Values of the graph for a batch, [B, sizes...]; those that no sample changes [sizes...]. */
export type BatchValues = ReadonlyMap<ValueId, Held>;

/**
 * Runs a graph on a batch, op by op, each on the whole of it: the graph itself stays that of one sample (or of as many as
 * its first dimension says). `constants` stand for the graph's own; gradients flow to them. `own` ones go before them.
 * @throws LccError LCC8002 for an op that TensorFlow.js has nothing for
 */
export function execute(
  graph: Graph,
  feeds: BatchFeeds,
  constants: ReadonlyMap<ValueId, tf.Tensor>,
  mode: Mode,
  own: OwnConstants = new Map(),
): BatchValues {
  const values = new Map<ValueId, Held>();
  for (const id of graph.inputs) {
    const feed = feeds[graph.values.get(id)?.name ?? ''];
    if (feed) values.set(id, hold(feed, true));
  }
  for (const id of graph.constants.keys()) {
    const ofEach = own.get(id);
    const tensor = ofEach ?? constants.get(id);
    if (!tensor) throw bug(`no tensor for the constant "${graph.values.get(id)?.name}"`);
    values.set(id, hold(tensor, ofEach !== undefined));
  }
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((id) => values.get(id) ?? missing(graph, id));
    runNode(graph, node, inputs, mode).forEach((held, i) => {
      const id = node.outputs[i];
      if (id !== undefined) values.set(id, held);
    });
  }
  return values;
}

function missing(graph: Graph, id: ValueId): never {
  throw bug(`"${graph.values.get(id)?.name}" is read, but was neither fed nor computed`);
}

function runNode(graph: Graph, node: Node, inputs: readonly Held[], mode: Mode): readonly Held[] {
  const { op, attributes } = node;
  const types = [...node.inputs, ...node.outputs].map((id) => graph.values.get(id)?.type);
  const [type] = types.slice(node.inputs.length);
  try {
    const isQuantised = attributes.inputScale !== undefined;
    const operation = operations[op];
    if (isQuantised) throw new NotRenderable('an integer layer');
    if (operation && type) {
      return [operation({ inputs, ids: node.inputs, attributes, sizes: sizesOf(type.shape), mode })];
    }
    const operands = node.inputs.map((_, i) => makeOperand(i, types[i] ?? fail(op)));
    const held = new Map(inputs.map((input, i) => [i, input]));
    return ops[op].meaning(operands, attributes).map((meaning) => render(meaning, held));
  } catch (error) {
    if (error instanceof NotRenderable) throw opNotTrainable(op, node.name, error.message);
    throw error;
  }
}

const fail = (op: string): never => {
  throw bug(`an operand of ${op} without a type`);
};
