import binaryen from 'binaryen';
import type { Axis } from '../../../compiler/kernel/index-expr.ts';
import { panelWidth } from '../../../compiler/kernel/nest.ts';
import { codesPerWord, maxWeightCode } from '../../../compiler/kernel/quantization.ts';
import { type Address, atOffset, type Code, type Local, type Ref } from './code.ts';
import { type Contraction, extentOf, type LiveOperandOfCodes, pointsOf } from './contraction.ts';
import type { Lanes } from './lanes.ts';
import { type Column, columnsOf } from './operand-b.ts';
import { makePassage, makeRound, roundOne } from './rounding.ts';
import { sumOverK } from './sum-over-k.ts';
import {
  addressOf,
  affineStream,
  elementBytes,
  enter,
  loopOver,
  loopTiles,
  type Place,
  type Stream,
  startPlace,
} from './walk.ts';

/** Panels of int8 codes of B: [k / 4][column 8][k % 4]. */
export interface CodePanels {
  /** One step along n counts as an eighth of a panel: tiles move by whole panels only. */
  readonly stream: Stream;
  readonly panelBytes: number;
  /** A whole number for each column comes first, which its sums are shifted by. */
  readonly hasShifts: boolean;
}

/** Bytes of the shifts of a panel. */
export const shiftBytes = panelWidth * elementBytes;

/** Constant codes where they lie. */
export function packedPanels(c: Contraction): CodePanels {
  const batches = affineStream(2, c.b.offset);
  const panelBytes = pointsOf(c.k) * panelWidth;
  const along = panelBytes / panelWidth;
  const stride = (axis: Axis): number => (axis === c.n ? along : batches.stride(axis));
  return { stream: { slot: 2, start: batches.start, stride }, panelBytes, hasShifts: false };
}

const writtenPanelBytes = (c: Contraction): number => shiftBytes + pointsOf(c.k) * panelWidth;

const bytesPerBatch = (c: Contraction): number => Math.ceil(extentOf(c.n) / panelWidth) * writtenPanelBytes(c);

/** Bytes of scratch for the codes of a live B. */
export const writtenBytes = (c: Contraction): number => pointsOf(c.batch) * bytesPerBatch(c);

/** Codes that `writeCodesOfB` wrote to `scratch`. */
export function writtenPanels(code: Code, c: Contraction, scratch: number): CodePanels {
  const panelBytes = writtenPanelBytes(c);
  const stride = (axis: Axis): number => {
    if (axis === c.n) return panelBytes / panelWidth;
    const at = c.batch.indexOf(axis);
    return at < 0 ? 0 : pointsOf(c.batch.slice(at + 1)) * bytesPerBatch(c);
  };
  const base = code.keep(binaryen.i32, code.i32(scratch));
  return { stream: { slot: 2, base, start: 0, stride }, panelBytes, hasShifts: true };
}

/**
 * Quantises a live B to panels in scratch, once before all tiles. The shift of a column is -zero times the sum of its
 * codes: the sum of q(a) * s(b) plus that is the sum of (q(a) - zero) * s(b). Columns beyond n are left as they are.
 */
export function writeCodesOfB(
  code: Code,
  lanes: Lanes,
  c: Contraction,
  b: LiveOperandOfCodes,
  panels: CodePanels,
): void {
  const live = affineStream(2, c.b.offset);
  const toCode = signedCodes(code, lanes, b.inverseScaleOfB);
  const overPanels = (place: Place): void =>
    loopTiles(code, extentOf(c.n), panelWidth, false, (at, size) => {
      const inside = enter(code, place, c.n, at);
      const [from, to] = [addressOf(inside, live), addressOf(inside, panels.stream)];
      for (const column of columnsOf(size, lanes.width, false))
        writeColumns(code, lanes, c, b, toCode, live, from, to, column);
    });
  const overBatch = (depth: number, place: Place): void => {
    const axis = c.batch[depth];
    if (axis) loopOver(code, 0, extentOf(axis), 1, (at) => overBatch(depth + 1, enter(code, place, axis, at)));
    else overPanels(place);
  };
  overBatch(0, startPlace(code, [live, panels.stream]));
}

function writeColumns(
  code: Code,
  lanes: Lanes,
  c: Contraction,
  b: LiveOperandOfCodes,
  toCode: (x: Ref) => Local,
  live: Stream,
  from: Address,
  to: Address,
  { at, count }: Column,
): void {
  const { whole } = lanes;
  const inner = c.k.at(-1);
  if (!inner) throw new RangeError('internal: groups of four along no axis');
  const [across, down] = [live.stride(c.n), live.stride(inner)];
  const sums = code.keep(whole.type, whole.constant(0));
  const load = (address: Address): Ref =>
    across === elementBytes ? lanes.load(address, count) : lanes.gather(address, across, count);

  /** A word per column of `rows` codes; the rest of it is zero. */
  const step =
    (rows: number) =>
    (target: Address, source: Address): void => {
      let words: Ref | undefined;
      for (let i = 0; i < rows; i++) {
        const own = toCode(load(atOffset(source, i * down)));
        code.set(sums, whole.add(code.get(sums), code.get(own)));
        const byte = i === codesPerWord - 1 ? code.get(own) : whole.and(code.get(own), whole.constant(255));
        const placed = i === 0 ? byte : whole.shiftLeft(byte, 8 * i);
        words = words === undefined ? placed : whole.or(words, placed);
      }
      if (words !== undefined) whole.store(target, words);
    };
  const rowBytes = panelWidth;
  const outer = c.k.slice(0, -1).map((axis, i) => ({
    count: extentOf(axis),
    a: pointsOf(c.k.slice(i + 1)) * rowBytes,
    b: live.stride(axis),
  }));
  const groups = Math.floor(b.run / codesPerWord);
  const blocks = { count: groups, a: codesPerWord * rowBytes, b: codesPerWord * down };
  const start = { a: atOffset(to, shiftBytes + at * codesPerWord), b: atOffset(from, at * across), splits: 1 };
  const madds = codesPerWord * codesPerWord;
  if (groups > 0) sumOverK(code, { ...start, axes: [...outer, blocks], madds }, step(codesPerWord));
  const rest = b.run % codesPerWord;
  const end = { a: atOffset(start.a, groups * blocks.a), b: atOffset(start.b, groups * blocks.b), splits: 1 };
  if (rest > 0) sumOverK(code, { ...end, axes: outer, madds }, step(rest));
  const shift = whole.mul(code.get(sums), whole.constant(-b.quantizationOfA.zero));
  whole.store(atOffset(to, at * elementBytes), shift);
}

/** clamp(round(x * inverseScale), -127, 127) */
function signedCodes(code: Code, lanes: Lanes, inverseScale: number): (x: Ref) => Local {
  const rounding = { inverseScale, low: -maxWeightCode, zero: 0 };
  if (lanes.width === 1)
    return (x) => code.keep(binaryen.i32, roundOne(code, x, rounding, maxWeightCode, makePassage(code)));
  const round = makeRound(code, rounding);
  const most = code.keep(binaryen.v128, lanes.whole.constant(maxWeightCode));
  return (x) => code.keep(binaryen.v128, code.module.i32x4.min_s(round(x), code.get(most)));
}
