import { describe, expect, it } from 'vitest';
import { evaluateNode } from '../../../compiler/ir/evaluate.ts';
import { differences, opProgram } from '../../harness/op-program.ts';
import { runWasm } from '../../harness/run-wasm.ts';
import { opCases } from '../../ops/cases.ts';

/** What models do most: weights, scales and indices known at build time, so packed, pooled or put into tables. */
describe.each(['simd', 'scalar'] as const)('ops on wasm %s with every input but the first constant', (features) => {
  for (const opCase of opCases.filter((c) => c.inputs.length > 1)) {
    it(`${opCase.op}: ${opCase.name}`, () => {
      const { program, feeds } = opProgram(opCase, true);
      const results = runWasm(program, features, feeds);
      evaluateNode(opCase.op, opCase.attributes, opCase.inputs).forEach((tensor, i) => {
        expect(differences(results.get(`y${i}`)!, tensor)).toEqual([]);
      });
    });
  }
});
