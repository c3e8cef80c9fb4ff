import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile, LccError, type StageEvent } from '../compiler/index.ts';
import { stages } from '../compiler/ir/bundle.ts';
import { onnxModel, tensorOf } from './harness/onnx-model.ts';

/** y = Relu(x W + b), x [1, 3]. */
const dense = onnxModel({
  name: 'dense',
  inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 3] }],
  outputs: [{ name: 'y', dtype: 'float32' }],
  nodes: [
    { op: 'Gemm', inputs: ['x', 'w', 'b'], outputs: ['h'] },
    { op: 'Relu', inputs: ['h'], outputs: ['y'] },
  ],
  initializers: { w: tensorOf('float32', [3, 2], [1, 2, 3, 4, 5, 6]), b: tensorOf('float32', [2], [-100, 1]) },
});
const x = Float32Array.of(1, 1, 1);
const y = Float32Array.of(0, 13);

describe('compile', () => {
  it('loads a small model in this process without emitting', async () => {
    const told: StageEvent['stage'][] = [];
    const bundle = await compile(dense, { target: 'mobile-wasm', onStage: ({ stage }) => told.push(stage) });
    const model = await bundle.load();
    expect(await model.run({ x })).toEqual({ y });
    expect(told).toEqual(['ingest', 'compress', 'lower']);
  });

  it('reports what was built from what', async () => {
    const { report } = await compile(dense, { target: 'mobile-wasm' });
    expect(report).toMatchObject({
      name: 'dense',
      source: { bytes: dense.length },
      target: 'mobile-wasm',
      backends: ['wasm'],
      inputs: [{ name: 'x', dtype: 'float32', shape: [1, 3] }],
      outputs: [{ name: 'y', dtype: 'float32', shape: [1, 2] }],
      macs: 6,
    });
    expect(report.notes.join()).toContain('batch');
    expect(report.kernels.length).toBeGreaterThan(0);
    for (const kernel of report.kernels) expect(kernel).toMatchObject({ backend: 'wasm', calls: 1 });
  });

  it('writes a folder, whole, proven, and the same at every build but for what was measured', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lcc-'));
    try {
      const told: StageEvent['stage'][] = [];
      const bundle = await compile(dense, { target: 'mobile-wasm', onStage: ({ stage }) => told.push(stage) });
      await bundle.write(join(folder, 'dense'));
      expect(told).toEqual(stages);
      const measured = JSON.parse(await readFile(join(folder, 'dense', 'lcc.measured.json'), 'utf8'));
      expect(measured.proofs.map((proof: { engine: string }) => proof.engine)).toEqual([
        'wasm simd',
        'wasm relaxed',
        'onnxruntime-web',
      ]);
      const again = await (await compile(dense, { target: 'mobile-wasm' })).files();
      for (const [path, bytes] of again) {
        if (path === 'lcc.measured.json') continue;
        expect(new Uint8Array(await readFile(join(folder, 'dense', path))), path).toEqual(bytes);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('binds inputs as constants, which vanish from the inputs', async () => {
    const sum = onnxModel({
      inputs: [
        { name: 'a', dtype: 'float32', shape: [2] },
        { name: 'k', dtype: 'float32', shape: [1] },
      ],
      outputs: [{ name: 'c', dtype: 'float32' }],
      nodes: [{ op: 'Add', inputs: ['a', 'k'], outputs: ['c'] }],
    });
    const model = await (await compile(sum, { target: 'node', constants: { k: [5] } })).load();
    expect(model.inputs.map((input) => input.name)).toEqual(['a']);
    expect(await model.run({ a: Float32Array.of(1, 2) })).toEqual({ c: Float32Array.of(6, 7) });
  });

  it('runs a graph that folded to constants, and one that passes its input through', async () => {
    const folded = onnxModel({
      inputs: [{ name: 'a', dtype: 'int64', shape: [2, 3] }],
      outputs: [
        { name: 'shape', dtype: 'int64' },
        { name: 'same', dtype: 'int64' },
      ],
      nodes: [
        { op: 'Shape', inputs: ['a'], outputs: ['shape'] },
        { op: 'Identity', inputs: ['a'], outputs: ['same'] },
      ],
    });
    const bundle = await compile(folded, { target: 'mobile-wasm' });
    const a = BigInt64Array.of(1n, 2n, 3n, 4n, 5n, -6n);
    expect(await (await bundle.load()).run({ a })).toEqual({ shape: BigInt64Array.of(2n, 3n), same: a });
    await bundle.files();
  });

  it('binds a dimension by name, and refuses a range of sizes', async () => {
    const bundle = await compile(dense, { target: 'mobile-wasm', dims: { batch: 2 } });
    expect(bundle.report.inputs[0]?.shape).toEqual([2, 3]);
    const range = compile(dense, { target: 'mobile-wasm', dims: { batch: { min: 1, max: 8 } } });
    await expect(range).rejects.toThrow(/^LCC1017: The dimension "batch" is given as a range/);
  });

  it('refuses unknown targets, backends that a target lacks, and files that are not there', async () => {
    const codeOf = (promise: Promise<unknown>) =>
      promise.then(
        () => 'none',
        (error: unknown) => (error instanceof LccError ? error.diagnostic.code : String(error)),
      );
    expect(await codeOf(compile(dense, { target: 'fridge' }))).toBe('LCC0003');
    expect(await codeOf(compile(dense, { target: 'mobile-wasm', backends: ['webgpu'] }))).toBe('LCC0004');
    expect(await codeOf(compile('no/such.onnx', { target: 'node' }))).toBe('LCC1001');
  });
});
