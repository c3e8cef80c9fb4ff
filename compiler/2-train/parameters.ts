import * as tf from '@tensorflow/tfjs';
import { bug } from '../diagnostics/index.ts';
import type { Graph, ValueId } from '../ir/graph.ts';
import { sizesOf } from '../tensor/shape.ts';
import { makeTensor } from '../tensor/tensor.ts';
import { toTensorFlow } from './engine/tensors.ts';
import { type Role, rolesOf } from './roles.ts';

/** A learnt constant: `values` are what its variable holds, in this process. */
export interface Parameter {
  readonly name: string;
  readonly id: ValueId;
  readonly shape: readonly number[];
  readonly decays: boolean;
  readonly values: Float32Array;
  readonly variable: tf.Variable;
}

/** A constant that its layer keeps up to date. */
export interface Statistic {
  readonly name: string;
  readonly id: ValueId;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** All constants of a graph while it trains. What it holds on the backend is freed by `dispose`. */
export class Parameters {
  readonly learnt: readonly Parameter[];
  readonly statistics: readonly Statistic[];
  readonly #tensors: Map<ValueId, tf.Tensor>;

  /** @param roles those that are not as `rolesOf` finds them, by name */
  constructor(
    readonly graph: Graph,
    roles: ReadonlyMap<string, Role> = new Map(),
  ) {
    const found = rolesOf(graph);
    const learnt: Parameter[] = [];
    const statistics: Statistic[] = [];
    this.#tensors = new Map();
    for (const [id, tensor] of graph.constants) {
      const name = graph.values.get(id)?.name ?? '';
      const role = roles.get(name) ?? found.get(id);
      const shape = sizesOf(tensor.shape);
      const made = toTensorFlow(tensor);
      if (role?.kind === 'learnt') {
        const variable = tf.variable(made, true);
        made.dispose();
        const values = Float32Array.from(tensor.data, Number);
        learnt.push({ name, id, shape, decays: role.decays, values, variable });
        this.#tensors.set(id, variable);
        continue;
      }
      this.#tensors.set(id, tf.keep(made));
      if (role?.kind === 'statistic')
        statistics.push({ name, id, shape, values: Float32Array.from(tensor.data, Number) });
    }
    this.learnt = learnt;
    this.statistics = statistics;
  }

  /** By id, as the graph is run. */
  get tensors(): ReadonlyMap<ValueId, tf.Tensor> {
    return this.#tensors;
  }

  named(name: string): Parameter {
    const found = this.learnt.find((parameter) => parameter.name === name);
    if (!found) throw bug(`no learnt parameter "${name}"`);
    return found;
  }

  /** Of any constant. */
  idOf(name: string): ValueId {
    const id = [...this.#tensors.keys()].find((one) => this.graph.values.get(one)?.name === name);
    if (id === undefined) throw bug(`no constant "${name}"`);
    return id;
  }

  /** Takes what `values` of a parameter hold now. */
  update({ variable, values, shape }: Parameter): void {
    tf.tidy(() => variable.assign(tf.tensor(values, [...shape])));
  }

  /** The same for a statistic, or any other constant that is not learnt. */
  replace(id: ValueId, values: Float32Array, shape: readonly number[]): void {
    this.#tensors.get(id)?.dispose();
    this.#tensors.set(id, tf.keep(tf.tensor(values, [...shape])));
  }

  /** The graph with all that was learnt. */
  toGraph(): Graph {
    const constants = new Map(this.graph.constants);
    for (const { id, values } of [...this.learnt, ...this.statistics]) {
      const old = constants.get(id);
      if (old) constants.set(id, makeTensor('float32', old.shape, values.slice()));
    }
    return { ...this.graph, constants };
  }

  dispose(): void {
    for (const tensor of this.#tensors.values()) tensor.dispose();
  }
}
