/** Names of one kind in a model: none is empty, none is given twice. */
export class Names {
  readonly #taken = new Set<string>();

  /** Whether the name was still free; it is taken now. */
  take(name: string): boolean {
    const isFree = name !== '' && !this.#taken.has(name);
    this.#taken.add(name);
    return isFree;
  }

  /** The name itself where it is free, else with the first number that makes it so. */
  make(wanted: string, otherwise: string): string {
    const base = wanted === '' ? otherwise : wanted;
    let name = base;
    for (let number = 2; !this.take(name); number++) name = `${base}_${number}`;
    return name;
  }
}
