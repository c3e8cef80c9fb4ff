import type { Node } from '../ir/graph.ts';
import { ops } from '../ops/index.ts';

/**
 * Where features along one dimension of a node's output come from: feature `first + i` of the output is made of feature
 * `source[i]` along `axis` of one input, and of no other feature of that input.
 */
export interface Flow {
  /** position among the node's inputs */
  readonly input: number;
  readonly axis: number;
  readonly first: number;
  readonly source: readonly number[];
}

/** A node and the sizes of its inputs and of its one output. */
export interface SizedNode extends Pick<Node, 'op' | 'attributes'> {
  readonly inputs: readonly (readonly number[])[];
  readonly output: readonly number[];
}

/**
 * How the features along dimension `axis` of a node's output flow in from its inputs, an input that is the same for all of
 * them left out; undefined where the node mixes features. A layer's features start with it: they flow in from its weights
 * and bias only.
 */
export function flowsInto(node: SizedNode, axis: number): readonly Flow[] | undefined {
  const { op, attributes, inputs, output } = node;
  const count = output[axis] ?? 0;
  const whole = (input: number, from: number): Flow => ({ input, axis: from, first: 0, source: range(count) });
  const numbers = (name: string): readonly number[] => {
    const value = attributes[name];
    return Array.isArray(value) ? value : [];
  };
  if (ops[op].class === 'elementwise') {
    const flows = inputs.flatMap((sizes, input) => {
      const from = axis - (output.length - sizes.length);
      return from >= 0 && sizes[from] === count ? [whole(input, from)] : [];
    });
    return flows.length > 0 ? flows : undefined;
  }
  switch (op) {
    case 'linear':
      return axis === output.length - 1 && isPlain(node) ? inputs.slice(1).map((_, i) => whole(i + 1, 0)) : undefined;
    case 'conv':
      return axis === 1 && isPlain(node) ? convFlows(node, count) : undefined;
    case 'batchNorm':
      return axis === 1 ? inputs.map((_, i) => whole(i, i === 0 ? 1 : 0)) : undefined;
    case 'maxPool':
    case 'averagePool':
    case 'lpPool':
      return axis === 1 ? [whole(0, 1)] : undefined;
    case 'reduce': {
      const axes = numbers('axes');
      const rest = range(inputs[0]?.length ?? 0).filter((d) => !axes.includes(d));
      const from = attributes.keepDims === false ? rest[axis] : axis;
      return from === undefined || axes.includes(from) ? undefined : [whole(0, from)];
    }
    case 'transpose':
      return [whole(0, numbers('perm')[axis] ?? 0)];
    case 'slice': {
      const start = numbers('starts')[axis] ?? 0;
      const source = range(count).map((i) => start + i);
      return numbers('steps')[axis] === 1 ? [{ input: 0, axis, first: 0, source }] : undefined;
    }
    case 'pad': {
      const pads = numbers('pads');
      return pads[axis] === 0 && pads[axis + output.length] === 0 ? [whole(0, axis)] : undefined;
    }
    case 'resize': {
      const isKept = inputs[0]?.[axis] === count && numbers('scales')[axis] === 1;
      return isKept && attributes.coordinates !== 'tf_crop_and_resize' ? [whole(0, axis)] : undefined;
    }
    case 'concat':
      return attributes.axis === axis ? piecesOf(inputs, axis) : inputs.map((_, i) => whole(i, axis));
    case 'reshape': {
      const flow = reshapeFlow(inputs[0] ?? [], output, axis);
      return flow && [flow];
    }
    default:
      return undefined;
  }
}

/** The dimension of the output that features along `axis` of input `input` flow into, with all that flows into it. */
export function flowsOutOf(
  node: SizedNode,
  input: number,
  axis: number,
): { readonly axis: number; readonly flows: readonly Flow[] } | undefined {
  for (let out = 0; out < node.output.length; out++) {
    const flows = flowsInto(node, out);
    if (flows?.some((flow) => flow.input === input && flow.axis === axis)) return { axis: out, flows };
  }
  return undefined;
}

/**
 * Attributes of a node for `count` features along `axis` of its output, `inner` of them along that of its first input, which
 * has no others that the output does not take.
 */
export function narrowAttributes(node: SizedNode, axis: number, count: number, inner: number): Node['attributes'] {
  const { op, attributes } = node;
  const changed = (name: string, to: number): Node['attributes'] => {
    const list = attributes[name];
    return Array.isArray(list) ? { [name]: list.map((value, d) => (d === axis ? to : value)) } : {};
  };
  if (op === 'reshape') return { ...attributes, ...changed('shape', count) };
  if (op === 'resize') return { ...attributes, ...changed('sizes', count) };
  if (op === 'slice') return { ...attributes, ...changed('sizes', count), ...changed('starts', 0) };
  return op === 'conv' && groupsOf(node) > 1 ? { ...attributes, group: inner } : attributes;
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

const groupsOf = ({ attributes }: SizedNode): number => Number(attributes.group ?? 1);

/** Not on integers: their scales belong to all features together. */
const isPlain = ({ attributes }: SizedNode): boolean => attributes.inputScale === undefined;

/** One filter or several per channel keep channels apart; all channels together start features; groups mix them in part. */
function convFlows(node: SizedNode, count: number): readonly Flow[] | undefined {
  const [x = [], w = []] = node.inputs;
  const parameters = node.inputs.slice(1).map((_, i) => ({ input: i + 1, axis: 0, first: 0, source: range(count) }));
  if (groupsOf(node) === 1) return parameters;
  if (groupsOf(node) !== x[1] || w[1] !== 1) return undefined;
  const filters = count / x[1];
  return [{ input: 0, axis: 1, first: 0, source: range(count).map((c) => Math.floor(c / filters)) }, ...parameters];
}

function piecesOf(inputs: SizedNode['inputs'], axis: number): Flow[] {
  let next = 0;
  return inputs.map((sizes, input) => {
    const first = next;
    next += sizes[axis] ?? 0;
    return { input, axis, first, source: range(sizes[axis] ?? 0) };
  });
}

const product = (sizes: readonly number[]): number => sizes.reduce((all, size) => all * size, 1);

/**
 * [1, C, H, W] -> [1, C H W] and the like: the dimension of x with as many elements before it, where one splits the other
 * into whole runs.
 */
function reshapeFlow(x: readonly number[], output: readonly number[], axis: number): Flow | undefined {
  const count = output[axis] ?? 0;
  const run = product(output.slice(axis + 1));
  const outer = product(output.slice(0, axis));
  const from = x.findIndex((size, d) => size > 1 && product(x.slice(0, d)) === outer);
  if (from < 0) return undefined;
  const fromRun = product(x.slice(from + 1));
  // each feature of the output lies within one of x, which it has part of
  if (fromRun % run !== 0 || count * run !== (x[from] ?? 0) * fromRun) return undefined;
  return { input: 0, axis: from, first: 0, source: range(count).map((c) => Math.floor((c * run) / fromRun)) };
}
