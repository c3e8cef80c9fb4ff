import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { NotAvailable } from '../../../compiler/5-emit/parity/engines.ts';
import { tensorflowEngine } from '../../../compiler/5-emit/parity/tensorflow-engine.ts';
import { tensorOf } from '../../../compiler/tensor/convert.ts';
import { graphArtifacts, type } from '../../harness/tensorflow-graph.ts';
import { type Artifacts, artifactsOf, writeModel } from '../../harness/tensorflow-model.ts';

function filesOf(artifacts: Artifacts, shardCount: number) {
  const { json, shards } = writeModel(artifacts, shardCount);
  return { model: new TextEncoder().encode(JSON.stringify(json)), shards: Object.values(shards), constants: {} };
}

describe('tfjs as a second opinion', () => {
  it('computes a layers model from its files, every output by its name', async () => {
    const x = tf.input({ shape: [3], name: 'x' });
    const first = tf.layers.dense({ units: 2, name: 'first', biasInitializer: 'ones' }).apply(x) as tf.SymbolicTensor;
    const shared = tf.layers.dense({ units: 2, name: 'second' });
    const second = shared.apply(first) as tf.SymbolicTensor;
    const model = tf.model({ inputs: x, outputs: [first, second, shared.apply(second) as tf.SymbolicTensor] });
    const engine = tensorflowEngine(filesOf(await artifactsOf(model), 2), ['first', 'second', 'second_1']);
    const results = await engine.run(new Map([['x', tensorOf('float32', [1, 3], [1, -2, 3])]]));
    const expected = (model.predict(tf.tensor2d([[1, -2, 3]])) as tf.Tensor[]).map((one) => [...one.dataSync()]);
    expect(Object.keys(results)).toEqual(['first', 'second', 'second_1']);
    Object.values(results).forEach((found, i) => {
      expected[i]!.forEach((v, at) => {
        expect(Number(found[at])).toBeCloseTo(v, 5);
      });
    });
  });

  const graph = (op: string) =>
    graphArtifacts({
      inputs: { a: [1, 2], b: [1, 2] },
      constants: { two: tf.tensor1d([2, 3]) },
      nodes: [
        { name: 'scaled', op: 'Mul', input: ['a', 'two'], attr: { T: type('DT_FLOAT') } },
        { name: 'sum', op: 'AddV2', input: ['scaled', 'b'], attr: { T: type('DT_FLOAT') } },
        { name: 'y', op, input: ['sum'], attr: { T: type('DT_FLOAT') } },
      ],
    });
  const a = new Map([['a', tensorOf('float32', [1, 2], [1, 1])]]);
  const constants = { b: tensorOf('float32', [1, 2], [0.5, -0.5]) };

  it('computes a graph model, its bound inputs too', async () => {
    const { y } = await tensorflowEngine({ ...filesOf(await graph('Neg'), 1), constants }, ['y']).run(a);
    expect([...y!]).toEqual([-2.5, -2.5]);
  });

  it('computes in JavaScript what its wasm backend has no kernel for', async () => {
    expect(tf.getKernel('Erf', 'wasm')).toBeUndefined();
    const { y } = await tensorflowEngine({ ...filesOf(await graph('Erf'), 1), constants }, ['y']).run(a);
    expect(Number(y![0])).toBeCloseTo(0.999593, 5);
  });

  it('is not available for what tfjs cannot compute, and says why', async () => {
    const engine = tensorflowEngine({ ...filesOf(await graph('Betainc'), 1), constants }, ['y']);
    const failure = await engine.run(a).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NotAvailable);
    expect(String(failure)).toContain('Betainc');
    const wide = new Map([['a', tensorOf('float64', [1, 2], [1, 1])]]);
    await expect(engine.run(wide)).rejects.toThrow('tfjs has no float64, which input "a" is');
  });
});
