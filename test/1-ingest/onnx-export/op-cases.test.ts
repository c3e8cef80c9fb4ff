import { describe, expect, it } from 'vitest';
import { exportOnnx } from '../../../compiler/1-ingest/onnx/export.ts';
import { printType } from '../../../compiler/tensor/tensor.ts';
import { evaluated, misses, numbersIn, opGraph, roundTripped } from '../../harness/exported-op.ts';
import { type RuntimeAnswer, runInOnnxRuntime } from '../../harness/onnx-runtime.ts';
import type { OpCase } from '../../ops/case.ts';
import { opCases } from '../../ops/cases.ts';

interface Export {
  readonly id: string;
  readonly case: OpCase;
  readonly constants: boolean;
}

/** Each case with all its inputs fed, and with all but the first as constants. */
const exported: readonly Export[] = opCases.flatMap((c) =>
  (c.inputs.length > 1 ? [false, true] : [false]).map((constants) => ({
    id: `${c.op}: ${c.name}${constants ? ', constants' : ''}`,
    case: c,
    constants,
  })),
);

/** A constant index outside is an error when a model is read. */
const unreadable: readonly string[] = ['gather: outside is clamped, constants'];

const kernel = 'no kernel for this element type';
const nan = 'its kernel passes over NaN';

/** What onnxruntime-web 1.30 does otherwise, or does not do. */
const notInOnnxRuntime: Readonly<Record<string, string>> = {
  'prelu: int32': kernel,
  'prelu: int32, constants': kernel,
  'bitShift: uint32 right': kernel,
  'bitShift: uint32 right, constants': kernel,
  'where: bool': kernel,
  'where: bool, constants': kernel,
  'oneHot: a matrix of indices': kernel,
  'oneHot: a matrix of indices, constants': kernel,
  'maxPool: NaN and infinities': nan,
  'reduce: max with NaN': nan,
  'reduce: min with NaN': nan,
  'argReduce: max with NaN': nan,
  'argReduce: min with NaN': nan,
  'gather: outside is clamped': 'refuses indices outside',
  'gather: outside is clamped, constants': 'refuses indices outside',
};

describe('a graph of one op, written as ONNX and read again, computes the same', () => {
  for (const { id, case: c, constants } of exported.filter(({ id }) => !unreadable.includes(id))) {
    it(id, () => {
      const { graph, feeds } = opGraph(c, constants);
      const y = evaluated(roundTripped(graph), feeds).get('y')!;
      expect(printType(y.type)).toBe(printType(c.expected));
      expect(misses(y.data, numbersIn(c.expected), c.expected.dtype)).toEqual([]);
    });
  }
});

const faultsOf = (answer: RuntimeAnswer, { expected }: OpCase): string[] => {
  if ('error' in answer) return [answer.error];
  const y = answer.outputs.get('y')!;
  return y.dtype === expected.dtype ? misses(y.data, numbersIn(expected), expected.dtype) : [y.dtype];
};

it('onnxruntime-web computes the same of every case but those listed', async () => {
  const models = exported.map(({ case: c, constants }) => {
    const { graph, feeds } = opGraph(c, constants);
    return { bytes: exportOnnx(graph), feeds };
  });
  const answers = await runInOnnxRuntime(models);
  const faults = exported.flatMap(({ id, case: c }, i) => {
    const found = faultsOf(answers[i]!, c);
    return found.length > 0 ? [[id, found[0]!] as const] : [];
  });
  expect(faults.filter(([id]) => !(id in notInOnnxRuntime))).toEqual([]);
  expect(faults.map(([id]) => id).sort()).toEqual(Object.keys(notInOnnxRuntime).sort());
});
