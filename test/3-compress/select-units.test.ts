import { describe, expect, test } from 'vitest';
import { fitUnits } from '../../compiler/3-compress/fit-units.ts';
import { selectUnits, type View } from '../../compiler/3-compress/select-units.ts';
import { type Matrix, makeMatrix } from '../../compiler/linalg/matrix.ts';
import { multiply, transposedMultiply } from '../../compiler/linalg/multiply.ts';
import { makeRandom } from '../harness/random.ts';

const gram = (seed: number, rows: number, columns: number): Matrix => {
  const a = makeMatrix(rows, columns, Float64Array.from(makeRandom(seed).reals(rows * columns)));
  return transposedMultiply(a, a);
};

const viewOf = (seed: number, units: readonly number[]): View => ({
  units,
  spread: gram(seed, 3 * units.length, units.length),
  weight: gram(seed + 1, 5, units.length),
});

/** trace(M (I - mix pick) C (I - mix pick)') with the fit of the kept units, solved on its own. */
function residualOf(view: View, kept: readonly number[]): number {
  const { mix, kept: places } = fitUnits(view, undefined, new Set(kept));
  const size = view.units.length;
  const missed = makeMatrix(size, size);
  for (let i = 0; i < size; i++) {
    missed.data[i * size + i] = 1;
    places.forEach((place, q) => {
      missed.data[i * size + place]! -= mix.data[i * places.length + q]!;
    });
  }
  const left = multiply(multiply(missed, view.spread), transpose(missed));
  return left.data.reduce((sum, v, i) => sum + v * view.weight.data[i]!, 0);
}

function transpose({ rows, columns, data }: Matrix): Matrix {
  return makeMatrix(
    columns,
    rows,
    data.map((_, i) => data[(i % rows) * columns + Math.floor(i / rows)]!),
  );
}

describe('selectUnits', () => {
  const views = [viewOf(1, [0, 1, 2, 3, 4, 5, 6]), viewOf(3, [5, 6, 7, 8])];
  const residual = (kept: readonly number[]): number => views.reduce((sum, view) => sum + residualOf(view, kept), 0);

  test('each step takes the unit that lowers the error most, of all views together', () => {
    const widths = [0, 1, 2, 3, 4, 5, 6, 7, 8];
    const { order, residuals } = selectUnits(9, views, widths);
    expect([...order].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    for (let width = 2; width <= 8; width++) {
      const before = order.slice(0, width - 1);
      // until both views keep something there is nothing to fit
      if (!views.every(({ units }) => units.some((unit) => before.includes(unit)))) continue;
      const others = order.slice(width - 1).map((unit) => residual([...before, unit]));
      expect(others[0]! / Math.min(...others)).toBeCloseTo(1, 5);
      expect(residuals.get(width)! / others[0]!).toBeCloseTo(1, 5);
    }
  });

  test('an order that is given', () => {
    const order = [8, 0, 7, 1, 6, 2, 5, 3, 4];
    const { order: kept, residuals } = selectUnits(9, views, [4, 6], order);
    expect(kept.slice(0, 6)).toEqual(order.slice(0, 6));
    expect([...residuals.keys()]).toEqual([4, 6]);
    expect(residuals.get(4)! / residual(order.slice(0, 4))).toBeCloseTo(1, 5);
    expect(residuals.get(6)! / residual(order.slice(0, 6))).toBeCloseTo(1, 5);
  });

  test('wide enough for updates of whole matrices', () => {
    const view = viewOf(
      6,
      Array.from({ length: 80 }, (_, i) => i),
    );
    const widths = [1, 63, 64, 65, 70];
    const { order, residuals } = selectUnits(80, [view], widths);
    for (const width of widths)
      expect(residuals.get(width)! / residualOf(view, order.slice(0, width))).toBeCloseTo(1, 3);
    const others = order.slice(69).map((unit) => residualOf(view, [...order.slice(0, 69), unit]));
    expect(others[0]! / Math.min(...others)).toBeCloseTo(1, 3);
  });

  test('nothing is left once a basis is kept, and zeros come last', () => {
    const basis = makeMatrix(3, 6, Float64Array.from(makeRandom(9).reals(18)));
    for (let row = 0; row < 3; row++) basis.data[row * 6 + 1] = 0;
    const view = { units: [0, 1, 2, 3, 4, 5], spread: transposedMultiply(basis, basis), weight: gram(2, 6, 6) };
    const { order, residuals } = selectUnits(6, [view], [2, 3, 5]);
    expect(order.slice(0, 3)).not.toContain(1);
    expect(residuals.get(2)).toBeGreaterThan(1e-3);
    expect(residuals.get(3)).toBeLessThan(1e-12);
    expect(residuals.get(5)).toBeLessThan(1e-12);
  });
});

describe('fitUnits', () => {
  test('others are combinations of the kept, with the constant that their means ask for', () => {
    // unit 2 = 2 unit 0 - unit 1 + 5
    const random = makeRandom(4);
    const rows = Array.from({ length: 50 }, () => [random.real(), random.real()] as const);
    const full = rows.map(([a, b]) => [a, b, 2 * a - b + 5]);
    const mean = Float64Array.from([0, 1, 2], (i) => full.reduce((sum, row) => sum + row[i]!, 0) / full.length);
    const centred = makeMatrix(50, 3, Float64Array.from(full.flatMap((row) => row.map((v, i) => v - mean[i]!))));
    const spread = transposedMultiply(centred, centred);
    const { kept, mix, shift } = fitUnits({ units: [4, 5, 6], spread }, mean, new Set([4, 5]));
    expect(kept).toEqual([0, 1]);
    for (const [i, v] of [1, 0, 0, 1, 2, -1].entries()) expect(mix.data[i]).toBeCloseTo(v, 4);
    for (const [i, v] of [0, 0, 5].entries()) expect(shift[i]).toBeCloseTo(v, 4);
    expect([...fitUnits({ units: [4, 5, 6], spread }, undefined, new Set([4, 5])).shift]).toEqual([0, 0, 0]);
  });
});
