import * as tf from '@tensorflow/tfjs';

export type TensorInfo = tf.TensorInfo;
export type Heap = Float32Array | Int32Array | Uint8Array;

/** What kernels use of tfjs's wasm backend; its own types leave out what its module exports. */
export interface WasmBackend {
  readonly wasm: {
    readonly asm: { readonly memory: WebAssembly.Memory };
    readonly tfjs: { disposeData(id: number): void };
    cwrap(name: string, result: null, parameters: readonly string[]): (...values: unknown[]) => void;
  };
  readonly dataIdMap: {
    get(dataId: object): { readonly id: number; readonly memoryOffset: number };
    delete(dataId: object): boolean;
  };
  makeOutput(shape: readonly number[], dtype: string, memoryOffset?: number): TensorInfo;
  disposeData(dataId: object): boolean;
  incRef(dataId: object): void;
  typedArrayFromHeap(x: TensorInfo): Heap;
}

export interface Call<Names extends string, Attributes> {
  readonly inputs: Readonly<Record<Names, TensorInfo>>;
  readonly attrs: Attributes;
  readonly backend: WasmBackend;
}

/** tfjs's own kernel on the same call, or with some inputs or attributes replaced. */
export type Native = (inputs?: Readonly<Record<string, TensorInfo>>, attrs?: object) => TensorInfo;

/**
 * A kernel of the wasm backend, new or in place of one of tfjs. It calls other kernels as functions (`runKernel`), never
 * as tfjs operations: what it makes on the way is in no scope and on no tape, and it gives back all but its result.
 */
export interface WasmKernel {
  readonly name: string;
  readonly compute: (call: Call<string, object>, native: Native) => TensorInfo;
}

/** `compute` may ask for what tfjs's own kernel answers to the same call. */
export const makeKernel = <Names extends string, Attributes extends object = object>(
  name: string,
  compute: (call: Call<Names, Attributes>, native: Native) => TensorInfo,
): WasmKernel => ({ name, compute: compute as WasmKernel['compute'] });

/** The result of a registered kernel of one output. */
export function runKernel(
  backend: WasmBackend,
  name: string,
  inputs: Readonly<Record<string, TensorInfo>>,
  attrs: object = {},
): TensorInfo {
  const kernel = tf.getKernel(name, 'wasm');
  if (!kernel) throw new Error(`internal: tfjs has no wasm kernel ${name}`);
  return requireOne(kernel.kernelFunc({ inputs: { ...inputs }, attrs: { ...attrs }, backend }));
}

export function requireOne(result: TensorInfo | TensorInfo[]): TensorInfo {
  if (Array.isArray(result)) throw new Error('internal: a kernel of one output was expected');
  return result;
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((size, extent) => size * extent, 1);

/** The same values in another shape; owns nothing. */
export const withShape = ({ dataId, dtype }: TensorInfo, shape: readonly number[]): TensorInfo => ({
  dataId,
  dtype,
  shape: [...shape],
});

/** A second owner of the same values. */
export function share(backend: WasmBackend, x: TensorInfo, shape: readonly number[]): TensorInfo {
  backend.incRef(x.dataId);
  return withShape(x, shape);
}

/** The elements of a float32 tensor, valid until the next allocation. */
export const floatsOf = (backend: WasmBackend, x: TensorInfo): Float32Array =>
  new Float32Array(backend.wasm.asm.memory.buffer, offsetOf(backend, x), sizeOf(x.shape));

/** All memory as float32, for copies within it; valid until the next allocation. */
export const memoryOf = (backend: WasmBackend): Float32Array => new Float32Array(backend.wasm.asm.memory.buffer);

/** Byte address. */
export const offsetOf = (backend: WasmBackend, x: TensorInfo): number => backend.dataIdMap.get(x.dataId).memoryOffset;

const idOf = (backend: WasmBackend, x: TensorInfo): number => backend.dataIdMap.get(x.dataId).id;

export function makeZeros(backend: WasmBackend, shape: readonly number[]): TensorInfo {
  const zeros = backend.makeOutput(shape, 'float32');
  floatsOf(backend, zeros).fill(0);
  return zeros;
}

/** Part of float32 `x` from element `start`, without a copy: to be forgotten, not disposed of, before `x` is. */
export const viewOf = (backend: WasmBackend, x: TensorInfo, start: number, shape: readonly number[]): TensorInfo =>
  backend.makeOutput(shape, 'float32', offsetOf(backend, x) + 4 * start);

/** Ends a view, and with it what the backend has packed of it; the memory stays. */
export function forget(backend: WasmBackend, view: TensorInfo): void {
  backend.wasm.tfjs.disposeData(idOf(backend, view));
  backend.dataIdMap.delete(view.dataId);
}
