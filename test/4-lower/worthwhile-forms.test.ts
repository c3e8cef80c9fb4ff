import { describe, expect, it } from 'vitest';
import { lower } from '../../compiler/4-lower/lower.ts';
import { compile } from '../../compiler/index.ts';
import { GraphBuilder } from '../../compiler/ir/build.ts';
import type { Graph } from '../../compiler/ir/graph.ts';
import type { Program } from '../../compiler/ir/program.ts';
import { decodeData, decodeFloat16, encodeFloat16, tensorOf } from '../../compiler/tensor/convert.ts';
import type { DType } from '../../compiler/tensor/dtype.ts';
import { elementCount, shapeOf } from '../../compiler/tensor/shape.ts';
import { storeFloat16 } from '../../compiler/tensor/stored.ts';
import type { Tensor } from '../../compiler/tensor/tensor.ts';
import { onnxModel } from '../harness/onnx-model.ts';
import { makeRandom } from '../harness/random.ts';
import { randomTensor } from '../harness/stored-model.ts';
import { lowerAgreeing } from './agreement.ts';

const random = makeRandom(8);

/** float32 elements that float16 has. */
function halves(...sizes: number[]): Tensor {
  const { stored: _, ...plain } = storeFloat16(randomTensor(random, sizes));
  return plain;
}

function drawLinear(weights: Tensor, dtype: DType = 'float32'): Graph {
  const builder = new GraphBuilder('linear');
  const x = builder.input('x', { dtype, shape: shapeOf([1, weights.shape[1]!.size]) });
  builder.output('y', builder.add('linear', [x, builder.constant(weights, 'w')]));
  return builder.build();
}

const linear = (weights: Tensor): Program => lowerAgreeing(drawLinear(weights));

const formsOf = ({ constants }: Program) => constants.entries.map(({ stored }) => stored?.name);

describe('constants whose elements are all float16 values', () => {
  it('are stored as float16, which loses nothing', () => {
    const { constants } = linear(halves(48, 40));
    const [entry] = constants.entries;
    expect(entry!.stored).toMatchObject({ kind: 'float16', name: 'float16' });
    expect(entry!.stored!.bytes).toHaveLength(28 + 6 * 8 * 4 + 48 * 40 * 2);
  });

  it('also those of a float16 graph', () => {
    const w = tensorOf('float16', [48, 40], [...random.reals(48 * 40)]);
    expect(formsOf(lower(drawLinear(w, 'float16')))).toEqual(['float16']);
  });

  it('denormals and negative zeros too', () => {
    const w = halves(48, 40);
    w.data[3] = 2 ** -24;
    w.data[4] = -0;
    w.data[5] = -65504;
    expect(formsOf(linear(w))).toEqual(['float16']);
  });

  it.each([
    ['one element between', 1 + 2 ** -11],
    ['one too large', 65536],
    ['one too small', 2 ** -25],
    ['an infinity', Number.POSITIVE_INFINITY],
    ['a NaN', Number.NaN],
  ])('not where there is %s', (_, value) => {
    const w = halves(48, 40);
    w.data[77] = value;
    const builder = new GraphBuilder('sum');
    const x = builder.input('x', { dtype: 'float32', shape: shapeOf([48, 40]) });
    builder.output('y', builder.add('add', [x, builder.constant(w, 'w')]));
    expect(formsOf(lower(builder.build()))).toEqual([undefined]);
  });

  it('not where the decoder takes more than they save', () =>
    expect(formsOf(linear(halves(16, 10)))).toEqual([undefined]));

  it('not where they compress as well as they are', () => {
    const w = tensorOf('float32', [64, 64], new Array<number>(4096).fill(0.5));
    expect(formsOf(linear(w))).toEqual([undefined]);
  });

  it('few of them too where the decoder is there anyway', () => {
    const builder = new GraphBuilder('two');
    const x = builder.input('x', { dtype: 'float32', shape: shapeOf([1, 40]) });
    const hidden = builder.add('relu', [builder.add('linear', [x, builder.constant(storeFloat16(halves(16, 40)))])]);
    builder.output('y', builder.add('linear', [hidden, builder.constant(halves(10, 16))]));
    expect(formsOf(lowerAgreeing(builder.build()))).toEqual(['float16', 'float16']);
  });
});

describe('a model file of float16 weights', () => {
  const sizes = [96, 96] as const;
  const weights = tensorOf('float16', [...sizes], [...random.reals(elementCount(shapeOf(sizes)), -0.3, 0.3)]);
  const files: Readonly<Record<string, Uint8Array>> = {
    'all of it': onnxModel({
      inputs: [{ name: 'x', dtype: 'float16', shape: [1, 96] }],
      outputs: [{ name: 'y', dtype: 'float16' }],
      initializers: { w: weights },
      nodes: [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }],
    }),
    'cast to float32': onnxModel({
      inputs: [{ name: 'x', dtype: 'float32', shape: [1, 96] }],
      outputs: [{ name: 'y', dtype: 'float32' }],
      initializers: { half: weights },
      nodes: [
        { op: 'Cast', inputs: ['half'], outputs: ['w'], attributes: { to: 1 } },
        { op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] },
      ],
    }),
  };

  it.each(Object.entries(files))('has them in its bundle: %s', async (_, file) => {
    const bundle = await compile(file, { target: 'mobile-wasm' });
    expect(bundle.report.constants.filter(({ decodedBytes }) => decodedBytes)).toEqual([
      { name: expect.any(String), form: 'float16', bytes: 28 + 96 * 4 + 96 * 96 * 2, decodedBytes: 97 * 96 * 4 },
    ]);
    const isHalf = bundle.report.inputs[0]!.dtype === 'float16';
    const one = isHalf ? new Uint16Array(96).fill(encodeFloat16(1)) : new Float32Array(96).fill(1);
    const { y } = await (await bundle.load()).run({ x: one });
    const sums = Array.from(y as Uint16Array | Float32Array, (v) => (isHalf ? decodeFloat16(v) : v));
    const w = decodeData(weights) as Float64Array;
    const wanted = sums.map((_, n) => w.filter((_, i) => i % 96 === n).reduce((sum, v) => sum + v));
    sums.forEach((sum, n) => {
      expect(Math.abs(sum - wanted[n]!)).toBeLessThan(isHalf ? 2e-3 : 1e-5);
    });
    expect((await bundle.files()).get('model.lcw')!.length).toBeLessThan(0.55 * 97 * 96 * 4);
  });
});
