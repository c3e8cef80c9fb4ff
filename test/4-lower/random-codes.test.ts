import { expect, test } from 'vitest';
import { lower } from '../../compiler/4-lower/lower.ts';
import { evaluateGraph } from '../../compiler/ir/evaluate.ts';
import { printGraph } from '../../compiler/ir/print.ts';
import { evaluateProgram } from '../harness/evaluate-program.ts';
import { arenaElements } from '../harness/op-program.ts';
import { runWasm } from '../harness/run-wasm.ts';
import { numbersIn, type Outputs } from './agreement.ts';
import { randomCodes } from './random-codes.ts';

const seeds = Array.from({ length: 120 }, (_, i) => i + 1);

/** Zeros of both signs are one number here: a maximum may give either. */
const plain = (values: ArrayLike<number>): number[] => Array.from(values, (v) => v + 0);

test('int8 layers between moved data give the same numbers on wasm as in the evaluator', () => {
  let inGroups = 0;
  for (const seed of seeds) {
    const { graph, feeds } = randomCodes(seed);
    const program = lower(graph);
    inGroups += program.kernels.filter((k) => k.kind === 'contraction' && k.b.kind === 'packed8').length;
    const wanted = numbersIn(evaluateGraph(graph, new Map(Object.entries(feeds)), 'float64'));
    const elements = Object.entries(feeds).map(([name, tensor]) => [name, arenaElements(tensor)] as const);
    const given: readonly Outputs[] = [
      evaluateProgram(program, Object.fromEntries(elements)),
      numbersIn(runWasm(program, 'simd', feeds)),
    ];
    for (const outputs of given) {
      for (const [name, values] of wanted) {
        expect(plain(outputs.get(name) ?? []), `seed ${seed}, ${name}\n${printGraph(graph)}`).toEqual(plain(values));
      }
    }
  }
  expect(inGroups).toBeGreaterThan(seeds.length);
});
