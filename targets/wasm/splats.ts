import binaryen from 'binaryen';
import type { Ref } from './kernels/code.ts';

/**
 * Constants in all four lanes, each a global of the module: engines read it with one load where they make four
 * instructions of a vector constant, and its uses take fewer bytes.
 */
export class Splats {
  readonly #module: binaryen.Module;
  readonly #names = new Map<number, string>();

  constructor(module: binaryen.Module) {
    this.#module = module;
  }

  /** 32 bits in every lane. */
  get(bits: number): Ref {
    return this.#module.global.get(this.#names.get(bits) ?? this.#add(bits), binaryen.v128);
  }

  #add(bits: number): string {
    const name = `splat${this.#names.size}`;
    const bytes = new Uint8Array(new Int32Array(4).fill(bits).buffer);
    // Optimisers would put an immutable one back in its place.
    this.#module.addGlobal(name, binaryen.v128, true, this.#module.v128.const(bytes));
    this.#names.set(bits, name);
    return name;
  }
}
