import { describe, expect, test } from 'vitest';
import { openEigenWorkspace, rowStride } from '../../../compiler/linalg/eigen-workspace.ts';
import { makeRandom } from '../../harness/random.ts';

describe('the eigenproblem kernels', () => {
  test('updateAndDot is a rank-2 update of a row, then a dot product', () => {
    const { data, updateAndDot } = openEigenWorkspace(48);
    data.set(makeRandom(1).reals(48));
    const [row, v, w, x] = [0, 12, 24, 36].map((at) => [...data.subarray(at, at + 12)]);
    const expected = row!.map((value, i) => value - (0.5 * w![i]! + -2 * v![i]!));
    const dot = updateAndDot(0, 8 * 12, 8 * 24, 8 * 36, 0.5, -2, 2);
    expect([...data.subarray(0, 8)]).toEqual(expected.slice(0, 8));
    expect([...data.subarray(8, 12)]).toEqual(row!.slice(8));
    expect(dot).toBeCloseTo(
      expected.slice(0, 8).reduce((sum, value, i) => sum + value * x![i]!, 0),
      14,
    );
  });

  test('rotateStrip turns pairs of rows from the last upwards', () => {
    const { data, rotateStrip } = openEigenWorkspace(4 * 8 + 6);
    data.set(makeRandom(2).reals(4 * 8));
    const rows = [0, 1, 2, 3].map((i) => [...data.subarray(8 * i, 8 * i + 8)]);
    const rotations = [0.6, 0.8, 0.28, 0.96];
    data.set(rotations, 32);
    rotateStrip(8 * 8 * 3, 8 * 8, 8 * 32, 2);
    for (const [step, i] of [2, 1].entries()) {
      const [c, s] = rotations.slice(2 * step, 2 * step + 2) as [number, number];
      const [before, row] = [rows[i]!, rows[i + 1]!];
      rows[i + 1] = row.map((value, k) => s * before[k]! + c * value);
      rows[i] = before.map((value, k) => c * value - s * row[k]!);
    }
    expect([...data.subarray(0, 32)]).toEqual(rows.flat());
  });

  test('memory comes zeroed, of any size', () => {
    openEigenWorkspace(100).data.fill(1);
    const { data } = openEigenWorkspace(300_000);
    expect(data.length).toBe(300_000);
    expect(data.every((value) => value === 0)).toBe(true);
  });

  test.each([
    [1, 8],
    [8, 8],
    [9, 24],
    [64, 72],
    [65, 72],
    [768, 776],
  ])('rows of %d stand %d apart', (n, stride) => {
    expect(rowStride(n)).toBe(stride);
  });
});
