import { atom, infix, integer, typeName, type Value } from './value.ts';

/** Writes the statements of one WGSL function. Names are numbered by function, so that equal kernels have equal text. */
export class Code {
  readonly #lines: string[] = [];
  readonly #counts = new Map<string, number>();
  #indent = '  ';

  get lines(): readonly string[] {
    return this.#lines;
  }

  line(text: string): void {
    this.#lines.push(`${this.#indent}${text}`);
  }

  comment(text: string): void {
    this.line(`// ${text}`);
  }

  /** A constant of this function. */
  bind(value: Value, hint: string): Value {
    const name = this.#fresh(hint);
    this.line(`let ${name} = ${value.text};`);
    return atom(name, value.type, value.width);
  }

  variable(initial: Value, hint: string): Value {
    const name = this.#fresh(hint);
    this.line(`var ${name}: ${typeName(initial.type, initial.width)} = ${initial.text};`);
    return atom(name, initial.type, initial.width);
  }

  assign(target: Value, value: Value): void {
    this.line(`${target.text} = ${value.text};`);
  }

  /** for (i = start; i < count; i += step) */
  repeat(
    hint: string,
    count: number,
    body: (i: Value) => void,
    { start = integer(0), step = 1 }: { readonly start?: Value; readonly step?: number } = {},
  ): void {
    const name = this.#fresh(hint);
    const next = step === 1 ? `${name}++` : `${name} += ${step}`;
    this.#block(`for (var ${name}: i32 = ${start.text}; ${name} < ${count}; ${next})`, () => body(atom(name, 'i32')));
  }

  when(condition: Value, body: () => void): void {
    this.#block(`if (${condition.text})`, body);
  }

  whenElse(condition: Value, body: () => void, otherwise: () => void): void {
    this.when(condition, body);
    this.#block('else', otherwise);
  }

  block(body: () => void): void {
    this.#block('', body);
  }

  barrier(): void {
    this.line('workgroupBarrier();');
  }

  /** Folds `partials` over `count` threads (a power of two) into thread 0, halving each round. */
  treeReduce(thread: Value, count: number, combine: (distance: Value) => void): void {
    this.#block(`for (var distance: i32 = ${count / 2}; distance > 0; distance /= 2)`, () => {
      this.barrier();
      this.when(infix('<', thread, atom('distance', 'i32'), 'bool'), () => combine(atom('distance', 'i32')));
    });
    this.barrier();
  }

  #block(head: string, body: () => void): void {
    this.line(head === '' ? '{' : `${head} {`);
    const outer = this.#indent;
    this.#indent = `${outer}  `;
    body();
    this.#indent = outer;
    this.line('}');
  }

  #fresh(hint: string): string {
    const n = this.#counts.get(hint) ?? 0;
    this.#counts.set(hint, n + 1);
    return `${hint}${n}`;
  }
}
