import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { execute } from '../../../compiler/2-train/engine/execute.ts';
import { natural } from '../../../compiler/2-train/engine/held.ts';
import { toTensorFlow } from '../../../compiler/2-train/engine/tensors.ts';
import { useWasm } from '../../../compiler/2-train/engine/wasm-backend.ts';
import { LccError } from '../../../compiler/diagnostics/index.ts';
import { GraphBuilder } from '../../../compiler/ir/build.ts';
import { evaluateNode } from '../../../compiler/ir/evaluate.ts';
import type { ValueId } from '../../../compiler/ir/graph.ts';
import { ops } from '../../../compiler/ops/index.ts';
import { elementCount } from '../../../compiler/tensor/shape.ts';
import { makeTensor, type Tensor } from '../../../compiler/tensor/tensor.ts';
import { noise, type OpCase, sizes } from '../../ops/case.ts';
import { opCases } from '../../ops/cases.ts';

beforeAll(useWasm);

const mostElements = 3000;

/** Float cases whose result answers smoothly to small changes of the inputs. */
const isSmooth = ({ op, inputs, expected, special }: OpCase): boolean =>
  !special &&
  expected.dtype === 'float32' &&
  ops[op].tolerance !== 'discontinuous' &&
  inputs.some(({ dtype }) => dtype === 'float32') &&
  inputs.every(({ dtype }) => ['float32', 'int32', 'bool', 'int64'].includes(dtype)) &&
  [...inputs, expected].every(({ shape }) => elementCount(shape) > 0 && elementCount(shape) <= mostElements);

const directionOf = (x: Tensor, seed: number): Tensor => noise(sizes(x), -1, 1, seed);

const moved = (x: Tensor, along: Tensor, by: number): Tensor =>
  x.dtype === 'float32'
    ? makeTensor(
        'float32',
        x.shape,
        Float32Array.from(
          Array.from<number | bigint, number>(x.data, Number),
          (v, i) => v + by * Number(along.data[i]),
        ),
      )
    : x;

const dot = (a: ArrayLike<number | bigint>, b: ArrayLike<number | bigint>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Number(a[i]) * Number(b[i]);
  return sum;
};

/** Change of weights . y along the directions of the inputs: to both sides of where they are, and across. */
function slopesByDifferences({ op, inputs, attributes, expected }: OpCase, step: number): readonly number[] {
  const weights = directionOf(expected, 77);
  const [before, at, after] = [-step, 0, step].map((by) => {
    const [y] = evaluateNode(
      op,
      attributes,
      inputs.map((x, i) => moved(x, directionOf(x, i + 1), by)),
    );
    return dot(y!.data, weights.data);
  });
  return [(at! - before!) / step, (after! - at!) / step, (after! - before!) / (2 * step)];
}

/** The same by gradients: the first input a batch of one, the others constants. */
function slopeByGradients({ op, inputs, attributes, expected }: OpCase): number {
  const builder = new GraphBuilder('case');
  const ids = inputs.map((x, i) =>
    i === 0 ? builder.input('x', { dtype: x.dtype, shape: x.shape }) : builder.constant(x, `c${i}`),
  );
  builder.output('y', builder.add(op, ids, attributes));
  const graph = builder.build();
  return tf.tidy(() => {
    const tensors = inputs.map((x, i) => (i === 0 ? tf.expandDims(toTensorFlow(x), 0) : toTensorFlow(x)));
    const floats = inputs.flatMap(({ dtype }, i) => (dtype === 'float32' ? [i] : []));
    const weights = toTensorFlow(directionOf(expected, 77));
    const gradientsOf = tf.grads((...given: tf.Tensor[]) => {
      const all = tensors.map((tensor, i) => (floats.includes(i) ? given[floats.indexOf(i)]! : tensor));
      const constants = new Map<ValueId, tf.Tensor>(ids.slice(1).map((id, i) => [id, all[i + 1]!]));
      const y = execute(graph, { x: all[0]! }, constants, { isTraining: false }).get(graph.outputs[0]!.value)!;
      return tf.sum(tf.mul(tf.squeeze(natural(y), [0]), weights));
    });
    const gradients = gradientsOf(floats.map((i) => tensors[i]!));
    return floats.reduce((sum, i, at) => sum + dot(gradients[at]!.dataSync(), directionOf(inputs[i]!, i + 1).data), 0);
  });
}

describe('gradients of ops on TensorFlow.js against central differences of the evaluator', () => {
  let compared = 0;
  for (const one of opCases.filter(isSmooth)) {
    test(`${one.op}: ${one.name}`, () => {
      const [left, right, fine] = slopesByDifferences(one, 1e-3);
      const scale = Math.max(1, Math.abs(fine!));
      // a kink or a pole is near: nothing to compare
      if (!(Math.abs(left! - right!) < 0.02 * scale)) return;
      try {
        const found = slopeByGradients(one);
        compared++;
        expect(Math.abs(found - fine!), `${found} by gradients, ${fine} by differences`).toBeLessThan(0.03 * scale);
      } catch (error) {
        if (!(error instanceof LccError) || error.diagnostic.code !== 'LCC8002') throw error;
      }
    });
  }

  test('most cases were compared', () => {
    expect(compared).toBeGreaterThan(300);
  });
});
