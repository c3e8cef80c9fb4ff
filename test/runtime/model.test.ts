import { describe, expect, it, test } from 'vitest';
import { loadModel } from '../../compiler/5-emit/load-model.ts';
import { LccRuntimeError, type LoadOptions, type ModelDescription, makeLoad } from '../../runtime/abi.ts';
import type { ReadOutput } from '../../runtime/backend.ts';
import { float32 } from '../../runtime/codec.ts';
import { tinyModel } from '../harness/tiny-model.ts';

const code = tinyModel();
const feeds = () => ({ 'input.1': Float32Array.of(1, 2, 3, 4), k: BigInt64Array.of(5n, -7n) });

/** The code an action fails with. */
async function codeOf(action: () => Promise<unknown>): Promise<string> {
  const error = await action().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LccRuntimeError);
  return (error as LccRuntimeError).code;
}

describe('a model', () => {
  it('says its ports and runs', async () => {
    const model = await loadModel(code);
    expect(model.backend).toBe('wasm');
    expect(model.inputs).toEqual([
      { name: 'input.1', dtype: 'float32', shape: [1, 4] },
      { name: 'k', dtype: 'int64', shape: [1, 2] },
    ]);
    expect(await model.run(feeds())).toEqual({
      '33': Float32Array.of(11, 22, 33, 44),
      'k plus 1': BigInt64Array.of(6n, -6n),
    });
  });

  it('answers overlapping runs, each with its own fresh arrays, whatever happens to the feeds', async () => {
    const model = await loadModel(code);
    const first = feeds();
    const one = model.run(first);
    first['input.1'].fill(99);
    const two = model.run({ ...feeds(), 'input.1': Float32Array.of(0, 0, 0, 0) });
    const [a, b] = await Promise.all([one, two]);
    expect(a['33']).toEqual(Float32Array.of(11, 22, 33, 44));
    expect(b['33']).toEqual(Float32Array.of(10, 20, 30, 40));
  });

  it('fills the arrays it is given, of any dtype, and makes those it is not', async () => {
    const model = await loadModel(code);
    const results = { '33': new Float32Array(4), 'k plus 1': new BigInt64Array(2) };
    const found = await model.run(feeds(), results);
    expect(found['33']).toBe(results['33']);
    expect(found['k plus 1']).toBe(results['k plus 1']);
    expect(results).toEqual({ '33': Float32Array.of(11, 22, 33, 44), 'k plus 1': BigInt64Array.of(6n, -6n) });
    const half = await model.run(feeds(), { '33': results['33'] });
    expect(half['33']).toBe(results['33']);
    expect(half['k plus 1']).toEqual(BigInt64Array.of(6n, -6n));
    expect(half['k plus 1']).not.toBe(results['k plus 1']);
  });

  test.each([
    [{ x: new Float32Array(4) }, 'name', 'no output is named "x"; the outputs are: "33", "k plus 1"'],
    [{ '33': new Int32Array(4) }, 'dtype', 'output "33" (float32) takes a Float32Array, not Int32Array'],
    [{ '33': new Float32Array(3) }, 'length', 'output "33" [1,4] takes 4 elements, not 3'],
  ])('refuses results that do not fit: %o', async (results, expected, message) => {
    const model = await loadModel(code);
    const run = model.run(feeds(), results as Record<string, Float32Array>);
    await expect(run).rejects.toThrow(message);
    expect(await codeOf(() => run)).toBe(expected);
  });

  test.each([
    ['a missing input', { 'input.1': new Float32Array(4) }, 'name', 'input "k" is missing'],
    ['no feeds at all', undefined, 'name', 'input "input.1" is missing'],
    [
      'an unknown input',
      { ...feeds(), x: new Float32Array(1) },
      'name',
      'no input is named "x"; the inputs are: "input.1", "k"',
    ],
    [
      'a wrong class',
      { ...feeds(), k: Int32Array.of(1, 2) },
      'dtype',
      'input "k" (int64) takes a BigInt64Array, not Int32Array',
    ],
    ['a wrong length', { ...feeds(), k: BigInt64Array.of(1n) }, 'length', 'input "k" [1,2] takes 2 elements, not 1'],
    [
      'more than 32 bits',
      { ...feeds(), k: BigInt64Array.of(1n, 2n ** 31n) },
      'range',
      '2147483648 does not fit 32 bits',
    ],
  ])('refuses %s', async (_, bad, expected, message) => {
    const model = await loadModel(code);
    const run = model.run(bad as ReturnType<typeof feeds>);
    await expect(run).rejects.toThrow(message);
    expect(await codeOf(() => run)).toBe(expected);
  });

  it('refuses to run after dispose, which may be repeated', async () => {
    const model = await loadModel(code);
    model.dispose();
    model.dispose();
    expect(await codeOf(() => model.run(feeds()))).toBe('disposed');
  });
});

