import type { DType } from '../tensor/dtype.ts';
import type { Expr, ReduceOp } from './expr.ts';
import type { Axis, Index } from './index-expr.ts';
import type { Quantization } from './quantization.ts';

/**
 * What executors run. Element types in kernels handed to targets are float32, int32, uint32 and bool only; bool is
 * stored as a 32-bit 0 or 1, so every element of every buffer takes 4 bytes. The evaluator runs all types.
 */
export type Kernel = NestKernel | ContractionKernel;

/** One buffer parameter. Base addresses are given with each call, so equal shapes share one kernel. */
export interface Slot {
  readonly name: string;
  readonly dtype: DType;
  readonly access: 'read' | 'write';
}

export interface NestKernel {
  readonly kind: 'nest';
  /** op and shapes, readable, deterministic */
  readonly name: string;
  readonly slots: readonly Slot[];
  readonly body: readonly Stmt[];
}

export type Stmt = LoopStmt | ReduceStmt | LetStmt | StoreStmt;

/** Iterations are independent of each other. Directly nested loops are in the order of the store's strides, largest outermost. */
export interface LoopStmt {
  readonly kind: 'loop';
  readonly axis: Axis;
  readonly body: readonly Stmt[];
}

/** One traversal of `axes`, outermost first, that folds several values. Bodies see earlier locals and `axes`. */
export interface ReduceStmt {
  readonly kind: 'reduce';
  readonly axes: readonly Axis[];
  readonly folds: readonly {
    readonly name: string;
    readonly dtype: DType;
    readonly op: ReduceOp;
    readonly body: Expr;
  }[];
}

export interface LetStmt {
  readonly kind: 'let';
  readonly name: string;
  readonly value: Expr;
}

export interface StoreStmt {
  readonly kind: 'store';
  readonly slot: number;
  readonly offset: Index;
  readonly value: Expr;
}

/**
 * out[batch, m, n] = epilogue(bias[n] + sum over k of A[batch, m, k] * B[batch, k, n]), float32.
 *
 * Slot 0 is the output, slot 1 is A, slot 2 is B; the epilogue may fetch from the others.
 * `a.offset` and `store.offset` are affine. Axes are listed outermost first; any list but n may be empty.
 *
 * dense: A does not depend on n. channelwise (depthwise convolution): A depends on n with stride 1 and on m and k.
 *
 * Packed B (panels of 8, the last zero-padded), per batch index: ceil(N/8) panels, each [bias 8][k0: 8][k1: 8]...,
 * k running over `k` axes, last axis fastest. `batchStride` is in elements, 0 when B is shared by all batches; batch
 * axes count row-major over `batch`. Live B is fetched at an affine offset over batch, k and n, and has no bias.
 *
 * packed8: int8 codes, and A is quantised to codes on the way in, so that sums are integers, held as float32 in the
 * epilogue. Slot 2 is of type int32, four codes in a word. Panels of 8 columns without a bias row, k in groups of four:
 * [k / 4][column 8][k % 4], the lowest byte first. A is contiguous along the last k axis, which zero codes fill up to a
 * multiple of 4 (whole-groups.ts).
 */
export interface ContractionKernel {
  readonly kind: 'contraction';
  readonly form: 'dense' | 'channelwise';
  readonly name: string;
  readonly slots: readonly Slot[];
  readonly batch: readonly Axis[];
  readonly m: readonly Axis[];
  readonly n: Axis;
  readonly k: readonly Axis[];
  readonly a: { readonly offset: Index };
  readonly b:
    | { readonly kind: 'packed'; readonly batchStride: number }
    | PackedCodes
    | LiveCodes
    | { readonly kind: 'live'; readonly offset: Index };
  readonly store: { readonly offset: Index };
  /** Reads the sum as the local `acc`. */
  readonly epilogue: Expr;
}

/** Both operands are quantised on the way in, A as centred codes and B as signed ones (quantization.ts). */
export interface LiveCodes {
  readonly kind: 'live8';
  readonly offset: Index;
  readonly quantizationOfA: Quantization;
  /** codes of B per unit */
  readonly inverseScaleOfB: number;
}

export interface PackedCodes {
  readonly kind: 'packed8';
  readonly batchStride: number;
  readonly quantizationOfA: Quantization;
  /** How many neighbouring groups of k may be summed in 16 bits, whatever A is: see 4-lower/pack-codes.ts. */
  readonly groupsIn16Bits: 1 | 2 | 4;
}

export const panelWidth = 8;
export const accLocal = 'acc';
