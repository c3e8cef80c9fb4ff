import type { CallReport, Manifest } from './report.ts';

/** What belongs to no layer. */
export const shared = 'shared by all layers';

/** Layers of what a run computes and what it is made of, by position. */
export interface Layers {
  readonly ofCall: (call: number) => string;
  /** of a backend's kernels: of the first call */
  readonly ofKernel: (kernel: number) => string;
  /** of the first call that reads it */
  readonly ofConstant: (constant: number) => string;
}

/**
 * The layer of a call is that of the value it computes: the module whose weight (`blocks.0.fc1.weight`) a call reads that computes
 * the same value; else of a path such as `/blocks.0/fc1/Gemm_output_0`, as exporters write scopes, all but the last part; else
 * the value's own name.
 */
export function findLayers({ calls, constants }: Pick<Manifest, 'calls' | 'constants'>): Layers {
  const layers = new Map<string, string>();
  for (const { value, constants: read } of calls) {
    const found = read.map((i) => moduleOf(constants[i]?.name ?? '')).find((module) => module !== undefined);
    if (found !== undefined && !layers.has(value)) layers.set(value, found);
  }
  const layerOf = (call: CallReport | undefined): string =>
    call ? (layers.get(call.value) ?? scopeOf(call.value)) : shared;
  const firstOfKernel = firstBy(calls, ({ kernel }) => [kernel]);
  const firstOfConstant = firstBy(calls, (call) => call.constants);
  return {
    ofCall: (call) => layerOf(calls[call]),
    ofKernel: (kernel) => layerOf(firstOfKernel.get(kernel)),
    ofConstant: (constant) => layerOf(firstOfConstant.get(constant)),
  };
}

/** The first call with each position. */
function firstBy(
  calls: readonly CallReport[],
  positionsOf: (call: CallReport) => readonly number[],
): ReadonlyMap<number, CallReport> {
  const first = new Map<number, CallReport>();
  for (const call of calls) {
    for (const position of positionsOf(call)) if (!first.has(position)) first.set(position, call);
  }
  return first;
}

const moduleOf = (constant: string): string | undefined => /^(.+?)\.weight\b/.exec(constant)?.[1];

function scopeOf(value: string): string {
  const parts = value.split('/').filter((part) => part !== '');
  return parts.length > 1 ? parts.slice(0, -1).join('/') : (parts[0] ?? value);
}