describe('load', () => {
  it('takes weights and wasm as bytes, views or a compiled module', async () => {
    const weights = code.weights.bytes;
    const wasm = code.wasm[0]!.bytes;
    const overrides: LoadOptions[] = [
      { weights: weights.buffer, wasm },
      { weights, wasm: await WebAssembly.compile(wasm) },
    ];
    for (const options of overrides) {
      const model = await loadModel(code, options);
      expect((await model.run(feeds()))['33']).toEqual(Float32Array.of(11, 22, 33, 44));
    }
  });

  it('refuses damaged weights and those of another build', async () => {
    const damaged = code.weights.bytes.slice();
    damaged[damaged.length - 1]! ^= 1;
    expect(await codeOf(() => loadModel(code, { weights: damaged }))).toBe('damaged');
    const other = { ...code.weights, hash: [1, 2] as const };
    expect(await codeOf(() => loadModel({ ...code, weights: other }))).toBe('mismatched');
  });

  it('says which file cannot be read', async () => {
    const load = () => loadModel(code, { weights: 'no/such/model.lcw' });
    expect(await codeOf(load)).toBe('fetch');
    await expect(load()).rejects.toThrow('cannot read no/such/model.lcw');
  });

  it('refuses bytes that are no wasm', async () => {
    expect(await codeOf(() => loadModel(code, { wasm: new Uint8Array(8) }))).toBe('unsupported');
  });

  test.each(['webgpu', 'webGPU', 'constructor', ''])(
    'refuses a backend "%s" before it reads anything',
    async (name) => {
      const told: number[] = [];
      const options = { backend: name, onProgress: (loaded: number) => told.push(loaded) } as LoadOptions;
      const load = loadModel(code, options);
      await expect(load).rejects.toThrow(`this bundle has no backend "${name}"`);
      expect(await codeOf(() => load)).toBe('unsupported');
      expect(told).toEqual([]);
    },
  );

  it('stops when aborted, before or while loading', async () => {
    expect(await codeOf(() => loadModel(code, { signal: AbortSignal.abort() }))).toBe('aborted');
    const controller = new AbortController();
    const loading = loadModel(code, { signal: controller.signal });
    controller.abort();
    expect(await codeOf(() => loading)).toBe('aborted');
  });

  it('tells progress in bytes', async () => {
    const told: [number, number][] = [];
    await loadModel(code, { onProgress: (loaded, total) => told.push([loaded, total]) });
    expect(told.at(-1)).toEqual([code.weights.bytes.length, code.weights.bytes.length]);
  });
});

describe('two backends', () => {
  const port = { name: 'x', codec: float32, shape: [1] };
  /** Backends that answer with the input scaled; the GPU one can be lost. */
  function describeBackends() {
    const gpu = { isThere: true, lose: (_reason: string) => {}, disposals: 0 };
    let isLost = false;
    const scale = (inputs: readonly ArrayBufferView[], by: number, read: ReadOutput) =>
      inputs.forEach((input, i) => {
        read(i, Float32Array.from(input as Float32Array, (v) => v * by).buffer, 0, input.byteLength);
      });
    const description: ModelDescription = {
      inputs: [port],
      outputs: [port],
      weights: { source: () => code.weights.bytes, bytes: code.weights.bytes.length, hash: code.weights.hash },
      prefersWebGpu: true,
      webgpu: async ({ forced, onLost }) => {
        if (!gpu.isThere) throw new LccRuntimeError('unsupported', `no adapter${forced ? ' at all' : ''}`);
        gpu.lose = (reason) => {
          isLost = true;
          onLost(reason);
        };
        return {
          run: async (inputs, read) => {
            await Promise.resolve();
            if (isLost) throw new LccRuntimeError('device-lost', 'lost');
            scale(inputs, 2, read);
          },
          dispose: () => {
            gpu.disposals++;
          },
        };
      },
      wasm: async ({ constants }) => {
        await constants;
        return { run: async (inputs, read) => scale(inputs, 3, read), dispose: () => {} };
      },
    };
    return { gpu, description };
  }
  const x = Float32Array.of(1);

  it('prefers WebGPU under auto, unless the model is not worth it', async () => {
    const { description } = describeBackends();
    expect((await makeLoad(description)()).backend).toBe('webgpu');
    expect((await makeLoad({ ...description, prefersWebGpu: false })()).backend).toBe('wasm');
    expect((await makeLoad({ ...description, prefersWebGpu: false })({ backend: 'webgpu' })).backend).toBe('webgpu');
    expect((await makeLoad(description)({ backend: 'wasm' })).backend).toBe('wasm');
  });

  it('goes to wasm and says why when WebGPU does not start; a forced one fails', async () => {
    const { gpu, description } = describeBackends();
    gpu.isThere = false;
    const reasons: string[] = [];
    const model = await makeLoad(description)({ onFallback: (reason) => reasons.push(reason) });
    expect(model.backend).toBe('wasm');
    expect(reasons).toEqual(['no adapter']);
    await expect(makeLoad(description)({ backend: 'webgpu' })).rejects.toThrow('no adapter at all');
    const { wasm: _, ...alone } = description;
    await expect(makeLoad(alone)()).rejects.toThrow('no adapter at all');
  });

  it('continues on wasm when the device is lost, in the runs under way too', async () => {
    const { gpu, description } = describeBackends();
    const reasons: string[] = [];
    const model = await makeLoad(description)({ onFallback: (reason) => reasons.push(reason) });
    expect(await model.run({ x })).toEqual({ x: Float32Array.of(2) });
    const underWay = [model.run({ x }), model.run({ x })];
    gpu.lose('driver reset');
    expect(await Promise.all(underWay)).toEqual([{ x: Float32Array.of(3) }, { x: Float32Array.of(3) }]);
    expect(model.backend).toBe('wasm');
    expect(await model.run({ x })).toEqual({ x: Float32Array.of(3) });
    expect(reasons).toEqual(['driver reset']);
    expect(gpu.disposals).toBe(1);
  });

  it('keeps failing with device-lost when WebGPU was forced', async () => {
    const { gpu, description } = describeBackends();
    const model = await makeLoad(description)({ backend: 'webgpu' });
    gpu.lose('driver reset');
    expect(await codeOf(() => model.run({ x }))).toBe('device-lost');
  });
});
