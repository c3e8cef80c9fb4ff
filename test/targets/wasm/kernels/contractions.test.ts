import { setFlagsFromString } from 'node:v8';
import { describe, expect, it } from 'vitest';
import type { Program } from '../../../../compiler/ir/program.ts';
import { binary, cast, like, select, unary } from '../../../../compiler/kernel/expr.ts';
import { emitWasm } from '../../../../targets/wasm/emit.ts';
import { checkContractions, fill } from '../../../harness/check-contractions.ts';
import {
  acc,
  type CaseSpec,
  instantiate,
  makeKernel,
  reference,
  slotSizes,
} from '../../../harness/contraction-case.ts';
import { conv, depthwise, gemm, live, planar } from '../../../harness/contraction-shapes.ts';
import { hasRelaxedSimd } from '../../../harness/relaxed-simd.ts';

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

const epilogues = ['none', 'relu', 'scale', 'residual'] as const;
const pick = <T>(list: readonly T[], i: number): T => list[i % list.length]!;

setFlagsFromString('--experimental-wasm-relaxed-simd');

for (const features of ['simd', 'scalar', 'relaxed'] as const) {
  describe.skipIf(features === 'relaxed' && !hasRelaxedSimd())(`contractions, ${features}`, () => {
    it('multiplies by packed panels of any width', () => {
      checkContractions(
        range(1, 17).flatMap((n) => range(1, 9).map((m) => gemm(m, n, 5 + n, pick(epilogues, m)))),
        features,
      );
    });

    it('multiplies any number of rows', () => {
      checkContractions(
        range(1, 13).flatMap((m) => [8, 12, 20, 40].map((n, i) => gemm(m, n, 16 + m, pick(epilogues, m + i)))),
        features,
      );
    });

    it('sums over any length', () => {
      checkContractions(
        range(0, 67).flatMap((k) => [gemm(1, 9, k), gemm(4, 8, k, 'relu'), gemm(6, 36, k)]),
        features,
      );
    });

    it('repeats no row where the residual may lie in the output', () => {
      checkContractions(
        range(1, 13).flatMap((m) => [3, 8, 21].map((n) => gemm(m, n, 24, 'residual'))),
        features,
      );
    });

    it('cuts rows in blocks where A outgrows the cache', () => {
      const spec = gemm(600, 24, 512, 'residual');
      if (features === 'simd') {
        expect(instantiate([makeKernel(spec)], features, 1).tiles[0]?.split('x')).toHaveLength(3);
        checkContractions([spec], features);
      }
    });

    it('convolves padded images', () => {
      const specs = [1, 2, 3, 5, 7, 10].flatMap((w) =>
        [1, 3, 5].flatMap((k) => [
          conv({ h: 3, w, c: 3, n: 10, k, epilogue: pick(epilogues, w + k) }),
          conv({ h: w, w: 4, c: 8, n: 16, k, stride: 2, outPad: 1, epilogue: pick(epilogues, w) }),
        ]),
      );
      checkContractions([...specs, conv({ h: 4, w: 6, c: 5, n: 7, k: 3, dilation: 2 })], features);
    });

    it('turns outputs that lie channel by channel', () => {
      const specs = range(1, 13).flatMap((w) => [
        planar(conv({ h: 1 + (w % 3), w, c: 3, n: w, k: 1, epilogue: pick(epilogues, w) })),
        planar(conv({ h: 3, w, c: 3, n: 14 - w, k: 3, epilogue: pick(epilogues, w + 1) })),
        planar(conv({ h: 2, w, c: 9, n: 1 + (w % 2), k: 3, epilogue: pick(epilogues, w + 2) })),
        planar(depthwise({ h: 2, w, c: 14 - w, k: 3, epilogue: pick(epilogues, w + 3) })),
      ]);
      checkContractions(specs, features);
    });

    it('convolves channel by channel', () => {
      const specs = [1, 2, 3, 4, 6, 8, 9, 16, 17, 23].flatMap((c, i) => [
        depthwise({ h: 5, w: 7, c, k: 3, epilogue: pick(epilogues, i) }),
        depthwise({ h: 4, w: 10, c, k: 5, stride: 2, outPad: 1, epilogue: pick(epilogues, i + 1) }),
        depthwise({ h: 1 + i, w: 3, c, k: 3, dilation: 2, epilogue: pick(epilogues, i + 2) }),
        depthwise({ h: 2, w: 1 + i, c, k: 1 }),
      ]);
      checkContractions(specs, features);
    });

    it('multiplies by live matrices of both orientations', () => {
      const sizes = [1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 19];
      const specs = sizes.flatMap((n, i) =>
        [1, 3, 4, 8, 11].flatMap((m) => [
          live(m, n, pick(sizes, i + m), false, pick(epilogues, i + m)),
          live(m, n, pick(sizes, i + m + 3), true, pick(epilogues, i + m)),
        ]),
      );
      checkContractions(
        [...specs, live(9, 33, 67, true), live(9, 33, 67, false), live(8, 12, 64, true, 'relu')],
        features,
      );
    });

    it('adds dot products where columns are few, or rows are few and columns apart', () => {
      const few = [1, 2].flatMap((n) => range(1, 11).map((m) => gemm(m, n, 7 + m + 3 * n, pick(epilogues, m))));
      const convolved = [1, 2].map((n) => conv({ h: 5, w: 7, c: 9, n, k: 3, epilogue: 'scale' }));
      const apart = range(1, 7).flatMap((m) =>
        [1, 3, 4, 5, 8, 10].map((n) => live(m, n, 8 + m, true, pick(epilogues, n))),
      );
      checkContractions([...few, ...convolved, ...apart, live(9, 1, 30, false), live(1, 2, 33, false)], features);
    });

    it('takes each batch its own panels, or all the same', () => {
      const grouped = (n: number, batchStride: number): CaseSpec => ({
        batch: { extents: [2, 3], a: [3 * 28, 28], store: [3 * 4 * n, 4 * n] },
        m: { extents: [4], a: [7], store: [n] },
        n,
        k: { extents: [7], a: [1] },
        batchStride,
      });
      checkContractions([grouped(5, 64), grouped(11, 128), grouped(8, 0), grouped(9, 0)], features);
    });

    it('walks backwards and with gaps', () => {
      const backwards: CaseSpec = {
        m: { extents: [6], a: [-5], store: [18] },
        n: 9,
        storeN: 2,
        k: { extents: [3, 4], a: [-40, 1] },
        aStart: 120,
        epilogue: 'relu',
      };
      const columnMajorA: CaseSpec = { m: { extents: [7], a: [1], store: [12] }, n: 12, k: { extents: [9], a: [7] } };
      const columnMajorB: CaseSpec = {
        m: { extents: [5], a: [6], store: [6] },
        n: 6,
        k: { extents: [6], a: [1], b: [-3] },
        liveN: 40,
      };
      const reversed = { ...columnMajorB, k: { extents: [6], a: [1], b: [3] } };
      checkContractions([backwards, columnMajorA, reversed], features);
    });

    it('does nothing for no outputs, and gives the bias for an empty sum', () => {
      checkContractions([gemm(0, 8, 4), gemm(5, 11, 0, 'relu')], features);
    });
  });
}

