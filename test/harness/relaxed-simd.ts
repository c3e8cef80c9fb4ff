/** One function with f32x4.relaxed_madd of three splat constants. */
const probe = Uint8Array.of(
  ...[
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0, 65, 1, 253, 15, 65, 2, 253, 15,
  ],
  ...[65, 3, 253, 15, 253, 133, 2, 11],
);

/** Whether this process runs relaxed SIMD; V8 before version 11.4 needs its flag set first. */
export const hasRelaxedSimd = (): boolean => WebAssembly.validate(probe);
