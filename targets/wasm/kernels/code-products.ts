import { panelWidth } from '../../../compiler/kernel/nest.ts';
import { codesPerWord } from '../../../compiler/kernel/quantization.ts';
import { type Address, atOffset, type Code, type Local } from './code.ts';
import { type CodePanels, shiftBytes } from './codes-of-b.ts';
import type { CodesTiling } from './codes-tiling.ts';
import { type Contraction, extentOf, pointsOf } from './contraction.ts';
import { fold, type Products } from './dense.ts';
import { type DotForm, type Dots, makeDots } from './dots.ts';
import type { Lanes } from './lanes.ts';
import type { Column } from './operand-b.ts';
import { sumOverK } from './sum-over-k.ts';
import { addressOf, type Displacement, displaced, type Place, type Stream } from './walk.ts';

/** Products of int8 codes, `a` and `b` saying where they lie; every step takes groups of four codes of k. */
export function codeProducts(
  code: Code,
  lanes: Lanes,
  c: Contraction,
  tiling: CodesTiling,
  form: DotForm,
  a: Stream,
  b: CodePanels,
): Products {
  const dots = makeDots(code, form);
  return {
    streams: [a, b.stream],
    prepare: () => {},
    parts: (columns) => chunks(columns, tiling.vectorsAtOnce),
    sums: (place, rows, columns) => sumTile(code, lanes, c, tiling, dots, place, a, b, rows, columns),
  };
}

function chunks<T>(list: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}

function sumTile(
  code: Code,
  lanes: Lanes,
  c: Contraction,
  { splits: wanted, groups: most }: CodesTiling,
  dots: Dots,
  place: Place,
  a: Stream,
  panels: CodePanels,
  rows: readonly Displacement[],
  columns: readonly Column[],
): readonly (readonly Local[])[] {
  const { panelBytes, hasShifts } = panels;
  const inPanel = addressOf(place, panels.stream);
  const bytesTo = (column: number): number =>
    Math.floor(column / panelWidth) * panelBytes + (column % panelWidth) * codesPerWord;
  const parts = lanes.width / dots.width;
  const starts = columns.flatMap(({ at }) =>
    Array.from({ length: parts }, (_, p) => bytesTo(at) + p * dots.width * codesPerWord),
  );
  const inner = c.k.at(-1);
  if (!inner) throw new RangeError('internal: groups of four along no axis');
  const total = extentOf(inner) / codesPerWord;
  const groups = Math.min(most, total);
  const splits = Math.max(1, Math.min(wanted, pointsOf(c.k) / (codesPerWord * groups)));
  const sums = rows.map(() =>
    starts.map(() => Array.from({ length: splits }, () => code.keep(dots.type, dots.zero()))),
  );
  const group = { a: a.stride(inner) * codesPerWord, b: codesPerWord * panelWidth };

  const step =
    (count: number) =>
    (aAt: Address, bAt: Address, split: number): void => {
      const indices = Array.from({ length: count }, (_, g) => g);
      const weights = starts.map((bytes) => indices.map((g) => dots.loadColumns(atOffset(bAt, bytes + g * group.b))));
      rows.forEach((row, r) => {
        const codes = indices.map((g) => dots.loadRow(atOffset(aAt, displaced(a, row) + g * group.a)));
        weights.forEach((columns, v) => {
          const sum = sums[r]?.[v]?.[split];
          const together = columns.map((own, g) => ({ row: codes[g] ?? own, columns: own }));
          if (sum) code.set(sum, dots.accumulate(sum, together));
        });
      });
    };
  const outer = c.k.slice(0, -1).map((axis, i) => ({
    count: extentOf(axis),
    a: a.stride(axis),
    b: pointsOf(c.k.slice(i + 1)) * panelWidth,
  }));
  const whole = Math.floor(total / groups);
  const rest = total % groups;
  const blocks = { count: whole, a: groups * group.a, b: groups * group.b };
  const start = { a: addressOf(place, a), b: atOffset(inPanel, hasShifts ? shiftBytes : 0) };
  const madds = rows.length * starts.length * (lanes.width === 1 ? codesPerWord : 1);
  sumOverK(code, { ...start, axes: [...outer, blocks], madds: madds * groups, splits }, step(groups));
  const end = { a: atOffset(start.a, whole * blocks.a), b: atOffset(start.b, whole * blocks.b) };
  if (rest > 0) sumOverK(code, { ...end, axes: outer, madds: madds * rest, splits }, step(rest));
  return sums.map((row) => {
    const whole = row.map((split) => fold(code, dots, split));
    return chunks(whole, parts).map((part, v) => {
      const total = dots.join(part);
      const shift = hasShifts && lanes.whole.load(atOffset(inPanel, bytesTo(columns[v]?.at ?? 0)));
      return code.keep(lanes.type, lanes.fromWhole(shift ? lanes.whole.add(total, shift) : total));
    });
  });
}
