import type { Location } from '../../compiler/ir/program.ts';
import type { Slot } from '../../compiler/kernel/nest.ts';
import type { DType } from '../../compiler/tensor/dtype.ts';
import type { Code } from './code.ts';
import { scalarType } from './scalar.ts';
import type { ShaderModule } from './shader-module.ts';
import { atom, bitcast, element, infix, integer, splat, typeName, type Value } from './value.ts';

/** What code for a kernel needs to know of one slot's argument; the address itself stays a parameter. */
export interface SlotPlace {
  readonly space: Location['space'];
  /** the first element's address is a multiple of 16 bytes */
  readonly isAligned: boolean;
}

export type SpaceWidths = Readonly<Record<Location['space'], 1 | 4>>;

const bindings: Readonly<Record<Location['space'], string>> = {
  constants: '@group(0) @binding(0) var<storage, read>',
  arena: '@group(0) @binding(1) var<storage, read_write>',
};

/**
 * The slots of a kernel as two arrays: the constants and the arena. An array that is stored to in vectors is one of
 * vectors (a component of a vector in memory may not be stored alone); parts of a vector can be loaded.
 */
export class Buffers {
  readonly #module: ShaderModule;
  readonly #slots: readonly Slot[];
  readonly #places: readonly SlotPlace[];
  readonly #widths: SpaceWidths;

  constructor(module: ShaderModule, slots: readonly Slot[], places: readonly SlotPlace[], widths: SpaceWidths) {
    this.#module = module;
    this.#slots = slots;
    this.#places = places;
    this.#widths = widths;
    slots.forEach((_, i) => {
      module.declare(`base${i}`, `@id(${i}) override base${i}: i32;`);
    });
  }

  isAligned(slot: number): boolean {
    return this.#place(slot).isAligned;
  }

  /** Whether stores of vectors to this slot are possible. */
  isVector(slot: number): boolean {
    return this.#widths[this.#place(slot).space] === 4;
  }

  #place(slot: number): SlotPlace {
    const place = this.#places[slot];
    if (!place) throw new RangeError(`internal: slot ${slot} of ${this.#places.length}`);
    return place;
  }

  #array(slot: number): { readonly name: Location['space']; readonly type: 'f32' | 'u32'; readonly base: Value } {
    const { space } = this.#place(slot);
    const isFloat = this.#slots.every((s, i) => s.dtype === 'float32' || this.#places[i]?.space !== space);
    const type = isFloat ? 'f32' : 'u32';
    this.#module.declare(space, `${bindings[space]} ${space}: array<${typeName(type, this.#widths[space])}>;`);
    return { name: space, type, base: atom(`base${slot}`, 'i32') };
  }

  load(slot: number, dtype: DType, index: Value): Value {
    const { name, type, base } = this.#array(slot);
    const at = sum(base, index);
    if (this.#widths[name] === 1) return typed(dtype, element(name, at, type));
    const quarter = element(name, infix('>>', at, atom('2u', 'u32')), type, 4);
    return typed(dtype, atom(`${quarter.text}[${infix('&', at, integer(3)).text}]`, type));
  }

  /** Four elements from a multiple of 4 on. */
  loadVector(slot: number, dtype: DType, index: Value): Value {
    const { name, type, base } = this.#array(slot);
    if (this.#widths[name] === 4) return typed(dtype, element(name, quarterOf(base, index), type, 4));
    const lanes = [0, 1, 2, 3].map((l) => element(name, sum(sum(base, index), integer(l)), type).text);
    return typed(dtype, atom(`${typeName(type, 4)}(${lanes.join(', ')})`, type, 4));
  }

  store(code: Code, slot: number, index: Value, value: Value): void {
    const { name, type, base } = this.#array(slot);
    code.assign(element(name, sum(base, index), type), stored(type, value));
  }

  storeVector(code: Code, slot: number, index: Value, value: Value): void {
    const { name, type, base } = this.#array(slot);
    code.assign(element(name, quarterOf(base, index), type, 4), stored(type, splat(value)));
  }
}

const quarterOf = (base: Value, index: Value): Value => infix('>>', sum(base, index), atom('2u', 'u32'));

const sum = (a: Value, b: Value): Value =>
  b.text === '0' ? a : infix('+', { ...a, isAtom: true }, b.text.startsWith('-') ? b : { ...b, isAtom: true });

/** bool lives in memory as a 32-bit 0 or 1. */
function typed(dtype: DType, x: Value): Value {
  const type = scalarType(dtype);
  if (type !== 'bool') return bitcast(type, x);
  const zero = x.width === 4 ? splat(atom('0u', 'u32')) : atom('0u', 'u32');
  return infix('!=', bitcast('u32', x), zero, 'bool');
}

function stored(type: 'f32' | 'u32', x: Value): Value {
  if (x.type === type) return x;
  if (x.type !== 'bool') return bitcast(type, x);
  const [one, zero] = ['1u', '0u'].map((t) => (x.width === 4 ? `vec4<u32>(${t})` : t));
  return bitcast(type, atom(`select(${zero}, ${one}, ${x.text})`, 'u32', x.width));
}
