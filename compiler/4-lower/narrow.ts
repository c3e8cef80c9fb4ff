import { binary, constant, type Expr } from '../kernel/expr.ts';
import { mapChildren } from '../kernel/traverse.ts';
import { type DType, dtypes } from '../tensor/dtype.ts';

/** Element types that targets compute in; every element takes 4 bytes. */
export type KernelDType = 'float32' | 'int32' | 'uint32' | 'bool';

export function kernelDType(dtype: DType): KernelDType {
  switch (dtypes[dtype].kind) {
    case 'float':
      return 'float32';
    case 'bool':
      return 'bool';
    case 'signed':
      return 'int32';
    case 'unsigned':
      return dtypes[dtype].bytes < 4 ? 'int32' : 'uint32';
  }
}

/** Type of a pooled constant: bool is stored as an int32 0 or 1. */
export function poolDType(dtype: DType): 'float32' | 'int32' | 'uint32' {
  const narrowed = kernelDType(dtype);
  return narrowed === 'bool' ? 'int32' : narrowed;
}

/** The same computation in kernel types: 8- and 16-bit integers wrap explicitly, 64-bit ones run in 32 bits. */
export function narrow(e: Expr, memo: Map<Expr, Expr> = new Map()): Expr {
  const known = memo.get(e);
  if (known) return known;
  const narrowed = wrap(
    e,
    retype(
      mapChildren(e, (child) => narrow(child, memo)),
      e,
    ),
  );
  memo.set(e, narrowed);
  return narrowed;
}

function retype(mapped: Expr, original: Expr): Expr {
  const dtype = kernelDType(original.dtype);
  switch (mapped.kind) {
    case 'const':
      return constant(dtype, narrowConstant(mapped.value, original.dtype));
    case 'index':
    case 'table':
      return mapped;
    case 'cast':
      return mapped.x.dtype === dtype ? mapped.x : { ...mapped, dtype };
    default:
      return { ...mapped, dtype };
  }
}

/** 64-bit constants saturate: the only ones outside 32 bits in practice are sentinels such as the largest int64. */
function narrowConstant(value: number | bigint, dtype: DType): number {
  const number = Number(value);
  if (dtypes[dtype].kind === 'float') return Math.fround(number);
  if (kernelDType(dtype) === 'uint32') return Math.min(Math.max(number, 0), 4294967295);
  return Math.min(Math.max(number, -2147483648), 2147483647);
}

const wrapping: ReadonlySet<string> = new Set(['add', 'sub', 'mul', 'shl', 'neg', 'not', 'div']);

function wrap(original: Expr, e: Expr): Expr {
  const facts = dtypes[original.dtype];
  if ((facts.kind !== 'signed' && facts.kind !== 'unsigned') || facts.bytes >= 4) return e;
  const computes =
    original.kind === 'cast' ||
    ((original.kind === 'unary' || original.kind === 'binary') && wrapping.has(original.op));
  const folds = original.kind === 'reduce' && (original.op === 'sum' || original.op === 'prod');
  if (!computes && !folds) return e;
  const bits = facts.bytes * 8;
  if (facts.kind === 'unsigned') return binary('and', e, constant('int32', 2 ** bits - 1));
  const shift = constant('int32', 32 - bits);
  return binary('shr', binary('shl', e, shift), shift);
}
