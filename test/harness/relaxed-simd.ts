import { setFlagsFromString } from 'node:v8';

/** One function with f32x4.relaxed_madd of three splat constants. */
const probe = Uint8Array.of(
  ...[
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0, 65, 1, 253, 15, 65, 2, 253, 15,
  ],
  ...[65, 3, 253, 15, 253, 133, 2, 11],
);

/** Whether this process runs relaxed SIMD; V8 before version 11.4 needs its flag set first. */
export const hasRelaxedSimd = (): boolean => WebAssembly.validate(probe);

/**
 * Turns relaxed SIMD on for what this process compiles from now on, without V8's baseline compiler: in version 11.3
 * (Node 20) that one adds a relaxed dot product to itself instead of to the sum.
 */
export function allowRelaxedDots(): void {
  setFlagsFromString('--experimental-wasm-relaxed-simd');
  setFlagsFromString('--no-liftoff');
}
