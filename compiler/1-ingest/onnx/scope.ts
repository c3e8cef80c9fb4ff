import type { ValueId } from '../../ir/graph.ts';

/** What a name of the file stands for. absent: an optional input left out. poisoned: the result of a node not imported. */
export type Binding = ValueId | 'absent' | 'poisoned';

/** Names of one graph; a subgraph sees those around it. */
export class Scope {
  readonly #names = new Map<string, Binding>();
  readonly #outer: Scope | undefined;

  constructor(outer?: Scope) {
    this.#outer = outer;
  }

  define(name: string, binding: Binding): void {
    this.#names.set(name, binding);
  }

  /** Whether this graph itself defines the name. */
  has(name: string): boolean {
    return this.#names.has(name);
  }

  find(name: string): Binding | undefined {
    return this.#names.get(name) ?? this.#outer?.find(name);
  }
}
