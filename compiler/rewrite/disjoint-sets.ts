/** Items 0, 1, ... in sets that can be joined; of each set the smallest item is its root (union-find). */
export class DisjointSets {
  readonly #parents: number[] = [];

  /** A new item, in a set of its own. */
  add(): number {
    return this.#parents.push(this.#parents.length) - 1;
  }

  root(item: number): number {
    let root = item;
    while (this.#parents[root] !== root) root = this.#parents[root] ?? root;
    for (let at = item; at !== root; ) {
      const next = this.#parents[at] ?? root;
      this.#parents[at] = root;
      at = next;
    }
    return root;
  }

  join(a: number, b: number): void {
    const [x, y] = [this.root(a), this.root(b)];
    this.#parents[Math.max(x, y)] = Math.min(x, y);
  }
}
