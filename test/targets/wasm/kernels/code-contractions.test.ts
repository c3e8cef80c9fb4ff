import binaryen from 'binaryen';
import { describe, expect, it } from 'vitest';
import type { Quantization } from '../../../../compiler/kernel/quantization.ts';
import type { WasmFeatures } from '../../../../targets/target.ts';
import { checkContractions } from '../../../harness/check-contractions.ts';
import { assemble, type CaseSpec, makeKernel } from '../../../harness/contraction-case.ts';
import { conv, gemm, live } from '../../../harness/contraction-shapes.ts';
import { allowRelaxedDots, hasRelaxedSimd } from '../../../harness/relaxed-simd.ts';

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const epilogues = ['none', 'relu', 'scale', 'residual'] as const;
const pick = <T>(list: readonly T[], i: number): T => list[i % list.length]!;

/** Values lie in [-1, 1]: the first loses the negative ones, the second keeps all, the others saturate. */
const quantizations: readonly Quantization[] = [
  { inverseScale: 127, zero: 0 },
  { inverseScale: 63.5, zero: 64 },
  { inverseScale: 400, zero: 0 },
  { inverseScale: 1e30, zero: 127 },
];
const codes = (spec: CaseSpec, i: number): CaseSpec => ({ ...spec, codes: pick(quantizations, i) });

allowRelaxedDots();

for (const features of ['simd', 'scalar', 'relaxed'] as const) {
  describe.skipIf(features === 'relaxed' && !hasRelaxedSimd())(`contractions of int8 codes, ${features}`, () => {
    const check = (specs: readonly CaseSpec[]): void => checkContractions(specs.map(codes), features);

    it('multiplies by panels of any width', () => {
      check(range(1, 17).flatMap((n) => range(1, 9).map((m) => gemm(m, n, 4 * (1 + (n % 7)), pick(epilogues, m)))));
    });

    it('multiplies any number of rows by several panels', () => {
      check(range(1, 13).flatMap((m) => [24, 33, 40, 72].map((n, i) => gemm(m, n, 36, pick(epilogues, m + i)))));
    });

    it('sums over any number of groups', () => {
      check(range(1, 19).flatMap((k) => [gemm(1, 9, 4 * k), gemm(4, 8, 4 * k, 'relu'), gemm(1, 36, 4 * k)]));
    });

    it('repeats no row where the residual may lie in the output', () => {
      check(range(1, 13).flatMap((m) => [3, 8, 21].map((n) => gemm(m, n, 24, 'residual'))));
    });

    it('convolves padded images', () => {
      const specs = [1, 2, 3, 5, 7, 10].flatMap((w) =>
        [1, 3, 5].flatMap((k) => [
          conv({ h: 3, w, c: 4, n: 10, k, epilogue: pick(epilogues, w + k) }),
          conv({ h: w, w: 4, c: 8, n: 16, k, stride: 2, outPad: 1, epilogue: pick(epilogues, w) }),
        ]),
      );
      check([...specs, conv({ h: 4, w: 6, c: 12, n: 7, k: 3, dilation: 2 })]);
    });

    it('takes each batch its own panels, or all the same', () => {
      const grouped = (n: number, batchStride: number): CaseSpec => ({
        batch: { extents: [2, 3], a: [3 * 32, 32], store: [3 * 4 * n, 4 * n] },
        m: { extents: [4], a: [8], store: [n] },
        n,
        k: { extents: [8], a: [1] },
        batchStride,
      });
      check([grouped(5, 16), grouped(11, 32), grouped(8, 0), grouped(9, 0)]);
    });

    it('walks backwards, over gaps, and rows that lie at odd bytes', () => {
      const backwards: CaseSpec = {
        m: { extents: [6], a: [-5], store: [18] },
        n: 9,
        storeN: 2,
        k: { extents: [3, 4], a: [-40, 1] },
        aStart: 120,
        epilogue: 'relu',
      };
      const odd: CaseSpec = { m: { extents: [7], a: [13], store: [12] }, n: 12, k: { extents: [8], a: [1] } };
      check([backwards, odd]);
    });

    it('sums several groups in 16 bits', () => {
      const specs = range(1, 9).flatMap((m) =>
        [3, 8, 20, 36].flatMap((n) => range(1, 9).map((k) => gemm(m, n, 4 * k, pick(epilogues, m)))),
      );
      check(specs.map((spec, i) => ({ ...spec, groupsIn16Bits: i % 2 === 0 ? 4 : 2 })));
    });

    it('fills up groups of four', () => {
      const gemms = range(1, 19).flatMap((k) => [gemm(1, 9, k), gemm(5, 8, k, 'relu'), gemm(2, 36, k)]);
      const convs = [3, 5, 6].flatMap((c) => [
        conv({ h: 5, w: 7, c, n: 6, k: 3, stride: 2, epilogue: 'relu' }),
        conv({ h: 3, w: 4, c, n: 16, k: 3, outPad: 1 }),
      ]);
      const rows: CaseSpec = { m: { extents: [7], a: [9], store: [12] }, n: 12, k: { extents: [3, 9], a: [30, 1] } };
      check([...gemms, ...convs, rows].map((spec, i) => ({ ...spec, groupsIn16Bits: pick([1, 2, 4] as const, i) })));
    });

    it('multiplies two values', () => {
      const sizes = range(1, 9).flatMap((m) => [1, 3, 8, 12, 21].map((n) => [m, n] as const));
      check(
        sizes.flatMap(([m, n], i) => [4, 7, 32].map((k) => live(m, n, k + (i % 4), i % 2 === 0, pick(epilogues, i)))),
      );
    });

    it('does nothing for no outputs', () => check([gemm(0, 8, 4)]));
  });
}

