// conv, compiled by lcc for embedded-wasm.
/** What a run takes: every input, by its name in the model file. */
export interface Feeds {
  /** float32[1,2,6,6] */
  'input.1': Float32Array;
}

/** What a run gives: fresh arrays, by their names in the model file. */
export interface Results {
  /** float32[1,3] */
  '7': Float32Array;
  /** int64[1] */
  'best class': Int32Array;
}

/** Reads weights and code and makes the model ready to run. Rejects with LccRuntimeError. */
export declare function load(options?: LoadOptions): Promise<Model>;
export interface Model {
  /** which backend runs now */
  readonly backend: 'webgpu' | 'wasm';
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /**
   * One array per input, by name; the results are fresh, but for those that `results` gives arrays to fill: loops over
   * frames need no memory then. Calls may overlap.
   */
  run(
    feeds: Feeds,
    results?: Partial<Results>,
  ): Promise<Results>;
  dispose(): void;
}

export interface Port {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

export type DType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'bool';
export interface LoadOptions {
  /** 'auto' (the default) takes WebGPU where it is there and the model is worth it, else wasm. */
  readonly backend?: 'auto' | 'webgpu' | 'wasm';
  /** Instead of model.lcw beside index.js. */
  readonly weights?: Source;
  /** Instead of the module beside index.js; taken as it is, no probe. */
  readonly wasm?: Source | WebAssembly.Module;
  /** A GPUDevice to share; it stays open on `dispose`. Loosely typed, so that bundles need no WebGPU types. */
  readonly device?: object;
  /** Bytes of weights read so far, and in all. */
  readonly onProgress?: (loaded: number, total: number) => void;
  /** 'auto' went to wasm, at load or after the device was lost; says why. */
  readonly onFallback?: (reason: string) => void;
  readonly signal?: AbortSignal;
}

/** Bytes, or where to read them: in browsers what `fetch` takes, in Node a path or a file: or http(s): URL. */
export type Source = URL | string | ArrayBuffer | ArrayBufferView;
export type RuntimeErrorCode =
  /** a feed has no such input, or an input has no feed */
  | 'name'
  /** a feed's array class does not fit the input's dtype */
  | 'dtype'
  /** a feed's length does not fit the input's shape */
  | 'length'
  /** a 64-bit integer that does not fit 32 bits */
  | 'range'
  | 'disposed'
  /** the weights file is not what its hashes say */
  | 'damaged'
  /** the weights file is whole but of another build */
  | 'mismatched'
  | 'aborted'
  /** a file of the bundle could not be read */
  | 'fetch'
  /** the host lacks what the model needs, or the bundle the backend that was asked for */
  | 'unsupported'
  | 'device-lost';

/** What `load` and `run` reject with; `code` is stable. */
export declare class LccRuntimeError extends Error {
  readonly code: RuntimeErrorCode;
}
