import { describe, expect, test } from 'vitest';
import { compile } from '../compiler/index.ts';
import type { TypedArray } from '../compiler/tensor/dtype.ts';
import { onnxModel, tensorOf, type WrittenNode } from './harness/onnx-model.ts';

type Written = Parameters<typeof onnxModel>[0];

/** Compiles for wasm and runs once in this process. */
async function runModel(model: Written, feeds: Record<string, TypedArray>): Promise<Record<string, TypedArray>> {
  const bundle = await compile(onnxModel(model), { target: 'node' });
  const loaded = await bundle.load();
  try {
    return await loaded.run(feeds);
  } finally {
    loaded.dispose();
  }
}

const port = (name: string, dtype: 'float32' | 'int64', shape: number[]) => ({ name, dtype, shape });

describe('names are those of the model file', () => {
  test.each([`x:0 "a'b\`\${1}\\n`, '日本', 'constructor', '__proto__', 'a/b.c', ' '])('%j', async (name) => {
    const nodes: WrittenNode[] = [{ op: 'Neg', inputs: [name], outputs: [`${name}!`] }];
    const model = {
      inputs: [port(name, 'float32', [2])],
      outputs: [port(`${name}!`, 'float32', [2])],
      nodes,
    };
    const feeds = Object.fromEntries([[name, Float32Array.of(1, -2)]]);
    expect(await runModel(model, feeds)).toEqual({ [`${name}!`]: Float32Array.of(-1, 2) });
    const bundle = await compile(onnxModel(model), { target: 'node' });
    const loaded = await bundle.load();
    await expect(loaded.run({})).rejects.toMatchObject({ code: 'name', message: `input "${name}" is missing` });
  });
});

describe('element types', () => {
  test.each([
    ['bool', 'Not', Uint8Array.of(0, 1, 2), Uint8Array.of(1, 0, 0)],
    ['uint8', 'Add', Uint8Array.of(1, 127, 200), Uint8Array.of(2, 254, 144)],
    ['int8', 'Neg', Int8Array.of(1, -128, 0), Int8Array.of(-1, -128, 0)],
    ['int16', 'Add', Int16Array.of(1, 30_000, -4), Int16Array.of(2, -5_536, -8)],
    ['uint16', 'Add', Uint16Array.of(1, 40_000, 0), Uint16Array.of(2, 14_464, 0)],
    ['int32', 'Mul', Int32Array.of(3, -70_000, 0), Int32Array.of(9, 605_032_704, 0)],
    ['uint32', 'Add', Uint32Array.of(3, 2 ** 31, 0), Uint32Array.of(6, 0, 0)],
    ['int64', 'Add', BigInt64Array.of(3n, -(2n ** 30n), 0n), BigInt64Array.of(6n, -(2n ** 31n), 0n)],
    ['float16', 'Mul', Uint16Array.of(0x3c00, 0x4200, 0xc000), Uint16Array.of(0x3c00, 0x4880, 0x4400)],
    ['bfloat16', 'Mul', Uint16Array.of(0x3f80, 0x4040, 0xc000), Uint16Array.of(0x3f80, 0x4110, 0x4080)],
    ['float64', 'Mul', Float64Array.of(1.5, -2, 0), Float64Array.of(2.25, 4, 0)],
  ] as const)('%s in and out', async (dtype, op, x, y) => {
    const inputs = op === 'Neg' || op === 'Not' ? ['x'] : ['x', 'x'];
    const model = {
      inputs: [{ name: 'x', dtype, shape: [3] }],
      outputs: [{ name: 'y', dtype, shape: [3] }],
      nodes: [{ op, inputs, outputs: ['y'] }],
    };
    expect(await runModel(model, { x })).toEqual({ y });
  });

  test('an int64 that needs more than 32 bits is refused', async () => {
    const model = {
      inputs: [port('k', 'int64', [1])],
      outputs: [port('y', 'int64', [1])],
      nodes: [{ op: 'Neg', inputs: ['k'], outputs: ['y'] }],
    };
    await expect(runModel(model, { k: BigInt64Array.of(2n ** 31n) })).rejects.toMatchObject({ code: 'range' });
  });
});