describe('epilogues rendered in a module', () => {
  it.each(['simd', 'scalar'] as const)('stores truth values as 0 and 1, and integers, %s', (features) => {
    const results = [
      binary('lt', like(acc, 0), acc),
      cast('int32', acc),
      select(binary('lt', like(acc, 0), acc), acc, unary('exp', acc)),
    ];
    const wanted = [
      (sum: number) => Number(sum > 0),
      (sum: number) => Math.trunc(sum),
      (sum: number) => (sum > 0 ? sum : Math.exp(sum)),
    ];
    results.forEach((epilogue, which) => {
      const plain = makeKernel(gemm(5, 11, 20));
      const kernel = { ...plain, epilogue };
      const [out, a, b] = slotSizes(kernel).map((size) => size * 4) as [number, number, number];
      const places = [
        { space: 'arena', offset: 0, bytes: out },
        { space: 'arena', offset: out, bytes: a },
        { space: 'arena', offset: out + a, bytes: b },
      ] as const;
      const program = {
        name: 'one',
        kernels: [kernel],
        steps: [{ kind: 'call', kernel: 0, arguments: places }],
        constants: { entries: [], size: 0 },
        inputs: [],
        outputs: [],
        arenaBytes: out + a + b,
        buffers: [],
        macs: 0,
      } as const satisfies Program;
      const { exports } = new WebAssembly.Instance(
        new WebAssembly.Module(Uint8Array.from(emitWasm(program, features).bytes)),
      );
      const { buffer } = exports.memory as WebAssembly.Memory;
      const slots = places.map(({ offset, bytes }) => new Float32Array(buffer, offset, bytes / 4));
      slots.forEach((slot, s) => {
        fill(slot, s);
      });
      const sums = reference(plain, slots);
      (exports.run as () => void)();
      const got = epilogue.dtype === 'float32' ? slots[0]! : new Int32Array(buffer, 0, out / 4);
      sums.forEach((sum, i) => {
        expect(got[i]).toBeCloseTo(wanted[which]!(sum), 5);
      });
    });
  });
});

describe('what the module holds', () => {
  it('keeps a whole kernel near a kilobyte', () => {
    for (const spec of [
      gemm(256, 256, 256),
      conv({ h: 28, w: 28, c: 32, n: 64, k: 3 }),
      depthwise({ h: 28, w: 28, c: 64, k: 3 }),
    ]) {
      const { bytes } = instantiate([makeKernel(spec)], 'simd', 100);
      expect(bytes).toBeLessThan(1100);
    }
  });

  it('uses only the asked instructions', () => {
    const spec = gemm(6, 12, 20, 'relu');
    expect(instantiate([makeKernel(spec)], 'scalar', 1).tiles).toEqual([expect.stringMatching(/x8$/)]);
  });
});
