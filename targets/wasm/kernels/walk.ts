import binaryen from 'binaryen';
import type { Axis, Index } from '../../../compiler/kernel/index-expr.ts';
import { type Address, atOffset, type Code, type Local } from './code.ts';
import { strideIn } from './contraction.ts';

export const elementBytes = 4;

/** One buffer and how its address moves, in bytes. */
export interface Stream {
  readonly slot: number;
  /** holds the base address, where that is not the slot's argument */
  readonly base?: Local;
  readonly start: number;
  stride(axis: Axis): number;
}

export const affineStream = (slot: number, offset: Index): Stream => ({
  slot,
  start: offset.offset * elementBytes,
  stride: (axis) => strideIn(offset, axis) * elementBytes,
});

/** Where an axis stands: the value of a local, if there is one, plus a constant. */
export interface Position {
  readonly local?: Local;
  readonly offset: number;
}

/** Where all loops entered so far stand, and the addresses that follow from it. */
export interface Place {
  readonly addresses: ReadonlyMap<Stream, Address>;
  readonly positions: ReadonlyMap<Axis, Position>;
}

export function startPlace(code: Code, streams: readonly Stream[]): Place {
  const addresses = streams.map((s) => [s, { base: s.base ?? code.param(s.slot), offset: s.start }] as const);
  return { addresses: new Map(addresses), positions: new Map() };
}

export function addressOf(place: Place, stream: Stream): Address {
  const found = place.addresses.get(stream);
  if (!found) throw new RangeError(`internal: no address for slot ${stream.slot}`);
  return found;
}

/** The place after `axis` took a position. */
export function enter(code: Code, place: Place, axis: Axis, position: Position): Place {
  const addresses = [...place.addresses].map(([stream, address]) => {
    const stride = stream.stride(axis);
    const moved = atOffset(address, position.offset * stride);
    if (stride === 0 || !position.local) return [stream, moved] as const;
    const by = code.times(code.get(position.local), stride);
    // The constant part goes first: an intermediate address never leaves the buffer, so it never wraps.
    const start = code.plus(code.get(moved.base), moved.offset);
    return [stream, { base: code.keep(binaryen.i32, code.module.i32.add(start, by)), offset: 0 }] as const;
  });
  return { addresses: new Map(addresses), positions: new Map(place.positions).set(axis, position) };
}

/** Steps through [from, to) one by one. */
export function loopOver(code: Code, from: number, to: number, step: number, body: (at: Position) => void): void {
  if (to - from <= 0) return;
  if (to - from <= step) {
    body({ offset: from });
    return;
  }
  const at = code.keep(binaryen.i32, code.i32(from));
  code.repeat(
    () => {
      body({ local: at, offset: 0 });
      code.addTo(at, step);
    },
    () => code.module.i32.ne(code.get(at), code.i32(to)),
  );
}

/**
 * Covers [0, extent) with pieces of `size`. What is left over is one smaller piece, or, where results may be computed
 * twice, a last piece moved back to end at `extent`.
 */
export function loopTiles(
  code: Code,
  extent: number,
  size: number,
  mayRepeat: boolean,
  body: (at: Position, size: number) => void,
): void {
  const rest = extent % size;
  if (rest === 0 || extent < size || !mayRepeat) {
    loopOver(code, 0, extent - rest, size, (at) => body(at, size));
    if (rest > 0) body({ offset: extent - rest }, rest);
    return;
  }
  const { i32 } = code.module;
  const last = extent - size;
  const at = code.keep(binaryen.i32, code.i32(0));
  const next = code.local(binaryen.i32);
  const previous = code.local(binaryen.i32);
  code.repeat(
    () => {
      body({ local: at, offset: 0 }, size);
      code.set(previous, code.get(at));
      code.set(next, code.plus(code.get(at), size));
      const isPast = i32.gt_u(code.get(next), code.i32(last));
      code.set(at, code.module.select(isPast, code.i32(last), code.get(next)));
    },
    () => i32.ne(code.get(previous), code.i32(last)),
  );
}

/** Constant displacement of one row or column of a tile along some axes. */
export type Displacement = ReadonlyMap<Axis, number>;

export function displaced(stream: Stream, by: Displacement): number {
  let bytes = 0;
  for (const [axis, at] of by) bytes += stream.stride(axis) * at;
  return bytes;
}
