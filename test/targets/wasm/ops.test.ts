import { describe, expect, it } from 'vitest';
import { evaluateNode } from '../../../compiler/ir/evaluate.ts';
import { differences, opProgram } from '../../harness/op-program.ts';
import { runWasm } from '../../harness/run-wasm.ts';
import { opCases } from '../../ops/cases.ts';

describe.each(['simd', 'scalar'] as const)('every op on wasm %s agrees with the evaluator', (features) => {
  for (const opCase of opCases) {
    it(`${opCase.op}: ${opCase.name}`, () => {
      const expected = evaluateNode(opCase.op, opCase.attributes, opCase.inputs);
      for (const constants of opCase.inputs.length > 1 ? [false, true] : [false]) {
        const { program, feeds } = opProgram(opCase, constants);
        const results = runWasm(program, features, feeds);
        expected.forEach((tensor, i) => {
          expect(differences(results.get(`y${i}`)!, tensor), constants ? 'with constants' : 'all live').toEqual([]);
        });
      }
    });
  }
});
