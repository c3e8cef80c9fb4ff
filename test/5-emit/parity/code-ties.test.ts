import { expect, it } from 'vitest';
import { lower } from '../../../compiler/4-lower/lower.ts';
import { generateAllModules, generateCode } from '../../../compiler/5-emit/generate-code.ts';
import type { ModelCode } from '../../../compiler/5-emit/model-code.ts';
import { makeFeeds } from '../../../compiler/5-emit/parity/make-feeds.ts';
import { proveParity } from '../../../compiler/5-emit/parity/prove-parity.ts';
import { emitWeights } from '../../../compiler/5-emit/weights.ts';
import { GraphBuilder } from '../../../compiler/ir/build.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { tensorOf } from '../../../compiler/tensor/convert.ts';
import { shapeOf } from '../../../compiler/tensor/shape.ts';
import { tensorType } from '../../../compiler/tensor/tensor.ts';
import { targets } from '../../../targets/index.ts';
import { emitTiny } from '../../harness/bundle-folder.ts';

/** Two int8 layers; the second sees what the first makes of x. */
function graphOf(inputScale: number): Graph {
  const builder = new GraphBuilder('codes');
  const x = builder.input('x', tensorType('float32', shapeOf([1, 8])));
  const codes = (n: number) =>
    builder.constant(
      tensorOf(
        'float32',
        [n, 8],
        Array.from({ length: 8 * n }, (_, i) => ((i * 37) % 255) - 127),
      ),
    );
  const first = builder.add('linear', [x, codes(8)], { inputScale, inputZero: 64 }, 'first');
  const scaled = builder.add('mul', [first, builder.constant(tensorOf('float32', [1], [1e-4]))]);
  builder.output('y', builder.add('linear', [scaled, codes(3)], { inputScale: 0.02, inputZero: 64 }, 'second'));
  return builder.build();
}

const codeOf = (graph: Graph): ModelCode => generateAllModules(generateCode(lower(graph), targets['mobile-wasm']).code);

const prove = async (graph: Graph, code: ModelCode) =>
  proveParity({ graph, code, files: await emitTiny(code), onnx: undefined, runInPage: undefined });

it('proves the modules of int8 layers, the relaxed one too where V8 has it', async () => {
  const graph = graphOf(0.013);
  const proofs = await prove(graph, codeOf(graph));
  expect(proofs.slice(0, 2)).toEqual([
    { engine: 'wasm simd', result: { kind: 'agrees', worst: 0, tolerance: expect.any(Number) } },
    { engine: 'wasm relaxed', result: { kind: 'agrees', worst: 0, tolerance: expect.any(Number) } },
  ]);
});

it('excuses a code next to a tie that falls the other way, and nothing more', async () => {
  // The feeds are fixed, so one scale puts the first of them just above a tie, the other just below.
  const x = Math.abs(Number(makeFeeds(graphOf(1)).get('x')?.data[0]));
  const graph = graphOf((x / 20.5) * (1 + 4e-7));
  const nudged = codeOf(graphOf((x / 20.5) * (1 - 4e-7)));
  const [proof] = await prove(graph, nudged);
  expect(proof?.result).toMatchObject({ kind: 'agrees', excused: ['first', 'second'] });
  const { constants } = nudged.program;
  const wrong = constants.entries.map((entry) => ({ ...entry, bytes: entry.bytes.slice().fill(1) }));
  const weights = emitWeights('codes', { ...constants, entries: wrong });
  await expect(prove(graph, { ...nudged, weights })).rejects.toThrow(/output "y"/);
});
