import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { execute } from '../../../compiler/2-train/engine/execute.ts';
import { natural } from '../../../compiler/2-train/engine/held.ts';
import { typeInTensorFlow } from '../../../compiler/2-train/engine/scalars.ts';
import { elementsFor, toTensorFlow } from '../../../compiler/2-train/engine/tensors.ts';
import { useWasm } from '../../../compiler/2-train/engine/wasm-backend.ts';
import { LccError } from '../../../compiler/diagnostics/index.ts';
import { GraphBuilder } from '../../../compiler/ir/build.ts';
import type { Graph, ValueId } from '../../../compiler/ir/graph.ts';
import { decodeData } from '../../../compiler/tensor/convert.ts';
import { elementCount } from '../../../compiler/tensor/shape.ts';
import type { Tensor } from '../../../compiler/tensor/tensor.ts';
import { type OpCase, sizes } from '../../ops/case.ts';
import { opCases } from '../../ops/cases.ts';

beforeAll(useWasm);

/** The op alone; inputs from the second on are constants where `hasConstants`. */
function graphOf({ op, inputs, attributes }: OpCase, hasConstants: boolean): Graph {
  const builder = new GraphBuilder('case');
  const ids = inputs.map((x, i) =>
    hasConstants && i > 0 ? builder.constant(x, `x${i}`) : builder.input(`x${i}`, { dtype: x.dtype, shape: x.shape }),
  );
  builder.output('y', builder.add(op, ids, attributes));
  return builder.build();
}

/** Twice the same sample. */
function twice(x: Tensor): tf.Tensor {
  const type = typeInTensorFlow(x.dtype);
  const elements = Array.from(elementsFor(type, decodeData(x)));
  return tf.tensor([...elements, ...elements], [2, ...sizes(x)], type);
}

function run(one: OpCase, hasConstants: boolean): number[] {
  return tf.tidy(() => {
    const graph = graphOf(one, hasConstants);
    const feeds = Object.fromEntries(one.inputs.map((x, i) => [`x${i}`, twice(x)]));
    const constants = new Map<ValueId, tf.Tensor>([...graph.constants].map(([id, x]) => [id, toTensorFlow(x)]));
    const values = execute(graph, feeds, constants, { isTraining: false });
    const found = values.get(graph.outputs[0]!.value)!;
    expect(found.isBatched).toBe(true);
    const tensor = natural(found);
    expect(tensor.shape).toEqual([2, ...sizes(one.expected)]);
    return Array.from(tensor.dataSync());
  });
}

const isClose = (got: number, want: number, scale: number): boolean =>
  Object.is(got, want) || got === want || Math.abs(got - want) <= 1e-4 * Math.max(1, scale);

/** What training leaves out: elements of none, wide integers beyond 32 bits, NaN and infinities, half floats. */
const isMeant = ({ inputs, expected, special }: OpCase): boolean =>
  !special &&
  [...inputs, expected].every(
    (x) => elementCount(x.shape) > 0 && ['float32', 'int32', 'bool', 'int64'].includes(x.dtype),
  );

const refused = new Set<string>();

describe('ops on TensorFlow.js, a batch of two', () => {
  for (const hasConstants of [false, true])
    for (const one of opCases.filter(isMeant)) {
      if (hasConstants && one.inputs.length < 2) continue;
      test(`${one.op}: ${one.name}${hasConstants ? ', constant operands' : ''}`, () => {
        try {
          const found = run(one, hasConstants);
          const want = Array.from<number | bigint, number>(one.expected.data, Number);
          const scale = Math.max(...want.map(Math.abs));
          const wrong = found.flatMap((got, i) =>
            isClose(got, want[i % want.length]!, scale) ? [] : [`[${i}] ${got} instead of ${want[i % want.length]}`],
          );
          expect(wrong).toEqual([]);
        } catch (error) {
          if (!(error instanceof LccError) || error.diagnostic.code !== 'LCC8002') throw error;
          // weights that depend on the inputs are no weights: the same case with constants counts
          if (hasConstants || one.inputs.length === 1)
            refused.add(`${one.op}: ${error.diagnostic.what.replace(/^.*uses it: /, '')}`);
        }
      });
    }

  test('refuses these uses only', () => {
    expect([...refused].sort()).toEqual([
      'averagePool: 3 spatial dimensions.',
      'averagePool: a dilated pool.',
      'bitwiseAnd: and of int32.',
      'bitwiseNot: not of int32.',
      'bitwiseOr: or of int32.',
      'bitwiseXor: xor of int32.',
      'conv: 3 spatial dimensions.',
      'conv: an integer layer.',
      'convTranspose: 3 spatial dimensions.',
      'gatherElements: an index that is no axis.',
      'gatherND: an index that is no axis.',
      'linear: an integer layer.',
      'lpPool: a load outside of its operand.',
      'lpPool: an index that is no axis.',
      'lrn: a load outside of its operand.',
      'matmul: a product of integers.',
      'matmul: an integer layer.',
      'maxPool: 3 spatial dimensions.',
      'maxPool: a dilated pool.',
      'maxPoolIndices: a load outside of its operand.',
      'maxPoolIndices: an index that is no axis.',
      'pow: and of int32.',
      'resize: an index that is no axis.',
    ]);
  });
});
