import type { Expr } from '../expr.ts';
import type { Axis } from '../index-expr.ts';

/** The statements of one loop body, and the names bound in it. */
class Block {
  readonly lines: string[] = [];
  readonly texts = new Map<string, string>();
  readonly values = new Map<Expr, string>();
}

/** The counter of a loop, and the depth of the block that it runs. */
interface Counter {
  readonly depth: number;
  readonly name: string;
}

/** The blocks open while a kernel is printed: its own at depth 0, then one for each loop around the statement at hand. */
export class Blocks {
  private readonly open: Block[] = [new Block()];
  private readonly counters = new Map<Axis, Counter>();
  private count = 0;

  /** of the innermost block */
  get depth(): number {
    return this.open.length - 1;
  }

  get source(): string {
    return this.open.flatMap((block) => block.lines).join('\n');
  }

  at(depth: number): Block {
    const block = this.open[depth];
    if (block === undefined) throw new Error(`internal: no block at depth ${depth}`);
    return block;
  }

  axis(axis: Axis): Counter {
    const found = this.counters.get(axis);
    if (found === undefined) throw new Error(`internal: axis ${axis.name} is not bound by a loop`);
    return found;
  }

  /** Adds a line to the innermost block. */
  line(text: string): void {
    this.at(this.depth).lines.push(text);
  }

  /** A name that nothing else has. */
  name(prefix: string): string {
    return `${prefix}${this.count++}`;
  }

  /** Binds `text` at `depth` unless the same text is bound there already. */
  bind(text: string, depth: number): string {
    const block = this.at(depth);
    const known = block.texts.get(text);
    if (known !== undefined) return known;
    const name = this.name('v');
    block.lines.push(`const ${name} = ${text};`);
    block.texts.set(text, name);
    return name;
  }

  /** Runs `print` inside loops over `axes`, then adds the finished loops to the block around them. */
  loops(axes: readonly Axis[], print: () => void): void {
    const [axis, ...rest] = axes;
    if (axis === undefined) {
      print();
      return;
    }
    const name = this.name('i');
    const shadowed = this.counters.get(axis);
    this.open.push(new Block());
    this.counters.set(axis, { depth: this.depth, name });
    this.loops(rest, print);
    const { lines } = this.at(this.depth);
    this.open.pop();
    if (shadowed) this.counters.set(axis, shadowed);
    else this.counters.delete(axis);
    this.line(`for (let ${name} = 0; ${name} < ${axis.extent.size}; ${name}++) {`);
    for (const text of lines) this.line(text);
    this.line('}');
  }
}
