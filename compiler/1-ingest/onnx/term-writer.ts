import type { ValueId } from '../../ir/graph.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Names } from './names.ts';
import type { Call, Term } from './term.ts';
import type { WrittenNode } from './write.ts';

/** Writes trees of operators as nodes and initializers, each value under a name of its own. */
export class TermWriter {
  readonly nodes: WrittenNode[] = [];
  readonly initializers = new Map<string, Tensor>();
  readonly #valueNames: Names;
  readonly #nodeNames: Names;
  readonly #nameOf: (id: ValueId) => string;

  constructor(valueNames: Names, nodeNames: Names, nameOf: (id: ValueId) => string) {
    this.#valueNames = valueNames;
    this.#nodeNames = nodeNames;
    this.#nameOf = nameOf;
  }

  /** Its value is called `value`; the nodes and values in between are named after the node and it. */
  write(root: Call, node: string, value: string): void {
    const written = new Map<Term, string>();
    const nameOf = (term: Term): string => {
      const name = written.get(term) ?? inner(term);
      written.set(term, name);
      return name;
    };
    const inner = (term: Term): string => {
      switch (term.kind) {
        case 'value':
          return this.#nameOf(term.id);
        case 'literal': {
          const name = this.#valueNames.make(`${value}/constant`, 'constant');
          this.initializers.set(name, term.tensor);
          return name;
        }
        case 'call': {
          const name = this.#valueNames.make(`${value}/${term.op}`, term.op);
          this.#push(term, nameOf, this.#nodeNames.make(`${node}/${term.op}`, term.op), name);
          return name;
        }
        default:
          return term satisfies never;
      }
    };
    this.#push(root, nameOf, this.#nodeNames.make(node, root.op), value);
  }

  #push(call: Call, nameOf: (term: Term) => string, name: string, value: string): void {
    const inputs = call.inputs.map((term) => (term === undefined ? '' : nameOf(term)));
    while (inputs.at(-1) === '') inputs.pop();
    const unread = Array.from({ length: call.output }, (_, i) => this.#valueNames.make(`${value}/${i}`, 'unread'));
    this.nodes.push({ op: call.op, name, inputs, outputs: [...unread, value], attributes: call.attributes });
  }
}
