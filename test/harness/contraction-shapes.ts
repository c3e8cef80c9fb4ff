import type { CaseSpec } from './contraction-case.ts';

/** A [m, k] by a packed [k, n]. */
export const gemm = (m: number, n: number, k: number, epilogue: CaseSpec['epilogue'] = 'none'): CaseSpec => ({
  m: { extents: [m], a: [k], store: [n] },
  n,
  k: { extents: [k], a: [1] },
  epilogue,
});

export interface ConvSpec {
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly n: number;
  readonly k: number;
  readonly stride?: number;
  readonly dilation?: number;
  readonly outPad?: number;
  readonly epilogue?: CaseSpec['epilogue'];
  readonly form?: CaseSpec['form'];
}

/** h x w outputs from a padded NHWC input into an output with its own padding. */
export function conv(spec: ConvSpec): CaseSpec {
  const { h, w, c, n, k, stride = 1, dilation = 1, outPad = 0, epilogue = 'none', form = 'dense' } = spec;
  const inW = (w - 1) * stride + (k - 1) * dilation + 1;
  const outRow = (w + 2 * outPad) * n;
  const taps = { extents: [k, k], a: [dilation * inW * c, dilation * c] };
  return {
    form,
    m: { extents: [h, w], a: [stride * inW * c, stride * c], store: [outRow, n] },
    n,
    k: form === 'dense' ? { extents: [...taps.extents, c], a: [...taps.a, 1] } : taps,
    storeStart: outPad * outRow + outPad * n,
    epilogue,
  };
}

export const depthwise = (spec: Omit<ConvSpec, 'n' | 'form'>): CaseSpec =>
  conv({ ...spec, n: spec.c, form: 'channelwise' });

/** The same with its outputs channel by channel, one element between channels. */
export function planar(spec: CaseSpec): CaseSpec {
  const [h = 1, w = 1] = spec.m?.extents ?? [];
  return { ...spec, m: { ...spec.m, extents: [h, w], store: [w, 1] }, storeStart: 0, storeN: h * w + 1 };
}

/** Two products of A [m, k] with a live B, either [k, n] or [n, k]. */
export const live = (
  m: number,
  n: number,
  k: number,
  isTransposed: boolean,
  epilogue: CaseSpec['epilogue'] = 'none',
): CaseSpec => ({
  batch: { extents: [2], a: [m * k], b: [n * k], store: [m * n] },
  m: { extents: [m], a: [k], store: [n] },
  n,
  k: { extents: [k], a: [1], b: [isTransposed ? 1 : n] },
  liveN: isTransposed ? k : 1,
  epilogue,
});
