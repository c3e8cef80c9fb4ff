import { describe, expect, it } from 'vitest';
import { exportOnnx } from '../../../compiler/1-ingest/onnx/export.ts';
import { lower } from '../../../compiler/4-lower/lower.ts';
import { generateAllModules, generateCode } from '../../../compiler/5-emit/generate-code.ts';
import type { ModelCode } from '../../../compiler/5-emit/model-code.ts';
import { logisticOutputs } from '../../../compiler/5-emit/parity/logistic-outputs.ts';
import { makeFeeds } from '../../../compiler/5-emit/parity/make-feeds.ts';
import { findNearTies } from '../../../compiler/5-emit/parity/near-ties.ts';
import { proveParity } from '../../../compiler/5-emit/parity/prove-parity.ts';
import { emitWeights } from '../../../compiler/5-emit/weights.ts';
import { LccError } from '../../../compiler/diagnostics/index.ts';
import { GraphBuilder } from '../../../compiler/ir/build.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { tensorOf } from '../../../compiler/tensor/convert.ts';
import { shapeOf } from '../../../compiler/tensor/shape.ts';
import { tensorType } from '../../../compiler/tensor/tensor.ts';
import { targets } from '../../../targets/index.ts';
import { emitTiny } from '../../harness/bundle-folder.ts';

/** y = x + w, and z = floor(x * scale) where a scale is given. */
function graphOf(scale?: number): Graph {
  const builder = new GraphBuilder('sum');
  const x = builder.input('x', tensorType('float32', shapeOf([1, 6])));
  builder.output('y', builder.add('add', [x, builder.constant(tensorOf('float32', [6], [1, 2, 3, 4, 5, 6]), 'w')]));
  if (scale !== undefined) {
    const scaled = builder.add('mul', [x, builder.constant(tensorOf('float32', [1], [scale]))]);
    builder.output('z', builder.add('floor', [scaled], {}, 'step'));
  }
  return builder.build();
}

/** y = act(x / 100 - 14), reshaped */
function graphWith(act: 'sigmoid' | 'tanh'): Graph {
  const builder = new GraphBuilder('far');
  const x = builder.input('x', tensorType('float32', shapeOf([1, 6])));
  const small = builder.add('mul', [x, builder.constant(tensorOf('float32', [1], [0.01]))]);
  const shifted = builder.add('add', [small, builder.constant(tensorOf('float32', [1], [-14]))]);
  builder.output('y', builder.add('reshape', [builder.add(act, [shifted])], { shape: [2, 3] }));
  return builder.build();
}

const codeOf = (graph: Graph): ModelCode => generateAllModules(generateCode(lower(graph), targets['mobile-wasm']).code);

const prove = async (graph: Graph, code: ModelCode, onnx?: Uint8Array) =>
  proveParity({
    graph,
    code,
    files: await emitTiny(code),
    onnx: onnx && { bytes: onnx, constants: {} },
    runInPage: undefined,
  });

describe('parity', () => {
  it('proves the plain module here and the relaxed one where V8 has it, and says what it could not prove', async () => {
    const proofs = await prove(graphOf(), codeOf(graphOf()));
    expect(proofs.map(({ engine, result }) => [engine, result.kind])).toEqual([
      ['wasm simd', 'agrees'],
      ['wasm relaxed', 'agrees'],
      ['onnxruntime-web', 'not proven'],
    ]);
    expect(proofs.at(-1)?.result).toEqual({ kind: 'not proven', reason: 'no ONNX model stands for this one' });
  });

  it('records what onnxruntime-web says of a model it cannot take', async () => {
    const [, , last] = await prove(graphOf(), codeOf(graphOf()), Uint8Array.of(1, 2, 3));
    expect(last?.result.kind).toBe('not proven');
  });

  it('knows that onnxruntime-web has no relative precision where a sigmoid is near 0', async () => {
    const far = graphWith('sigmoid');
    const onnx = exportOnnx(far);
    const [plain, , other] = await prove(far, codeOf(far), onnx);
    expect(plain!.result).toMatchObject({ kind: 'agrees' });
    expect(other!.result).toEqual({ kind: 'agrees', worst: expect.any(Number), tolerance: 2 ** -23 });
    const { worst } = other!.result as { readonly worst: number };
    // what relative precision allows of exp(-14)
    expect(worst).toBeGreaterThan(1e-5 * Math.exp(-14));
    expect([...logisticOutputs(graphWith('tanh')).keys()]).toEqual([]);
  });

  it('stops with exit code 3 when a bundle computes something else', async () => {
    const code = codeOf(graphOf());
    const { constants } = code.program;
    const wrong = constants.entries.map((entry) => ({ ...entry, bytes: entry.bytes.slice().fill(0) }));
    const weights = emitWeights('sum', { ...constants, entries: wrong });
    const error = await prove(graphOf(), { ...code, weights }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LccError);
    expect((error as LccError).exitCode).toBe(3);
    expect((error as LccError).diagnostic.code).toBe('LCC5002');
    expect((error as LccError).message).toMatch(/wasm simd does not compute what the model "sum" means/);
    expect((error as LccError).message).toMatch(/output "y"\[5\]: -?[\d.]+ where the evaluator has [\d.]+ \(tolerance/);
  });

  it('stops when a module does not run', async () => {
    const code = codeOf(graphOf());
    const broken = { ...code, wasm: [{ features: 'simd' as const, bytes: new Uint8Array(8) }] };
    await expect(prove(graphOf(), broken)).rejects.toThrow('it failed: WebAssembly.Module(): expected magic word');
  });
});

describe('near-ties', () => {
  const feedsOf = (values: number[]) => new Map([['x', tensorOf('float32', [1, 6], values)]]);

  it('names the discontinuous node whose input lies within rounding of a step, and what depends on it', () => {
    // 0.1 * 10 rounds to 1 in float32; in float64 it lies above.
    const ties = findNearTies(graphOf(10), feedsOf([0.1, 0.25, 0.33, 0.47, 0.52, 0.61]));
    expect(ties.nodes).toEqual(['step']);
    expect([...ties.outputs]).toEqual(['z']);
  });

  it('names nothing when all steps are far', () => {
    const ties = findNearTies(graphOf(10), feedsOf([0.15, 0.25, 0.33, 0.47, 0.52, 0.66]));
    expect(ties.nodes).toEqual([]);
    expect(ties.outputs.size).toBe(0);
  });

  it('excuses an output behind a near-tie, and no other', async () => {
    // The feeds are fixed, so a scale puts one of them just above a step, another just below.
    const x = Number(makeFeeds(graphOf()).get('x')?.data[0]);
    const graph = graphOf((2 / x) * (1 + 1e-6));
    const nudged = codeOf(graphOf((2 / x) * (1 - 1e-6)));
    const [proof] = await prove(graph, nudged);
    expect(proof?.result).toMatchObject({ kind: 'agrees', excused: ['step'] });
    const { constants } = nudged.program;
    const wrong = constants.entries.map((entry) => ({ ...entry, bytes: entry.bytes.slice().fill(0) }));
    const weights = emitWeights('sum', { ...constants, entries: wrong });
    await expect(prove(graph, { ...nudged, weights })).rejects.toThrow(/output "y"/);
  });
});
