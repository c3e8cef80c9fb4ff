import binaryen from 'binaryen';

export type Ref = binaryen.ExpressionRef;

export interface Local {
  readonly index: number;
  readonly type: binaryen.Type;
}

/** A byte address: the value of an i32 local plus a constant. */
export interface Address {
  readonly base: Local;
  readonly offset: number;
}

export const atOffset = (address: Address, bytes: number): Address => ({
  base: address.base,
  offset: address.offset + bytes,
});

/** One wasm function while it is written, statement by statement. */
export class Code {
  readonly module: binaryen.Module;
  readonly params: readonly binaryen.Type[];
  readonly #locals: binaryen.Type[] = [];
  #statements: Ref[] = [];
  #labels = 0;

  constructor(module: binaryen.Module, params: readonly binaryen.Type[]) {
    this.module = module;
    this.params = params;
  }

  param(index: number): Local {
    const type = this.params[index];
    if (type === undefined) throw new RangeError(`internal: parameter ${index} of ${this.params.length}`);
    return { index, type };
  }

  local(type: binaryen.Type): Local {
    this.#locals.push(type);
    return { index: this.params.length + this.#locals.length - 1, type };
  }

  get(local: Local): Ref {
    return this.module.local.get(local.index, local.type);
  }

  set(local: Local, value: Ref): void {
    this.emit(this.module.local.set(local.index, value));
  }

  /** A new local that holds `value`. */
  keep(type: binaryen.Type, value: Ref): Local {
    const local = this.local(type);
    this.set(local, value);
    return local;
  }

  emit(statement: Ref): void {
    this.#statements.push(statement);
  }

  i32(value: number): Ref {
    return this.module.i32.const(value);
  }

  /** value + by, without the addition when `by` is zero */
  plus(value: Ref, by: number): Ref {
    return by === 0 ? value : this.module.i32.add(value, this.i32(by));
  }

  times(value: Ref, by: number): Ref {
    return by === 1 ? value : this.module.i32.mul(value, this.i32(by));
  }

  addTo(local: Local, by: number): void {
    if (by !== 0) this.set(local, this.plus(this.get(local), by));
  }

  /** Address operand and immediate of a load or store. */
  operand(address: Address): { readonly offset: number; readonly pointer: Ref } {
    const pointer = this.get(address.base);
    if (address.offset >= 0) return { offset: address.offset, pointer };
    return { offset: 0, pointer: this.plus(pointer, address.offset) };
  }

  /** Everything `write` emits, as one block. */
  block(write: () => void): Ref {
    const outer = this.#statements;
    this.#statements = [];
    write();
    const inner = this.#statements;
    this.#statements = outer;
    return this.module.block(null, inner);
  }

  /** Runs `body`, and again for as long as `again` is not zero. */
  repeat(body: () => void, again: () => Ref): void {
    const label = `loop${this.#labels++}`;
    const inner = this.block(() => {
      body();
      this.emit(this.module.br_if(label, again()));
    });
    this.emit(this.module.loop(label, inner));
  }

  /** Adds the function to the module; the last statement is its result, if it has one. */
  finish(name: string, result: binaryen.Type = binaryen.none): void {
    const body = this.module.block(null, this.#statements, result);
    this.module.addFunction(name, binaryen.createType(this.params), result, this.#locals, body);
  }
}
