import { describe, expect, it } from 'vitest';
import { withConstants } from '../../compiler/3-compress/actions/stored-places.ts';
import { optimise } from '../../compiler/3-compress/pipeline.ts';
import { lower } from '../../compiler/4-lower/lower.ts';
import { mapDecoders } from '../../compiler/5-emit/decoders.ts';
import { generateAllModules, generateCode } from '../../compiler/5-emit/generate-code.ts';
import { loadModel } from '../../compiler/5-emit/load-model.ts';
import { emitWeights } from '../../compiler/5-emit/weights.ts';
import { GraphBuilder } from '../../compiler/ir/build.ts';
import { evaluateGraph } from '../../compiler/ir/evaluate.ts';
import type { Graph } from '../../compiler/ir/graph.ts';
import { verifyGraph } from '../../compiler/ir/verify.ts';
import { tensorOf } from '../../compiler/tensor/convert.ts';
import { shapeOf } from '../../compiler/tensor/shape.ts';
import { parseWeights } from '../../runtime/weights.ts';
import { targets } from '../../targets/index.ts';
import { makeRandom } from '../harness/random.ts';
import { randomTensor, storings } from '../harness/stored-model.ts';

const [vocabulary, width] = [203, 24];

/** Rows of a table, and scores of all its rows with a bias, as exporters write tied embeddings. */
function language(isTied = true): Graph {
  const random = makeRandom(3);
  const builder = new GraphBuilder('language');
  const ids = builder.input('ids', { dtype: 'int32', shape: shapeOf([1, 4]) });
  const table = builder.constant(randomTensor(random, [vocabulary, width]), 'table');
  const hidden = builder.add('tanh', [builder.add('gather', [table, ids], { axis: 0 })]);
  const other = isTied ? table : builder.constant(randomTensor(random, [vocabulary, width]), 'other');
  const scores = builder.add('matmul', [hidden, builder.add('transpose', [other], { perm: [1, 0] })]);
  builder.output('y', builder.add('add', [scores, builder.constant(randomTensor(random, [vocabulary]), 'bias')]));
  return optimise(verifyGraph(builder.build())).graph;
}

/** With all matrices stored so. */
const storedAs = (graph: Graph, store: (typeof storings)[keyof typeof storings]): Graph =>
  withConstants(
    graph,
    new Map([...graph.constants].flatMap(([id, t]) => (t.shape.length === 2 ? [[id, store(t)] as const] : []))),
  );

const fileOf = (graph: Graph) => {
  const pool = lower(graph).constants;
  return { pool, ...emitWeights('language', pool) };
};

describe('weights that are an embedding table too', () => {
  it.each([['float32', undefined], ...Object.entries(storings)] as const)(
    'lie in model.lcw once, and are decoded to what lowering made: %s',
    (_, store) => {
      const graph = store ? storedAs(language(), store) : language();
      const { pool, bytes, hash } = fileOf(graph);
      const image = new Uint8Array(pool.size).fill(0xa5);
      parseWeights(bytes, hash, mapDecoders(pool))(image);
      for (const { name, offset, bytes: wanted } of pool.entries)
        expect(image.subarray(offset, offset + wanted.length), name).toEqual(wanted);
      const elements = vocabulary * width;
      const [table, copy, ...others] = pool.entries.filter((entry) => entry.bytes.length >= 4 * elements);
      expect(others).toEqual([]);
      const size = (table!.stored ?? table!).bytes.length;
      // Small codes are stored twice: the decoder of copies would cost more.
      if (size < 3000) expect(copy!.stored!.kind).toBe(table!.stored!.kind);
      else {
        expect(copy!.stored).toMatchObject({ kind: 'copy', name: `copy of ${table!.name}` });
        expect(copy!.stored!.bytes.length).toBeLessThan(4 * (vocabulary + 8) + 64);
        expect(bytes.length).toBeLessThan(size + 4 * vocabulary + 1024);
      }
    },
  );

  it('run as before', async () => {
    const graph = language();
    const ids = Int32Array.of(7, 202, 0, 111);
    const program = lower(graph);
    expect(program.constants.entries.some(({ stored }) => stored?.kind === 'copy')).toBe(true);
    const code = generateAllModules(generateCode(program, targets['mobile-wasm']).code);
    const model = await loadModel(code, { backend: 'wasm' });
    const { y } = await model.run({ ids });
    const wanted = evaluateGraph(graph, new Map([['ids', tensorOf('int32', [1, 4], [...ids])]]), 'float64').get('y')!;
    for (const [i, v] of (y as Float32Array).entries()) expect(v).toBeCloseTo(Number(wanted.data[i]), 4);
  });

  it('are not copies where they differ', () => {
    const kinds = (graph: Graph) => fileOf(graph).pool.entries.map(({ stored }) => stored?.kind);
    expect(kinds(language(false))).not.toContain('copy');
  });
});
