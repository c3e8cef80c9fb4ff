import { ingest } from '../diagnostics/index.ts';
import { tensorOf } from '../tensor/convert.ts';
import { type DType, dtypes } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Bindings, type DeclaredType, printDeclared } from './bind.ts';

/** Inputs fixed at build time: plain numbers take the dtype and shape that the model declares. */
export type ConstantBindings = Readonly<Record<string, Tensor | readonly number[]>>;

/**
 * Tensors for all constant bindings; an input of no tensor type is undefined. A single unbound dimension is as long as the numbers last; without a declared rank
 * one number is a scalar, more are a vector. @throws LccError LCC1014, LCC1015
 */
export function typeConstants(
  inputs: ReadonlyMap<string, DeclaredType | undefined>,
  constants: ConstantBindings,
  bindings: Pick<Bindings, 'dims' | 'shapes'>,
  file: string | undefined,
): Record<string, Tensor> {
  const typed = Object.entries(constants).map(([name, value]) => {
    if (!isNumbers(value)) return [name, value] as const;
    if (!inputs.has(name)) throw ingest.unknownBinding(file, '--const', name, [...inputs.keys()]);
    const type = inputs.get(name);
    const dtype = type?.dtype;
    const shape = type && (bindings.shapes?.[name] ?? shapeFor(type, value.length, bindings.dims ?? {}));
    if (dtype === undefined || shape === undefined || !value.every((number) => isElement(number, dtype))) {
      throw ingest.misfitBinding(file, '--const', name, value.join(','), type ? printDeclared(type) : 'no tensor');
    }
    if (shape.reduce((product, size) => product * size, 1) !== value.length) {
      throw ingest.misfitBinding(file, '--const', name, `${value.length} numbers`, `[${shape.join(',')}]`);
    }
    return [name, tensorOf(dtype, shape, value)] as const;
  });
  return Object.fromEntries(typed);
}

const isNumbers = (value: Tensor | readonly number[]): value is readonly number[] => Array.isArray(value);

/** Undefined when the numbers cannot fill the declared shape. */
function shapeFor(
  { dims }: DeclaredType,
  count: number,
  sizes: Readonly<Record<string, number>>,
): readonly number[] | undefined {
  if (dims === undefined) return count === 1 ? [] : [count];
  const known = dims.map((d) => (typeof d === 'string' ? sizes[d] : d));
  const product = known.reduce<number>((sum, size) => sum * (size ?? 1), 1);
  const missing = known.filter((size) => size === undefined).length;
  if (missing > 1 || (missing === 1 && (product === 0 || count % product !== 0))) return undefined;
  return known.map((size) => size ?? count / product);
}

function isElement(number: number, dtype: DType): boolean {
  const { kind, bytes } = dtypes[dtype];
  if (kind === 'float') return true;
  if (kind === 'bool') return number === 0 || number === 1;
  const bits = 8 * bytes;
  const [low, high] = kind === 'signed' ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
  return Number.isInteger(number) && number >= low && number <= high;
}
