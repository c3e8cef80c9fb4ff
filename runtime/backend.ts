import type { LoadOptions } from './options.ts';

/** A model made ready on one backend. */
export interface BackendModel {
  /**
   * One run. `inputs` are 4-byte elements in port order, which nobody changes until the promise settles; the results are
   * the outputs' elements in port order, owned by the caller. Calls may overlap. Rejects with code 'device-lost' when
   * the device is gone.
   */
  run(inputs: readonly ArrayBufferView[]): Promise<readonly ArrayBuffer[]>;
  /** Frees what the backend holds; called once. */
  dispose(): void;
}

/** Copies all checked weights to their places in the constant image (of at least the description's size). */
export type FillConstants = (image: Uint8Array) => void;

export interface BackendContext {
  readonly options: LoadOptions;
  /** The backend was asked for by name: software adapters will do. */
  readonly forced: boolean;
  /** Settles when the weights are read and checked; download and compilation overlap. */
  readonly constants: Promise<FillConstants>;
  /** To be called at most once, when the device is lost for a reason other than `dispose`. */
  onLost(reason: string): void;
}

/** Rejects with LccRuntimeError 'unsupported' where the host cannot run this backend. */
export type OpenBackend = (context: BackendContext) => Promise<BackendModel>;