/** The text of every loop that holds no other loop. */
function innermostLoops(spec: CaseSpec, features: WasmFeatures): string[] {
  const { bytes } = assemble([makeKernel(spec)], features, 1);
  const module = binaryen.readBinary(bytes);
  try {
    const [, ...loops] = module.emitText().split('(loop ');
    return loops.flatMap((text, i) => {
      let depth = 1;
      for (let at = 0; at < text.length; at++) {
        if (text[at] === '(') depth++;
        else if (text[at] === ')') depth--;
        if (depth === 0) return [text.slice(0, at)];
      }
      return i === loops.length - 1 ? [text] : [];
    });
  } finally {
    module.dispose();
  }
}

describe('what the module of int8 codes holds', () => {
  const shapes: readonly CaseSpec[] = [
    gemm(49, 64, 512),
    gemm(1, 1000, 1024),
    conv({ h: 28, w: 28, c: 64, n: 64, k: 3, epilogue: 'scale' }),
  ];

  it.each([
    ['relaxed', ['i32x4.relaxed_dot_i8x16_i7x16_add_s', 'i16x8.relaxed_dot_i8x16_i7x16_s']],
    ['simd', ['i32x4.dot_i16x8_s']],
    ['scalar', ['i32.mul']],
  ] as const)('%s sums with %s and multiplies no float in the loop over k', (features, instructions) => {
    for (const spec of shapes.map(codes)) {
      const loops = innermostLoops(spec, features);
      const sums = loops.filter((text) => instructions.some((one) => text.includes(one)));
      for (const one of instructions) expect(sums.join(''), JSON.stringify(spec)).toContain(one);
      expect(sums.join('')).not.toMatch(/f32(x4)?\./);
      // The only other loop quantises: nothing is summed in float32.
      const others = loops.filter((text) => !sums.includes(text));
      expect(others).toHaveLength(1);
      expect(others[0]).not.toMatch(/relaxed_madd/);
    }
  });

  it('keeps a whole kernel below two kilobytes', () => {
    for (const spec of shapes.map(codes)) {
      for (const features of ['simd', 'relaxed'] as const) {
        expect(assemble([makeKernel(spec)], features, 1).bytes.length, features).toBeLessThan(2000);
      }
    }
  });
});
