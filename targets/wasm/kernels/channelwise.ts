import binaryen from 'binaryen';
import { panelWidth } from '../../../compiler/kernel/nest.ts';
import { type Address, atOffset, type Code, type Local } from './code.ts';
import { type Contraction, extentOf, pointsOf } from './contraction.ts';
import { type Epilogue, type RenderValue, TileEnd } from './epilogue.ts';
import type { Lanes } from './lanes.ts';
import { sumOverK } from './sum-over-k.ts';
import {
  addressOf,
  affineStream,
  type Displacement,
  displaced,
  elementBytes,
  enter,
  loopOver,
  loopTiles,
  type Place,
  type Position,
  type Stream,
  startPlace,
} from './walk.ts';

/**
 * A tile of positions for as many channels as there are lanes. Along the last k axis each input is loaded once and
 * goes to every position whose window it is in; the weights of that axis stay in registers.
 */
export function writeChannelwise(
  code: Code,
  lanes: Lanes,
  c: Contraction,
  rowsPerTile: readonly number[],
  epilogue: Epilogue,
  render: RenderValue,
): void {
  const output = affineStream(0, c.store);
  const a = affineStream(1, c.a);
  const b = affineStream(2, c.b.offset);
  const streams = [output, a, b, ...epilogue.operands.map((o) => o.stream)];

  const tile = (place: Place, rows: readonly Displacement[], channel: Position, count: number): void => {
    const inside = enter(code, place, c.n, channel);
    const weights = weightsAt(code, c, addressOf(inside, b), channel);
    const sums = sumTile(code, lanes, c, a, rows, addressOf(inside, a), weights, count);
    const end = new TileEnd(code, lanes, epilogue, c.n, output, render, inside);
    end.store(rows, 0, sums, count);
  };

  const overChannels = (place: Place, rows: readonly Displacement[]): void => {
    const total = extentOf(c.n);
    const rest = total % lanes.width;
    loopOver(code, 0, total - rest, lanes.width, (at) => tile(place, rows, at, lanes.width));
    if (rest > 0) tile(place, rows, { offset: total - rest }, rest);
  };

  const rowsFrom = (depth: number, place: Place, rows: readonly Displacement[]): void => {
    const axis = c.m[depth];
    if (!axis) {
      overChannels(place, rows);
      return;
    }
    loopTiles(code, extentOf(axis), rowsPerTile[depth] ?? 1, !epilogue.mayReadOutput, (at, size) => {
      const inner = rows.flatMap((row) => Array.from({ length: size }, (_, i) => new Map(row).set(axis, i)));
      rowsFrom(depth + 1, enter(code, place, axis, at), inner);
    });
  };

  const overBatch = (depth: number, place: Place): void => {
    const axis = c.batch[depth];
    if (!axis) {
      rowsFrom(0, place, [new Map()]);
      return;
    }
    loopOver(code, 0, extentOf(axis), 1, (at) => overBatch(depth + 1, enter(code, place, axis, at)));
  };
  overBatch(0, startPlace(code, streams));
}

/** A channel's bias inside its panel; its weights follow, a panel's width apart. */
function weightsAt(code: Code, c: Contraction, b: Address, channel: Position): Address {
  const panelBytes = (pointsOf(c.k) + 1) * panelWidth * elementBytes;
  const { offset } = channel;
  const constant = Math.floor(offset / panelWidth) * panelBytes + (offset % panelWidth) * elementBytes;
  if (!channel.local) return atOffset(b, constant);
  const { i32 } = code.module;
  const panel = i32.shr_u(code.get(channel.local), code.i32(Math.log2(panelWidth)));
  const inPanel = i32.and(code.get(channel.local), code.i32(panelWidth - 1));
  const bytes = i32.add(code.times(panel, panelBytes), code.times(inPanel, elementBytes));
  return { base: code.keep(binaryen.i32, i32.add(code.get(b.base), bytes)), offset: b.offset };
}

function sumTile(
  code: Code,
  lanes: Lanes,
  c: Contraction,
  a: Stream,
  rows: readonly Displacement[],
  inputs: Address,
  weights: Address,
  count: number,
): readonly Local[] {
  const rowBytes = panelWidth * elementBytes;
  const bias = code.keep(lanes.type, lanes.load(weights, lanes.width));
  const sums = rows.map(() => code.keep(lanes.type, code.get(bias)));
  const outer = c.k.slice(0, -1);
  const window = c.k.at(-1);
  const taps = window ? extentOf(window) : 1;
  const tapBytes = window ? a.stride(window) : 0;

  const step = (aAt: Address, bAt: Address): void => {
    const tapWeights = Array.from({ length: taps }, (_, t) =>
      code.keep(lanes.type, lanes.load(atOffset(bAt, t * rowBytes), lanes.width)),
    );
    for (const [offset, uses] of usesByInput(rows, a, taps, tapBytes)) {
      const input = code.keep(lanes.type, lanes.load(atOffset(aAt, offset), count));
      for (const { row, tap } of uses) {
        const sum = sums[row];
        const weight = tapWeights[tap];
        if (sum && weight) code.set(sum, lanes.multiplyAdd(code.get(input), code.get(weight), code.get(sum)));
      }
    }
  };
  const axes = outer.map((axis, i) => ({
    count: extentOf(axis),
    a: a.stride(axis),
    b: pointsOf(outer.slice(i + 1)) * taps * rowBytes,
  }));
  sumOverK(code, { axes, a: inputs, b: atOffset(weights, rowBytes), madds: rows.length * taps, splits: 1 }, step);
  return sums;
}

interface Use {
  readonly row: number;
  readonly tap: number;
}

/** Which sums each input of a window row goes to, by its byte offset, ascending. */
function usesByInput(
  rows: readonly Displacement[],
  a: Stream,
  taps: number,
  tapBytes: number,
): readonly [number, Use[]][] {
  const uses = new Map<number, Use[]>();
  rows.forEach((by, row) => {
    for (let tap = 0; tap < taps; tap++) {
      const offset = displaced(a, by) + tap * tapBytes;
      uses.set(offset, [...(uses.get(offset) ?? []), { row, tap }]);
    }
  });
  return [...uses].sort(([x], [y]) => x - y);
}
