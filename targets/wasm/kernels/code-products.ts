import binaryen from 'binaryen';
import { rangeOf } from '../../../compiler/kernel/index-expr.ts';
import { panelWidth } from '../../../compiler/kernel/nest.ts';
import { codesPerWord, type Quantization } from '../../../compiler/kernel/quantization.ts';
import type { WasmFeatures } from '../../target.ts';
import { type Address, atOffset, type Code, type Local } from './code.ts';
import { bytesOfCode, writeCodes } from './codes-of-a.ts';
import type { CodesTiling } from './codes-tiling.ts';
import { type Contraction, extentOf, pointsOf, strideIn } from './contraction.ts';
import { fold, type Products } from './dense.ts';
import { type Dots, makeDots } from './dots.ts';
import type { Lanes } from './lanes.ts';
import type { Column } from './operand-b.ts';
import { sumOverK } from './sum-over-k.ts';
import { addressOf, affineStream, type Displacement, displaced, type Place, type Stream } from './walk.ts';

/** Products of int8 codes: A is quantised to scratch first; every step takes four codes of k. */
export function codeProducts(
  code: Code,
  lanes: Lanes,
  c: Contraction,
  quantization: Quantization,
  tiling: CodesTiling,
  features: WasmFeatures,
  scratch: number,
): Products {
  writeCodes(code, c.a, quantization, features, scratch);
  const dots = makeDots(code, features);
  const a = streamOfCodes(c, bytesOfCode(features), code.keep(binaryen.i32, code.i32(scratch)));
  const b = streamOfPanels(c);
  return {
    streams: [a, b],
    prepare: () => {},
    parts: (columns) => chunks(columns, tiling.vectorsAtOnce),
    sums: (place, rows, columns) => sumTile(code, lanes, c, tiling, dots, place, a, b, rows, columns),
  };
}

/** The codes lie as A does, from the first element that is read. */
const streamOfCodes = (c: Contraction, codeBytes: number, base: Local): Stream => ({
  slot: 1,
  base,
  start: (c.a.offset - rangeOf(c.a).min) * codeBytes,
  stride: (axis) => strideIn(c.a, axis) * codeBytes,
});

/** One step along n counts as an eighth of a panel: tiles move by whole panels only. */
function streamOfPanels(c: Contraction): Stream {
  const batches = affineStream(2, c.b.offset);
  const columnBytes = pointsOf(c.k);
  return { slot: 2, start: batches.start, stride: (axis) => (axis === c.n ? columnBytes : batches.stride(axis)) };
}

function chunks<T>(list: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}

function sumTile(
  code: Code,
  lanes: Lanes,
  c: Contraction,
  { splits: wanted }: CodesTiling,
  dots: Dots,
  place: Place,
  a: Stream,
  b: Stream,
  rows: readonly Displacement[],
  columns: readonly Column[],
): readonly (readonly Local[])[] {
  const panelBytes = pointsOf(c.k) * panelWidth;
  const bytesTo = (column: number): number =>
    Math.floor(column / panelWidth) * panelBytes + (column % panelWidth) * codesPerWord;
  const parts = lanes.width / dots.width;
  const starts = columns.flatMap(({ at }) =>
    Array.from({ length: parts }, (_, p) => bytesTo(at) + p * dots.width * codesPerWord),
  );
  const inner = c.k.at(-1);
  if (!inner) throw new RangeError('internal: groups of four along no axis');
  const splits = Math.max(1, Math.min(wanted, pointsOf(c.k) / codesPerWord));
  const sums = rows.map(() =>
    starts.map(() => Array.from({ length: splits }, () => code.keep(dots.type, dots.zero()))),
  );

  const step = (aAt: Address, bAt: Address, split: number): void => {
    const weights = starts.map((bytes) => dots.loadColumns(atOffset(bAt, bytes)));
    rows.forEach((row, r) => {
      const codes = dots.loadRow(atOffset(aAt, displaced(a, row)));
      weights.forEach((w, v) => {
        const sum = sums[r]?.[v]?.[split];
        if (sum) code.set(sum, dots.accumulate(sum, codes, w));
      });
    });
  };
  const axes = c.k.map((axis, i) => {
    const points = pointsOf(c.k.slice(i + 1));
    if (axis !== inner) return { count: extentOf(axis), a: a.stride(axis), b: points * panelWidth };
    return { count: extentOf(axis) / codesPerWord, a: a.stride(axis) * codesPerWord, b: codesPerWord * panelWidth };
  });
  const madds = rows.length * starts.length * (lanes.width === 1 ? codesPerWord : 1);
  sumOverK(code, { axes, a: addressOf(place, a), b: addressOf(place, b), madds, splits }, step);
  return sums.map((row) => {
    const whole = row.map((split) => fold(code, dots, split));
    return chunks(whole, parts).map((part) => code.keep(lanes.type, dots.toFloat(part)));
  });
}
