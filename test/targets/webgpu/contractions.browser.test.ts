import type { Browser } from 'playwright-core';
import { expect, it } from 'vitest';
import type { Location, Port, Program, Step } from '../../../compiler/ir/program.ts';
import type { ContractionKernel } from '../../../compiler/kernel/nest.ts';
import { describeInBrowser } from '../../harness/browser.ts';
import { fill, toleranceOf } from '../../harness/check-contractions.ts';
import { type CaseSpec, makeKernel, reference, slotSizes } from '../../harness/contraction-case.ts';
import { conv, depthwise, gemm, live } from '../../harness/contraction-shapes.ts';
import { runOnGpu } from './run-on-gpu.ts';

const epilogues = ['none', 'relu', 'scale', 'residual'] as const;
const pick = <T>(list: readonly T[], i: number): T => list[i % list.length]!;

interface Laid {
  readonly kernel: ContractionKernel;
  readonly slots: readonly Location[];
}

/** Slots one after another between gaps; with `shift`, one element off every alignment. Packed B goes to the constants. */
function layOut(specs: readonly CaseSpec[], shift: number) {
  const ends = { arena: 0, constants: 0 };
  const laid = specs.map((spec): Laid => {
    const kernel = makeKernel(spec);
    const slots = slotSizes(kernel).map((size, slot): Location => {
      const space = slot === 2 && kernel.b.kind !== 'live' ? 'constants' : 'arena';
      const start = Math.ceil((ends[space] + 16) / 16) * 16 + (space === 'arena' ? shift : 0);
      ends[space] = start + size;
      return { space, offset: start * 4, bytes: size * 4 };
    });
    return { kernel, slots };
  });
  return { laid, arena: new Float32Array(ends.arena + 16), constants: new Float32Array(ends.constants + 16) };
}

