import type { Graph, Node, Value, ValueId } from '../../ir/graph.ts';
import { tensorOf } from '../../tensor/convert.ts';
import type { Tensor, TensorType } from '../../tensor/tensor.ts';
import { homogeneousActivations } from '../homogeneous-pairs.ts';

/** Their slope is f(x) / x. */
const homogeneousOps: ReadonlySet<Node['op']> = new Set(homogeneousActivations);
/** Of curvatures about 1: the slope is a difference over a small step. */
const smoothOps: ReadonlySet<Node['op']> = new Set([
  'sigmoid',
  'tanh',
  'elu',
  'selu',
  'celu',
  'gelu',
  'silu',
  'swish',
  'hardSigmoid',
  'hardSwish',
  'softplus',
  'softsign',
  'mish',
]);
const step = 2 ** -7;
/** In the place of 0 below a fraction: smaller than any input that counts. */
const tiny = 1e-30;

export const isSmoothOrHomogeneous = (op: Node['op']): boolean => homogeneousOps.has(op) || smoothOps.has(op);

/**
 * The graph with the slopes f'(x) of these nodes, functions f of each element of their first input, as further values;
 * ids of others stay. At 0 the slope of a homogeneous function counts as 0.
 */
export function addSlopes(
  graph: Graph,
  nodes: readonly Node[],
): { readonly graph: Graph; readonly slopes: readonly ValueId[] } {
  const values = new Map<ValueId, Value>(graph.values);
  const constants = new Map<ValueId, Tensor>(graph.constants);
  const added: Node[] = [];
  let nextId = 1 + Math.max(...values.keys());
  const define = (name: string, type: TensorType): ValueId => {
    const id = nextId++;
    values.set(id, { id, name: `${name} ${id}`, type });
    return id;
  };
  const number = (value: number): ValueId => {
    const tensor = tensorOf('float32', [], [value]);
    const id = define('number', { dtype: tensor.dtype, shape: tensor.shape });
    constants.set(id, tensor);
    return id;
  };
  const slopes = nodes.map((node) => {
    const [x = -1, ...others] = node.inputs;
    const type = values.get(x)?.type;
    if (!type) throw new RangeError(`internal: value ${x} is not of the graph`);
    const add = (op: Node['op'], inputs: readonly ValueId[], attributes: Node['attributes'] = {}): ValueId => {
      const output = define('slope', type);
      added.push({ op, name: 'slope', attributes, inputs, outputs: [output] });
      return output;
    };
    const f = (at: ValueId): ValueId => add(node.op, [at, ...others], node.attributes);
    if (homogeneousOps.has(node.op))
      return add('div', [add('mul', [f(x), add('sign', [x])]), add('max', [add('abs', [x]), number(tiny)])]);
    const [above, below] = [f(add('add', [x, number(step)])), f(add('sub', [x, number(step)]))];
    return add('mul', [add('sub', [above, below]), number(1 / (2 * step))]);
  });
  return { graph: { ...graph, values, constants, nodes: [...graph.nodes, ...added] }, slopes };
}
