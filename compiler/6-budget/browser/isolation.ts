/** Headers that isolate a page's origin, so that its clocks have their full resolution. */
export const isolation = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
} as const;
