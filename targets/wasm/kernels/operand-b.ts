import type { Axis } from '../../../compiler/kernel/index-expr.ts';
import { panelWidth } from '../../../compiler/kernel/nest.ts';
import { type Address, atOffset, type Code, type Ref } from './code.ts';
import { type Contraction, extentOf, pointsOf } from './contraction.ts';
import { loadAlong } from './epilogue.ts';
import type { Lanes } from './lanes.ts';
import { sumOverK } from './sum-over-k.ts';
import { addressOf, affineStream, elementBytes, type Place, type Stream } from './walk.ts';

/** One vector of a tile: `count` outputs from column `at` on. */
export interface Column {
  readonly at: number;
  readonly count: number;
}

/** Vectors that cover `size` columns; the last is partial, or moved back to end at `size`. */
export function columnsOf(size: number, width: number, mayRepeat: boolean): readonly Column[] {
  const columns: Column[] = [];
  for (let at = 0; at < size; at += width) {
    const count = Math.min(width, size - at);
    if (count < width && size >= width && mayRepeat) columns.push({ at: size - width, count: width });
    else columns.push({ at, count });
  }
  return columns;
}

/** How a tile reads B. */
export interface OperandB {
  /** the buffer whose address the loops keep */
  readonly stream: Stream;
  /** what the sums of a column start from; zero where there is none */
  bias(place: Place, column: Column): Ref | undefined;
  /** emitted once for every tile's columns, before its rows */
  prepare(place: Place, columns: readonly Column[]): void;
  /** address at k = 0 */
  first(place: Place): Address;
  /** bytes per step along an axis of k */
  stride(axis: Axis): number;
  /** bytes from the first column of a tile to column `at` */
  columnBytes(at: number): number;
  load(address: Address, column: Column): Ref;
}

const rowBytes = panelWidth * elementBytes;

/** Byte step along a k axis of a matrix stored k-major, `panelWidth` columns per row. */
const rowMajorStep = (k: readonly Axis[], axis: Axis): number => pointsOf(k.slice(k.indexOf(axis) + 1)) * rowBytes;

/** Panels of 8 columns: bias first, then one row per k. The last panel is padded, so whole vectors are read. */
export function packedB(lanes: Lanes, c: Contraction): OperandB {
  const rows = pointsOf(c.k) + 1;
  const batches = affineStream(2, c.b.offset);
  // One step along n counts as an eighth of a panel: tiles move by whole panels only.
  const stream: Stream = {
    slot: 2,
    start: batches.start,
    stride: (axis) => (axis === c.n ? rows * elementBytes : batches.stride(axis)),
  };
  const columnBytes = (at: number): number =>
    Math.floor(at / panelWidth) * rows * rowBytes + (at % panelWidth) * elementBytes;
  const load = (address: Address, { at }: Column): Ref => lanes.load(atOffset(address, columnBytes(at)), lanes.width);
  return {
    stream,
    bias: (place, column) => load(addressOf(place, stream), column),
    prepare: () => {},
    first: (place) => atOffset(addressOf(place, stream), rowBytes),
    stride: (axis) => rowMajorStep(c.k, axis),
    columnBytes,
    load,
  };
}

/** B where it lies. */
export function liveB(lanes: Lanes, c: Contraction): OperandB {
  const stream = affineStream(2, c.b.offset);
  const along = stream.stride(c.n);
  return {
    stream,
    bias: () => undefined,
    prepare: () => {},
    first: (place) => addressOf(place, stream),
    stride: (axis) => stream.stride(axis),
    columnBytes: (at) => at * along,
    load: (address, { at, count }) => loadAlong(lanes, atOffset(address, at * along), along, count),
  };
}

/** Bytes of scratch for a tile's columns. */
export const scratchBytesFor = (c: Contraction): number => pointsOf(c.k) * rowBytes;

/** A live B whose neighbours along n lie apart: each tile's columns are first copied to `scratch`, k-major. */
export function copiedB(code: Code, lanes: Lanes, c: Contraction, scratch: Address): OperandB {
  const live = liveB(lanes, c);
  const prepare = (place: Place, columns: readonly Column[]): void => {
    const axes = c.k.map((axis) => ({ count: extentOf(axis), a: rowMajorStep(c.k, axis), b: live.stride(axis) }));
    const walk = { axes, a: scratch, b: live.first(place), madds: panelWidth, splits: 1 };
    sumOverK(code, walk, (to, from) => {
      for (const column of columns) {
        const value = code.keep(lanes.type, live.load(from, column));
        lanes.store(atOffset(to, column.at * elementBytes), elementBytes, value, lanes.width);
      }
    });
  };
  return {
    stream: live.stream,
    bias: () => undefined,
    prepare,
    first: () => scratch,
    stride: (axis) => rowMajorStep(c.k, axis),
    columnBytes: (at) => at * elementBytes,
    load: (address, { at }) => lanes.load(atOffset(address, at * elementBytes), lanes.width),
  };
}
