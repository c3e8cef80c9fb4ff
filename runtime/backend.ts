import type { LoadOptions } from './options.ts';

/** A model made ready on one backend. */
export interface BackendModel {
  /**
   * One run. `inputs` are 4-byte elements in port order, which nobody changes until the promise settles; `read` is called
   * once per output, in port order, before that. Calls may overlap. Rejects with code 'device-lost' when the device is
   * gone.
   */
  run(inputs: readonly ArrayBufferView[], read: ReadOutput): Promise<void>;
  /** Frees what the backend holds; called once. */
  dispose(): void;
}

/** Takes an output's elements, which lie in `memory` from `offset` on only until it returns. */
export type ReadOutput = (output: number, memory: ArrayBuffer, offset: number, bytes: number) => void;

/** Hash of a part of the constant image: what hash.ts computes of it. */
export type HashImage = (address: number, bytes: number) => readonly [low: number, high: number];

/**
 * Copies all weights to their places in the constant image (of at least the description's size), checks them there by
 * `hash`, or else in the file, and decodes those that are stored small. Throws LccRuntimeError 'damaged'.
 */
export type FillConstants = (image: Uint8Array, hash?: HashImage) => void;

export interface BackendContext {
  readonly options: LoadOptions;
  /** The backend was asked for by name: software adapters will do. */
  readonly forced: boolean;
  /** Settles when the weights are read; download and compilation overlap. */
  readonly constants: Promise<FillConstants>;
  /** To be called at most once, when the device is lost for a reason other than `dispose`. */
  onLost(reason: string): void;
}

/** Rejects with LccRuntimeError 'unsupported' where the host cannot run this backend. */
export type OpenBackend = (context: BackendContext) => Promise<BackendModel>;
