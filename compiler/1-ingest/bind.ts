import { ingest } from '../diagnostics/index.ts';
import type { DType } from '../tensor/dtype.ts';
import { type Dim, dim, sizesOf } from '../tensor/shape.ts';
import { printType, type Tensor, type TensorType } from '../tensor/tensor.ts';

/** What the user fixes about a model's inputs. */
export interface Bindings {
  /** sizes of symbolic dimensions by name */
  readonly dims?: Readonly<Record<string, number>> | undefined;
  /** whole shape of an input by its name */
  readonly shapes?: Readonly<Record<string, readonly number[]>> | undefined;
  /** inputs that become constants */
  readonly constants?: Readonly<Record<string, Tensor>> | undefined;
}

export interface BoundInputs {
  readonly types: ReadonlyMap<string, TensorType>;
  readonly notes: readonly string[];
}

/** A size, a symbol, or undefined when nothing is known. */
export type DeclaredDim = number | string | undefined;

/** The tensor type that a model file gives an input or a value. */
export interface DeclaredType {
  /** as the file names it */
  readonly elementType: string;
  /** undefined: lcc has none for it */
  readonly dtype: DType | undefined;
  /** undefined: even the rank is unknown */
  readonly dims: readonly DeclaredDim[] | undefined;
}

export const printDeclared = ({ elementType, dims }: DeclaredType): string =>
  `${elementType}${dims === undefined ? '' : `[${dims.map((d) => d ?? '?').join(',')}]`}`;

/** Whether a value of `type` may be declared so: names and unknowns fit any size. */
export const isDeclaredAs = (type: TensorType, { dtype, dims }: DeclaredType): boolean =>
  dtype === type.dtype &&
  (dims === undefined ||
    (dims.length === type.shape.length && dims.every((d, i) => typeof d !== 'number' || d === type.shape[i]?.size)));

/**
 * Types of the inputs with every dimension bound: by shape, by constant, by name; a free first dimension becomes 1 with a
 * note. @throws LccError LCC1004 listing all that stay free, LCC1014 and LCC1015 for bindings that do not fit
 */
export function bindInputs(
  declared: ReadonlyMap<string, DeclaredType>,
  bindings: Bindings,
  file: string | undefined,
): BoundInputs {
  const sizes = new SymbolTable(file);
  const known = [...new Set([...declared.values()].flatMap((d) => d.dims ?? []))].filter((d) => typeof d === 'string');
  for (const [symbol, size] of Object.entries(bindings.dims ?? {})) {
    if (!known.includes(symbol)) throw ingest.unknownBinding(file, '--dim', symbol, known);
    sizes.bind(symbol, size, '--dim');
  }
  const given = new Map<string, readonly number[]>();
  const take = (option: string, name: string, shape: readonly number[]) => {
    const type = declared.get(name);
    if (type === undefined) throw ingest.unknownBinding(file, option, name, [...declared.keys()]);
    requireFit(file, option, name, shape, type);
    for (const [i, d] of (type.dims ?? []).entries()) if (typeof d === 'string') sizes.bind(d, shape[i] ?? 0, option);
    given.set(name, shape);
  };
  for (const [name, shape] of Object.entries(bindings.shapes ?? {})) take('--shape', name, shape);
  for (const [name, tensor] of Object.entries(bindings.constants ?? {})) {
    take('--const', name, sizesOf(tensor.shape));
    const type = declared.get(name);
    if (type !== undefined && type.dtype !== tensor.dtype) {
      throw ingest.misfitBinding(file, '--const', name, printType(tensor), printDeclared(type));
    }
  }
  const notes = bindBatch(declared, given, sizes);
  return { types: bindAll(declared, given, sizes, file), notes };
}

function requireFit(
  file: string | undefined,
  option: string,
  name: string,
  shape: readonly number[],
  type: DeclaredType,
): void {
  const fits = type.dims === undefined || type.dims.length === shape.length;
  const agrees = type.dims?.every((d, i) => typeof d !== 'number' || d === shape[i]) ?? true;
  if (fits && agrees && shape.every(isSize)) return;
  throw ingest.misfitBinding(file, option, name, `[${shape.join(',')}]`, printDeclared(type));
}

const isSize = (size: number): boolean => Number.isSafeInteger(size) && size >= 0;

/** Sizes of symbols; two different ones for a symbol are refused. */
class SymbolTable {
  readonly #sizes = new Map<string, number>();
  readonly #file: string | undefined;

  constructor(file: string | undefined) {
    this.#file = file;
  }

  bind(symbol: string, size: number, option: string): void {
    const before = this.#sizes.get(symbol);
    if (!isSize(size)) throw ingest.misfitBinding(this.#file, option, symbol, String(size), 'a size');
    if (before !== undefined && before !== size) {
      throw ingest.misfitBinding(this.#file, option, symbol, String(size), `${before}, given before`);
    }
    this.#sizes.set(symbol, size);
  }

  size(d: DeclaredDim): number | undefined {
    return typeof d === 'string' ? this.#sizes.get(d) : d;
  }
}

/** Free first dimensions count as batches, and become 1: unnamed ones, and symbols that are nothing but first dimensions. */
function bindBatch(
  declared: ReadonlyMap<string, DeclaredType>,
  given: ReadonlyMap<string, readonly number[]>,
  sizes: SymbolTable,
): string[] {
  const notes: string[] = [];
  const later = new Set([...declared.values()].flatMap(({ dims }) => dims?.slice(1) ?? []));
  for (const [name, { dims }] of declared) {
    if (dims === undefined || dims.length === 0 || given.has(name)) continue;
    const batch = dims[0];
    if (sizes.size(batch) !== undefined || (batch !== undefined && later.has(batch))) continue;
    if (typeof batch === 'string') sizes.bind(batch, 1, '--dim');
    notes.push(
      `batch dimension ${batch === undefined ? '' : `"${batch}" `}of input "${name}" is 1; --dim or --shape changes it`,
    );
  }
  return notes;
}

function bindAll(
  declared: ReadonlyMap<string, DeclaredType>,
  given: ReadonlyMap<string, readonly number[]>,
  sizes: SymbolTable,
  file: string | undefined,
): Map<string, TensorType> {
  const types = new Map<string, TensorType>();
  const free: string[] = [];
  for (const [name, type] of declared) {
    const { dtype } = type;
    const shape = given.get(name);
    const dims = type.dims ?? shape;
    if (dtype === undefined) continue;
    if (dims === undefined) {
      free.push(`input "${name}": its whole shape`);
      continue;
    }
    const missing: string[] = [];
    const bound = dims.map((d, i): Dim => {
      const size = shape?.[i] ?? sizes.size(d) ?? (d === undefined && i === 0 ? 1 : undefined);
      if (size === undefined) missing.push(typeof d === 'string' ? d : `dimension ${i}, which has no name`);
      return dim(size ?? 0, typeof d === 'string' ? d : undefined);
    });
    if (missing.length > 0)
      free.push(`input "${name}" [${dims.map((d) => d ?? '?').join(', ')}]: ${missing.join(', ')}`);
    types.set(name, { dtype, shape: bound });
  }
  if (free.length > 0) throw ingest.unboundDimensions(file, free);
  return types;
}
