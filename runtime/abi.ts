/** The only surface that generated code may call. */
export type * from './backend.ts';
export { fromBase64 } from './base64.ts';
export * from './codec.ts';
export * from './decode.ts';
export * from './error.ts';
export { hashBytes } from './hash.ts';
export * from './model.ts';
export type * from './options.ts';
export * from './wasm.ts';
export * from './webgpu.ts';
export type { WeightsDescription } from './weights.ts';
