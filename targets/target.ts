import type { DeviceProfile } from './profiles/profile.ts';

export type Backend = 'webgpu' | 'wasm';

/** What a named target emits. Generators read this; nothing else knows target names. */
export interface Target {
  readonly name: string;
  /** one line for `lcc targets` */
  readonly description: string;
  readonly backends: readonly Backend[];
  /** of the device that times are estimated for: that of a class, unless a build names one */
  readonly profile: DeviceProfile;
  readonly wasm: {
    /** modules to emit, best last; the loader probes */
    readonly modules: readonly WasmFeatures[];
    /** how the bundle gets its module: beside index.js, or imported as a module where the host compiles wasm imports */
    readonly load: 'fetch' | 'import';
  };
  /** newest ECMAScript syntax of the emitted JavaScript */
  readonly syntax: 'es2022' | 'es2017';
  /** also emit a classic script that registers a global */
  readonly classicScript: boolean;
}

/** scalar: wasm's first version. simd: 128-bit SIMD. relaxed: relaxed SIMD on top. */
export type WasmFeatures = 'scalar' | 'simd' | 'relaxed';
