/** Bytes, or where to read them: in browsers what `fetch` takes, in Node a path or a file: or http(s): URL. */
export type Source = URL | string | ArrayBuffer | ArrayBufferView;

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