describe('shapes at the edge', () => {
  test('scalars', async () => {
    const model = {
      inputs: [port('s', 'float32', [])],
      outputs: [port('t', 'float32', []), port('u', 'float32', [])],
      nodes: [
        { op: 'Neg', inputs: ['s'], outputs: ['t'] },
        { op: 'Identity', inputs: ['s'], outputs: ['u'] },
      ],
    };
    expect(await runModel(model, { s: Float32Array.of(3) })).toEqual({
      t: Float32Array.of(-3),
      u: Float32Array.of(3),
    });
  });

  test('nothing at all', async () => {
    const model: Parameters<typeof runModel>[0] = {
      inputs: [port('x', 'float32', [0, 2]), port('z', 'float32', [1, 2])],
      outputs: [port('y', 'float32', [0, 2]), port('sum', 'float32', [2]), port('all', 'float32', [1, 2])],
      nodes: [
        { op: 'Relu', inputs: ['x'], outputs: ['y'] },
        { op: 'ReduceSum', inputs: ['x', 'axes'], outputs: ['sum'], attributes: { keepdims: 0 } },
        { op: 'Concat', inputs: ['x', 'z'], outputs: ['all'], attributes: { axis: 0 } },
      ],
      initializers: { axes: tensorOf('int64', [1], [0]) },
    };
    const feeds = { x: new Float32Array(), z: Float32Array.of(1, 2) };
    expect(await runModel(model, feeds)).toEqual({
      y: new Float32Array(),
      sum: Float32Array.of(0, 0),
      all: Float32Array.of(1, 2),
    });
  });
});

describe('graphs with little in them', () => {
  test('one that folded to constants runs, and still takes its unused input', async () => {
    const model = {
      inputs: [port('unused', 'float32', [5])],
      outputs: [port('y', 'float32', [2]), port('c', 'float32', [2])],
      nodes: [{ op: 'Neg', inputs: ['c'], outputs: ['y'] }],
      initializers: { c: tensorOf('float32', [2], [1, 2]) },
    };
    const results = await runModel(model, { unused: new Float32Array(5) });
    expect(results).toEqual({ y: Float32Array.of(-1, -2), c: Float32Array.of(1, 2) });
  });

  test('an input may be an output', async () => {
    const model = { inputs: [port('x', 'float32', [2])], outputs: [port('x', 'float32', [2])], nodes: [] };
    const x = Float32Array.of(1, 2);
    const results = await runModel(model, { x });
    expect(results).toEqual({ x });
    expect(results.x).not.toBe(x);
  });

  test('an initializer that is also an input is no input of the bundle', async () => {
    const model = {
      inputs: [port('x', 'float32', [2]), port('c', 'float32', [2])],
      outputs: [port('y', 'float32', [2])],
      nodes: [{ op: 'Add', inputs: ['x', 'c'], outputs: ['y'] }],
      initializers: { c: tensorOf('float32', [2], [10, 20]) },
    };
    expect(await runModel(model, { x: Float32Array.of(1, 2) })).toEqual({ y: Float32Array.of(11, 22) });
  });
});

describe('over and over', () => {
  const square = onnxModel({
    inputs: [port('x', 'float32', [64])],
    outputs: [port('y', 'float32', [64])],
    nodes: [{ op: 'Mul', inputs: ['x', 'x'], outputs: ['y'] }],
  });

  test('100 overlapping runs are all answered', async () => {
    const model = await (await compile(square, { target: 'node' })).load();
    const runs = Array.from({ length: 100 }, (_, i) => model.run({ x: new Float32Array(64).fill(i) }));
    const answers = await Promise.all(runs);
    expect(answers.map(({ y }) => y?.[63])).toEqual(answers.map((_, i) => i * i));
  });

  test('a bundle loads and disposes as often as asked, each model by itself', async () => {
    const bundle = await compile(square, { target: 'node' });
    const kept = await bundle.load();
    for (let i = 0; i < 50; i++) (await bundle.load()).dispose();
    expect((await kept.run({ x: new Float32Array(64).fill(3) })).y?.[0]).toBe(9);
  });
});
