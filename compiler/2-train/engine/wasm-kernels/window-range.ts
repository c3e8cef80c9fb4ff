/** Positions `from` to `to` (exclusive) of a window. */
export interface WindowRange {
  readonly from: number;
  readonly to: number;
}

/** Those o of 0 .. count-1 for which o * stride + offset lies in 0 .. extent-1. */
export function windowRange(count: number, extent: number, stride: number, offset: number): WindowRange {
  const from = Math.max(0, Math.ceil(-offset / stride));
  return { from, to: Math.max(from, Math.min(count, Math.floor((extent - 1 - offset) / stride) + 1)) };
}