/** Runs all cases in one program whose input and output are the whole arena: what no kernel owns must stay. */
async function check(browser: Browser, specs: readonly CaseSpec[], shift = 0): Promise<void> {
  const { laid, arena, constants } = layOut(specs, shift);
  arena.fill(Number.NaN);
  constants.fill(Number.NaN);
  const view = ({ space, offset, bytes }: Location): Float32Array =>
    (space === 'arena' ? arena : constants).subarray(offset / 4, (offset + bytes) / 4);
  laid.forEach(({ slots }, i) => {
    slots.forEach((slot, s) => {
      fill(view(slot), s + 7 * i);
    });
  });
  const location: Location = { space: 'arena', offset: 0, bytes: arena.byteLength };
  const all: Port = { name: 'all', dtype: 'float32', shape: [arena.length], location };
  const program: Program = {
    name: 'cases',
    kernels: laid.map(({ kernel }) => kernel),
    steps: laid.map(({ slots }, kernel): Step => ({ kind: 'call', kernel, arguments: slots })),
    constants: {
      entries: [
        { name: 'b', dtype: 'float32', encoding: 'panels-of-8', offset: 0, bytes: new Uint8Array(constants.buffer) },
      ],
      size: constants.byteLength,
    },
    inputs: [all],
    outputs: [all],
    arenaBytes: arena.byteLength,
    buffers: [],
    macs: 0,
  };
  const [result] = await runOnGpu(browser, [{ program, feeds: { all: arena } }]);
  if (!result || 'error' in result) throw new Error(result?.error);
  const got = result.outputs.get('all')!;
  const expected = Float64Array.from(arena);
  laid.forEach(({ kernel, slots }, i) => {
    const out = slots[0]!;
    expected.set(reference(kernel, slots.map(view)), out.offset / 4);
    let worst = 0;
    for (let j = 0; j < out.bytes / 4; j++) {
      const at = out.offset / 4 + j;
      const error = Math.abs(got[at]! - expected[at]!);
      worst = Math.max(worst, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
    }
    const sums = expected.subarray(out.offset / 4, (out.offset + out.bytes) / 4);
    const allowed = specs[i]!.codes ? toleranceOf(specs[i]!, sums, 0) : 3e-5;
    expect(worst, JSON.stringify(specs[i])).toBeLessThanOrEqual(allowed);
  });
  const strays = expected.reduce((n, x, i) => n + (Number.isNaN(x) !== Number.isNaN(got[i]!) ? 1 : 0), 0);
  expect(strays, 'elements changed that no kernel owns').toBe(0);
}

describeInBrowser('contractions on WebGPU', (browser) => {
  const widths = [1, 3, 4, 5, 8, 13, 17, 33];
  // Shaders with barriers take a software GPU a second each to compile.
  const products = widths.flatMap((n, i) =>
    [1, 5, 33].map((m, j) => gemm(m + (i % 3), n, 5 * i + 7 * j + 1, pick(epilogues, i + j))),
  );

  it('multiplies by packed panels of any width', () => check(browser(), products));

  it('multiplies between slots that are not aligned', () =>
    check(
      browser(),
      products.filter((_, i) => i % 3 === 1),
      1,
    ));

  it('sums over any length', () =>
    check(
      browser(),
      [0, 1, 4, 15, 17, 64, 65, 200, 515, 1100].flatMap((k, i) => [
        i % 2 === 0 ? gemm(1, 9, k) : gemm(4, 24, k, 'relu'),
        gemm(6, 36, k),
      ]),
    ));

  it('splits large products into tiles', () =>
    check(browser(), [
      gemm(64, 64, 64),
      gemm(65, 67, 33, 'scale'),
      gemm(33, 33, 40, 'residual'),
      gemm(16, 128, 300),
      gemm(128, 20, 70),
    ]));

  it('convolves padded images', () =>
    check(browser(), [
      ...[1, 7].flatMap((w) =>
        [1, 3].flatMap((k) => [
          conv({ h: 3, w, c: 3, n: 10, k, epilogue: pick(epilogues, w + k) }),
          conv({ h: w, w: 4, c: 8, n: 16, k, stride: 2, outPad: 1, epilogue: pick(epilogues, w) }),
        ]),
      ),
      conv({ h: 4, w: 6, c: 5, n: 7, k: 3, dilation: 2 }),
      conv({ h: 9, w: 9, c: 16, n: 40, k: 3 }),
    ]));

  it('convolves channel by channel', () =>
    check(
      browser(),
      [1, 3, 4, 8, 17, 24].flatMap((c, i) => [
        depthwise({ h: 5, w: 7, c, k: 3, epilogue: pick(epilogues, i) }),
        depthwise({ h: 4, w: 10, c, k: 5, stride: 2, outPad: 1, epilogue: pick(epilogues, i + 1) }),
        depthwise({ h: 1 + i, w: 3, c, k: 3, dilation: 2, epilogue: pick(epilogues, i + 2) }),
        depthwise({ h: 2, w: 1 + i, c, k: 1 }),
      ]),
    ));

  it('shares weights between positions where there are many', () =>
    check(browser(), [depthwise({ h: 63, w: 67, c: 8, k: 3 }), depthwise({ h: 67, w: 63, c: 14, k: 3 })]));

  it('multiplies by live matrices of both orientations', () =>
    check(
      browser(),
      [1, 3, 4, 8, 13].flatMap((n, i) =>
        [1, 9].flatMap((m) => [
          live(m, n, pick(widths, i + m), false, pick(epilogues, i + m)),
          live(m, n, pick(widths, i + m + 3), true, pick(epilogues, i + m)),
        ]),
      ),
    ));

  it('takes each batch its own panels, or all the same', () => {
    const grouped = (m: number, n: number, batchStride: number): CaseSpec => ({
      batch: { extents: [2, 3], a: [3 * m * 17, m * 17], store: [3 * m * n, m * n] },
      m: { extents: [m], a: [17], store: [n] },
      n,
      k: { extents: [17], a: [1] },
      batchStride,
    });
    return check(browser(), [grouped(4, 5, 144), grouped(9, 11, 288), grouped(1, 8, 0), grouped(6, 9, 0)]);
  });

  it('walks backwards and with gaps', () =>
    check(browser(), [
      {
        m: { extents: [6], a: [-5], store: [18] },
        n: 9,
        storeN: 2,
        k: { extents: [3, 4], a: [-40, 1] },
        aStart: 120,
        epilogue: 'relu',
      },
      { m: { extents: [7], a: [1], store: [12] }, n: 12, k: { extents: [9], a: [7] } },
      { m: { extents: [32], a: [1], store: [12] }, n: 12, k: { extents: [9], a: [32] } },
      { m: { extents: [5], a: [6], store: [6] }, n: 6, k: { extents: [6], a: [1], b: [3] }, liveN: 40 },
    ]));

  it('multiplies by int8 codes, exactly', () => {
    const quantizations = [
      { inverseScale: 127, zero: 0 },
      { inverseScale: 63.5, zero: 64 },
      { inverseScale: 400, zero: 11 },
    ];
    const specs: CaseSpec[] = [
      ...widths.flatMap((n, i) => [1, 5, 33].map((m) => gemm(m, n, 4 * (3 * i + m), pick(epilogues, i + m)))),
      gemm(1, 40, 1024),
      gemm(2, 3, 8),
      gemm(65, 68, 36, 'relu'),
      gemm(9, 24, 300, 'residual'),
      conv({ h: 3, w: 5, c: 8, n: 10, k: 3, epilogue: 'scale' }),
      conv({ h: 9, w: 7, c: 16, n: 40, k: 3, stride: 2 }),
      conv({ h: 4, w: 6, c: 4, n: 7, k: 3, dilation: 2, outPad: 1 }),
    ];
    return check(
      browser(),
      specs.map((spec, i) => ({ ...spec, codes: pick(quantizations, i) })),
    );
  });

  it('does nothing for no outputs', () => check(browser(), [gemm(0, 8, 4), gemm(5, 11, 3)]));
});
