import { describe, expect, it } from 'vitest';
import { evaluateNode } from '../../compiler/ir/evaluate.ts';
import { ops } from '../../compiler/ops/index.ts';
import { isFloat } from '../../compiler/tensor/dtype.ts';
import { printType, type Tensor } from '../../compiler/tensor/tensor.ts';
import { opCases } from './cases.ts';

/** Positions where a float differs by more than float32 rounding of the reference, or anything else differs at all. */
function differences(actual: Tensor, expected: Tensor): string[] {
  const found: string[] = [];
  expected.data.forEach((want, i) => {
    const got = actual.data[i]!;
    const isSame = Object.is(got, want) || got === want;
    const isClose =
      isFloat(expected.dtype) && Math.abs(Number(got) - Number(want)) <= 2e-6 * Math.max(1, Math.abs(Number(want)));
    if (!isSame && !isClose) found.push(`[${i}] ${got} instead of ${want}`);
  });
  return found;
}

describe('ops on the evaluator', () => {
  for (const { op, name, inputs, attributes, expected } of opCases) {
    it(`${op}: ${name}`, () => {
      const [actual] = evaluateNode(op, attributes, inputs);
      if (actual === undefined) throw new Error('no output');
      expect(printType(actual)).toBe(printType(expected));
      expect(differences(actual, expected)).toEqual([]);
    });
  }

  it('has cases for every op', () => {
    const covered = new Set<string>(opCases.map((c) => c.op));
    expect(Object.keys(ops).filter((op) => !covered.has(op))).toEqual([]);
  });

  it('names every case once', () => {
    const names = opCases.map((c) => `${c.op}: ${c.name}`);
    expect(names.filter((n, i) => names.indexOf(n) !== i)).toEqual([]);
  });
});
