import * as tf from '@tensorflow/tfjs';
import type { Graph, ValueId } from '../../ir/graph.ts';
import { maxActivationCode } from '../../kernel/quantization.ts';
import { isQuantizable } from '../../rewrite/quantize-layer.ts';
import { type Rewriter, type Rule, rebuild } from '../../rewrite/rebuild.ts';
import { tensorOf } from '../../tensor/convert.ts';
import { execute } from '../engine/execute.ts';
import type { Parameters } from '../parameters.ts';
import type { Role } from '../roles.ts';
import type { Shown } from './method.ts';

/** A value that layers read as 7-bit codes, and the names of what that takes. */
export interface CodedInput {
  /** nodes: x over the step between two codes, and what layers read */
  readonly first: string;
  readonly last: string;
  /** running range, one number each */
  readonly low: string;
  readonly high: string;
}

export interface CodedGraph {
  readonly graph: Graph;
  readonly inputs: readonly CodedInput[];
}

/** Added to a float32 and taken away again, it leaves the nearest whole number; the gradient is 1. */
const roundingAddend = 1.5 * 2 ** 23;
/** A range until there is one. */
const widest = 16;

/**
 * Layers that integer kernels can compute read x rounded as those do (`codesOfRange`): with step = (high - low) / 127 and
 * zero = -round(low / step),
 *
 *     step clamp(round(x / step), -zero, 127 - zero).
 */
export function withInputCodes(graph: Graph): CodedGraph {
  const inputs: CodedInput[] = [];
  const coded = new Map<ValueId, ValueId>();
  const rule: Rule = ({ node, inputs: [x, w, ...others] }, rewriter) => {
    const weights = w === undefined ? undefined : rewriter.known(w);
    if (x === undefined || w === undefined || !weights || !isQuantizable(node, weights)) return undefined;
    if (rewriter.known(x) || rewriter.typeOf(x).dtype !== 'float32') return undefined;
    const known = coded.get(x);
    const seen = known ?? addCodes(rewriter, x, inputs);
    coded.set(x, seen);
    return [rewriter.add(node.op, [seen, w, ...others], node.attributes, node.name)];
  };
  return { graph: rebuild(graph, [rule]).graph, inputs };
}

function addCodes(rewriter: Rewriter, x: ValueId, inputs: CodedInput[]): ValueId {
  const name = `${rewriter.nameOf(x)}.codes`;
  const names = { first: `${name}.steps`, last: `${name}.seen`, low: `${name}.low`, high: `${name}.high` };
  inputs.push(names);
  const number = (value: number, of: string): ValueId => rewriter.constant(tensorOf('float32', [1], [value]), of);
  const addend = number(roundingAddend, `${name}.addend`);
  const most = number(maxActivationCode, `${name}.most`);
  const [low, high] = [number(-widest, names.low), number(widest, names.high)];
  const round = (v: ValueId, of: string): ValueId =>
    rewriter.add('sub', [rewriter.add('add', [v, addend], {}, `${of}.lifted`), addend], {}, `${of}.rounded`);
  const range = rewriter.add('sub', [high, low], {}, `${name}.range`);
  const step = rewriter.add('div', [range, most], {}, `${name}.step`);
  const least = round(rewriter.add('div', [low, step], {}, `${name}.lowest`), `${name}.lowest`);
  const largest = rewriter.add('add', [least, most], {}, `${name}.highest`);
  const rounded = round(rewriter.add('div', [x, step], {}, names.first), names.first);
  const above = rewriter.add('max', [rounded, least], {}, `${name}.above`);
  const within = rewriter.add('min', [above, largest], {}, `${name}.within`);
  return rewriter.add('mul', [within, step], {}, names.last);
}

/** Layers read x itself again. */
export function withoutInputCodes(graph: Graph, inputs: readonly CodedInput[]): Graph {
  const firsts = new Map(inputs.map(({ first, last }) => [first, last]));
  const xs = new Map<string, ValueId>();
  const rule: Rule = ({ node, inputs: [x] }) => {
    const last = firsts.get(node.name);
    if (last !== undefined && node.op === 'div' && x !== undefined) xs.set(last, x);
    const plain = xs.get(node.name);
    return node.op === 'mul' && plain !== undefined ? [plain] : undefined;
  };
  return inputs.length === 0 ? graph : rebuild(graph, [rule]).graph;
}

/** Steps between two looks at the ranges, once there have been as many. */
const between = 10;

/** Running ranges of coded inputs: statistics of the graph, of which each look is a tenth. */
export class InputCodes {
  readonly #inputs: readonly CodedInput[];
  #steps = 0;
  #looks = 0;

  constructor(inputs: readonly CodedInput[]) {
    this.#inputs = inputs;
  }

  get roles(): ReadonlyMap<string, Role> {
    return new Map(this.#inputs.flatMap(({ low, high }) => [low, high].map((name) => [name, { kind: 'statistic' }])));
  }

  /** Counts steps from here on. */
  begin(isKnown: boolean): void {
    this.#steps = 0;
    this.#looks = isKnown ? between : 0;
  }

  /** Looks at what the layers read of a batch, at the first steps and then at each tenth. */
  async observe(parameters: Parameters, batch: Shown): Promise<void> {
    const isDue = this.#looks < between || this.#steps % between === 0;
    this.#steps++;
    if (!isDue) return;
    this.#looks = Math.min(between, this.#looks + 1);
    for (const { input, range } of this.#rangesOf(parameters, batch)) {
      const [min = 0, max = 0] = await range.data();
      range.dispose();
      move(parameters, input.low, Math.min(0, min), 1 / this.#looks);
      // a range of one point would have no steps
      move(parameters, input.high, min === max && max === 0 ? 1 : Math.max(0, max), 1 / this.#looks);
    }
  }

  /** The least and the largest of what is read as each input; the caller frees them. */
  #rangesOf({ graph, tensors }: Parameters, { feeds, own }: Shown): { input: CodedInput; range: tf.Tensor }[] {
    const ranges: { input: CodedInput; range: tf.Tensor }[] = [];
    tf.tidy(() => {
      const values = execute(graph, feeds, tensors, { isTraining: true }, own);
      for (const input of this.#inputs) {
        const x = graph.nodes.find(({ name }) => name === input.first)?.inputs[0];
        const held = x === undefined ? undefined : values.get(x);
        if (held) ranges.push({ input, range: tf.keep(tf.stack([tf.min(held.tensor), tf.max(held.tensor)])) });
      }
    });
    return ranges;
  }
}

function move(parameters: Parameters, name: string, to: number, share: number): void {
  const found = parameters.statistics.find((one) => one.name === name);
  if (!found) return;
  const { id, values, shape } = found;
  values[0] = (1 - share) * (values[0] ?? 0) + share * to;
  parameters.replace(id, values, shape);
}
