import type { Kernel } from '../kernel/nest.ts';
import type { DType } from '../tensor/dtype.ts';

/** Address of a buffer: byte offset inside the constants or inside the arena (inputs, outputs, scratch). */
export interface Location {
  readonly space: 'constants' | 'arena';
  readonly offset: number;
  readonly bytes: number;
}

export type Step =
  | {
      readonly kind: 'call';
      readonly kernel: number /** one per slot of the kernel */;
      readonly arguments: readonly Location[];
    }
  | { readonly kind: 'repeat'; readonly count: number; readonly steps: readonly Step[] };

/**
 * A public tensor. In the arena it is row-major with 4-byte elements: float32 for all float types, int32 or uint32
 * for all integers, 0 or 1 for bool. The runtime converts at this edge only.
 */
export interface Port {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly location: Location;
}

/** A piece of the constant image; what model.lcw holds as one tensor. */
export interface PoolEntry {
  readonly name: string;
  readonly dtype: 'float32' | 'int32' | 'uint32' | 'int8';
  /** of int8 only groups-of-4 (packed8 in kernel/nest.ts) */
  readonly encoding: 'row-major' | 'panels-of-8' | 'groups-of-4';
  /** byte offset in the image, a multiple of 64 */
  readonly offset: number;
  /** of the image */
  readonly bytes: Uint8Array;
  /** what model.lcw holds instead, decoded at load */
  readonly stored?: StoredEntry;
}

/** An entry in fewer bytes than the image takes. */
export interface StoredEntry {
  readonly kind: 'float16' | 'integer' | 'palette' | 'copy';
  /** for people: `int4` */
  readonly name: string;
  /** a segment as 5-emit/schema/model.fbs lays it out */
  readonly bytes: Uint8Array;
}

export interface ConstantPool {
  readonly entries: readonly PoolEntry[];
  /** bytes of the whole image */
  readonly size: number;
}

/** A buffer of the arena, and the steps between which it keeps its contents, both included: -1 is before the first. */
export interface ArenaBuffer {
  readonly name: string;
  readonly offset: number;
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

/** What a target's generator turns into code: kernels, the order of their calls, and exact memory. */
export interface Program {
  readonly name: string;
  readonly kernels: readonly Kernel[];
  readonly steps: readonly Step[];
  readonly constants: ConstantPool;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly arenaBytes: number;
  /** how the arena is used, in the order of first use; nothing is generated from it */
  readonly buffers: readonly ArenaBuffer[];
  /** multiply-adds of one run */
  readonly macs: number;
}
