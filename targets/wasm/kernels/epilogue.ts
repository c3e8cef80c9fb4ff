import type { Expr, FetchExpr } from '../../../compiler/kernel/expr.ts';
import { type Axis, isAffine } from '../../../compiler/kernel/index-expr.ts';
import { accLocal } from '../../../compiler/kernel/nest.ts';
import { freeAxes, rewrite } from '../../../compiler/kernel/traverse.ts';
import type { DType } from '../../../compiler/tensor/dtype.ts';
import { atOffset, type Code, type Local, type Ref } from './code.ts';
import type { Contraction } from './contraction.ts';
import type { Lanes } from './lanes.ts';
import { storeTurned, turnedRuns } from './turned-store.ts';
import {
  addressOf,
  affineStream,
  type Displacement,
  displaced,
  elementBytes,
  type Place,
  type Position,
  type Stream,
} from './walk.ts';

/** What an expression of the epilogue may use: values in locals, and where each axis stands in lane 0. */
export interface ValueScope {
  readonly code: Code;
  readonly lanes: Lanes;
  readonly locals: ReadonlyMap<string, Local>;
  readonly positions: ReadonlyMap<Axis, Position>;
  /** the axis along which lanes count up */
  readonly vectorAxis: Axis;
  /** lanes in use */
  readonly count: number;
}

export type RenderValue = (value: Expr, scope: ValueScope) => Ref;

interface Operand {
  readonly name: string;
  readonly stream: Stream;
}

/** The epilogue with its plain fetches taken out: those are read through addresses that the loops keep. */
export interface Epilogue {
  readonly value: Expr;
  readonly operands: readonly Operand[];
  /** It reads something that moves with the rows, which may be the output's own memory. */
  readonly mayReadOutput: boolean;
}

export function splitEpilogue(c: Contraction): Epilogue {
  const operands: Operand[] = [];
  let mayReadOutput = false;
  const takeOut = (fetch: FetchExpr): Expr => {
    const axes = freeAxes(fetch);
    if ([...c.batch, ...c.m].some((axis) => axes.has(axis))) mayReadOutput = true;
    if (fetch.dtype !== 'float32' || fetch.guards.length > 0 || !isAffine(fetch.offset)) return fetch;
    const name = `operand${operands.length}`;
    operands.push({ name, stream: affineStream(fetch.slot, fetch.offset) });
    return { kind: 'local', dtype: fetch.dtype, name };
  };
  const value = rewrite(
    c.epilogue,
    (axis) => axis,
    (leaf) => (leaf.kind === 'fetch' ? takeOut(leaf) : leaf),
  );
  return { value, operands, mayReadOutput };
}

/** Turns the sums of one tile into stored outputs. */
export class TileEnd {
  readonly #code: Code;
  readonly #lanes: Lanes;
  readonly #epilogue: Epilogue;
  readonly #n: Axis;
  readonly #output: Stream;
  readonly #render: RenderValue;
  readonly #place: Place;
  readonly #loaded = new Map<string, Local>();

  constructor(
    code: Code,
    lanes: Lanes,
    epilogue: Epilogue,
    n: Axis,
    output: Stream,
    render: RenderValue,
    place: Place,
  ) {
    this.#code = code;
    this.#lanes = lanes;
    this.#epilogue = epilogue;
    this.#n = n;
    this.#output = output;
    this.#render = render;
    this.#place = place;
  }

  /** Stores the tile's rows in one column of vectors: `sums` has one per row, `column` is where its lane 0 stands. */
  store(rows: readonly Displacement[], column: number, sums: readonly Local[], count: number): void {
    const cells = rows.map((row) => new Map(row).set(this.#n, column));
    const stride = this.#output.stride(this.#n);
    for (let first = 0; first < cells.length; ) {
      const size = stride === elementBytes || this.#lanes.width === 1 ? 1 : this.#runAt(cells, first);
      const [start] = cells.slice(first, first + size);
      const values = sums
        .slice(first, first + size)
        .map((sum, i) => this.#result(cells[first + i] ?? new Map(), sum, count));
      const [value] = values;
      if (!start || !value) throw new RangeError('internal: a tile with fewer sums than rows');
      const target = atOffset(addressOf(this.#place, this.#output), displaced(this.#output, start));
      if (size > 1) storeTurned(this.#code, target, stride, values, count);
      else this.#lanes.store(target, stride, value, count);
      first += size;
    }
  }

  /** How many rows from `first` on lie side by side in the output: as many as one turned store takes, or one. */
  #runAt(cells: readonly Displacement[], first: number): number {
    const at = (i: number): number => displaced(this.#output, cells[i] ?? new Map());
    const isRun = (size: number): boolean =>
      first + size <= cells.length &&
      Array.from({ length: size }, (_, i) => at(first + i)).every((bytes, i) => bytes === at(first) + i * elementBytes);
    return turnedRuns.find(isRun) ?? 1;
  }

  #result(by: Displacement, acc: Local, count: number): Local {
    const { value } = this.#epilogue;
    const isPlain = value.kind === 'local' && value.name === accLocal;
    return isPlain ? acc : this.#code.keep(this.#lanes.type, this.#value(by, acc, count));
  }

  #value(by: Displacement, acc: Local, count: number): Ref {
    const locals = new Map([[accLocal, acc]]);
    for (const { name, stream } of this.#epilogue.operands) locals.set(name, this.#load(stream, by, count));
    const positions = new Map(this.#place.positions);
    for (const [axis, at] of by) {
      const position = positions.get(axis) ?? { offset: 0 };
      positions.set(axis, { ...position, offset: position.offset + at });
    }
    const scope = { code: this.#code, lanes: this.#lanes, locals, positions, vectorAxis: this.#n, count };
    const { value } = this.#epilogue;
    return storedAs(this.#code, this.#lanes, value.dtype, this.#render(value, scope));
  }

  /** Loads an operand, or finds it already loaded for an earlier row. */
  #load(stream: Stream, by: Displacement, count: number): Local {
    const address = atOffset(addressOf(this.#place, stream), displaced(stream, by));
    const key = `${address.base.index} ${address.offset} ${stream.stride(this.#n)} ${count}`;
    const known = this.#loaded.get(key);
    if (known) return known;
    const local = this.#code.keep(this.#lanes.type, loadAlong(this.#lanes, address, stream.stride(this.#n), count));
    this.#loaded.set(key, local);
    return local;
  }
}

/** The value as the lanes of a store: a truth value is a mask in SIMD, and 0 or 1 in memory. */
function storedAs(code: Code, lanes: Lanes, dtype: DType, value: Ref): Ref {
  const { v128, f32 } = code.module;
  if (lanes.width === 1) return dtype === 'float32' ? value : f32.reinterpret(value);
  const ones = new Uint8Array(Uint32Array.of(1, 1, 1, 1).buffer);
  return dtype === 'bool' ? v128.and(value, v128.const(ones)) : value;
}

/** Lanes `stride` bytes apart. */
export function loadAlong(lanes: Lanes, address: Parameters<Lanes['splat']>[0], stride: number, count: number): Ref {
  if (stride === 0) return lanes.splat(address);
  return stride === elementBytes ? lanes.load(address, count) : lanes.gather(address, stride, count);
}
