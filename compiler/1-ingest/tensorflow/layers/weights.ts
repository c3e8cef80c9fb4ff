import type { GraphBuilder } from '../../../ir/build.ts';
import type { ValueId } from '../../../ir/graph.ts';
import type { Tensor } from '../../../tensor/tensor.ts';

/** The weights of a layers model, found by layer and by their name within it. */
export class LayerWeights {
  readonly #builder: GraphBuilder;
  readonly #tensors: ReadonlyMap<string, Tensor>;
  readonly #constants = new Map<string, ValueId>();

  constructor(tensors: ReadonlyMap<string, Tensor>, builder: GraphBuilder) {
    this.#tensors = tensors;
    this.#builder = builder;
  }

  /**
   * A weight is `layer/weight`, with the models around the layer before it or without, and from TensorFlow 2.2 on with the
   * name of a cell between. Calls of one layer share it.
   */
  find(layer: string, weight: string, path: readonly string[]): ValueId | undefined {
    const name = this.#nameOf(layer, weight, path);
    const tensor = name === undefined ? undefined : this.#tensors.get(name);
    if (name === undefined || tensor === undefined) return undefined;
    const known = this.#constants.get(name) ?? this.#builder.constant(tensor, name);
    this.#constants.set(name, known);
    return known;
  }

  #nameOf(layer: string, weight: string, path: readonly string[]): string | undefined {
    const exact = [...path.map((_, i) => [...path.slice(i), layer, weight]), [layer, weight]].map((p) => p.join('/'));
    const found = exact.find((name) => this.#tensors.has(name));
    if (found !== undefined) return found;
    const isNamedSo = (name: string): boolean => {
      const parts = name.split('/');
      return parts.at(-1) === weight && (parts.at(-2) === layer || parts.at(-3) === layer);
    };
    return [...this.#tensors.keys()].find(isNamedSo);
  }
}
