import { describe, expect, it } from 'vitest';
import { lower } from '../../../compiler/4-lower/lower.ts';
import { GraphBuilder } from '../../../compiler/ir/build.ts';
import type { Program } from '../../../compiler/ir/program.ts';
import { shapeOf } from '../../../compiler/tensor/shape.ts';
import { tensorType } from '../../../compiler/tensor/tensor.ts';
import { emitWebGpu } from '../../../targets/webgpu/emit.ts';
import { storageBytesPerMac } from '../../../targets/webgpu/kernels/index.ts';
import { chooseTile, extentsOf, sharedBytes } from '../../../targets/webgpu/kernels/tile.ts';
import { makeKernel } from '../../harness/contraction-case.ts';
import { conv, gemm, live } from '../../harness/contraction-shapes.ts';
import { noise } from '../../ops/case.ts';

/** Two equal convolutions, a third of another size, and a softmax. */
function network(): Program {
  const builder = new GraphBuilder('network');
  const attributes = { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], group: 1 };
  let x = builder.input('x', tensorType('float32', shapeOf([1, 8, 12, 12])));
  for (const [seed, channels] of [8, 8, 16].entries()) {
    const weights = builder.constant(noise([channels, 8, 3, 3], -1, 1, seed + 1));
    x = builder.add('relu', [builder.add('conv', [x, weights], attributes)]);
  }
  builder.output('y', builder.add('softmax', [x], { axis: 1 }));
  return lower(builder.build());
}

const size = (bytes: number): Program => ({
  name: 'large',
  kernels: [],
  steps: [],
  constants: { entries: [], size: 0 },
  inputs: [],
  outputs: [],
  arenaBytes: bytes,
  buffers: [],
  macs: 0,
});

describe('emitWebGpu', () => {
  it('writes no shader twice, though kernels repeat', () => {
    const { shaders, pipelines, dispatches } = emitWebGpu(network());
    const texts = shaders.map((text) => text.slice(text.indexOf('\n')));
    expect(new Set(texts).size).toBe(texts.length);
    expect(new Set(pipelines.map((p) => JSON.stringify(p))).size).toBe(pipelines.length);
    expect(shaders.length).toBeLessThan(dispatches);
  });

  it('names op, shape and tile in the first line', () => {
    const { shaders } = emitWebGpu(network());
    for (const text of shaders) expect(text).toMatch(/^\/\/ .*\[[\d,]+\].*(tile|vec4|scalar)/);
  });

  it('gives the same text for the same program', () => {
    expect(emitWebGpu(network())).toEqual(emitWebGpu(network()));
  });

  it('refuses an arena beyond one storage binding', () => {
    expect(emitWebGpu(size(2 ** 27)).arenaBytes).toBe(2 ** 27);
    expect(() => emitWebGpu(size(2 ** 27 + 4))).toThrow(/LCC5010.*arena of "large" take 134217744 bytes/);
  });

  it('keeps repeated steps together and drops empty ones', () => {
    const program = network();
    const [call] = program.steps;
    const repeated = { ...program, steps: [{ kind: 'repeat' as const, count: 3, steps: [call!] }] };
    const { steps, dispatches } = emitWebGpu(repeated);
    expect(steps).toEqual([{ count: 3, steps: [[0, expect.any(Number), 1, 1]] }]);
    expect(dispatches).toBe(3);
    const none = { ...program, steps: [{ kind: 'repeat' as const, count: 0, steps: [call!] }] };
    expect(emitWebGpu(none).steps).toEqual([]);
  });
});

describe('tiles', () => {
  const large = [32, 33, 40, 49, 63, 64, 65, 100, 196, 320, 1200, 19200];

  it('load at most 0.5 bytes of storage per multiply-add where m and n are 32 and more', () => {
    for (const m of large) {
      for (const n of large) {
        for (const k of [1, 3, 27, 48, 576, 2304]) {
          expect(storageBytesPerMac(makeKernel(gemm(m, n, k))), `${m}x${n}x${k}`).toBeLessThanOrEqual(0.5);
          expect(storageBytesPerMac(makeKernel(live(m, n, k, true))), `live ${m}x${n}x${k}`).toBeLessThanOrEqual(0.5);
        }
      }
    }
  });

  it('load as much for a convolution as for the product it is', () => {
    const convolution = makeKernel(conv({ h: 20, w: 20, c: 16, n: 64, k: 3 }));
    expect(storageBytesPerMac(convolution)).toBe(storageBytesPerMac(makeKernel(gemm(400, 64, 144))));
  });

  it('stay within the default limits', () => {
    for (const m of [1, 5, 8, 31, ...large]) {
      for (const n of [1, 4, 12, ...large]) {
        for (const k of [1, 7, 64, 2304]) {
          const tile = chooseTile(extentsOf(makeKernel(gemm(m, n, k))));
          expect(sharedBytes(tile)).toBeLessThanOrEqual(16384);
          expect(tile.rows * tile.columns * tile.slices).toBeLessThanOrEqual(256);
        }
      }
    }
  });
});
