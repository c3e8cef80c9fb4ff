import { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16, roundToEven } from './convert.ts';
import { elementCount, printShape, type Shape } from './shape.ts';
import { makeTensor, type Tensor } from './tensor.ts';

/** The tensor's data are float16 values. */
export interface HalfForm {
  readonly kind: 'float16';
}

/** data[i] = codes[i] * scales[i]: one signed code and one bfloat16 value per element, the same over a group. */
export interface IntegerForm {
  readonly kind: 'integer';
  readonly bits: 8 | 4;
  readonly codes: Int8Array;
  readonly scales: Float32Array;
}

/** data[i] = entries[codes[i]]: codes of `bits` bits into at most 2^bits entries. */
export interface PaletteForm {
  readonly kind: 'palette';
  readonly bits: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;
  readonly codes: Uint8Array;
  readonly entries: Float32Array;
}

/** How a bundle holds a float32 constant; `data` of the tensor are always the decoded values. */
export type Stored = HalfForm | IntegerForm | PaletteForm;

/** Bits of one code. */
export const bitsOf = (form: Stored): number => (form.kind === 'float16' ? 16 : form.bits);

/** `float16`, `int4`, `palette of 16`. */
export const printStored = (form: Stored): string => {
  switch (form.kind) {
    case 'float16':
      return 'float16';
    case 'integer':
      return `int${form.bits}`;
    case 'palette':
      return `palette of ${form.entries.length}`;
    default:
      return form satisfies never;
  }
};

/** Rounded to float16, ties to even. Left alone unless it is float32 and stays finite. */
export function storeFloat16(tensor: Tensor): Tensor {
  return storeFinite(tensor, (data) => ({
    data: data.map((v) => decodeFloat16(encodeFloat16(v))),
    stored: { kind: 'float16' },
  }));
}

/**
 * Rounded to the nearest of 2^bits - 1 levels, symmetric around zero: scale = max |w| of the group / (2^(bits-1) - 1),
 * rounded to bfloat16 before the codes are chosen (papers.md 5.5). `groups` names each element's group, from 0
 * (groups.ts). Left alone unless it is float32 and stays finite.
 */
export function storeInteger(tensor: Tensor, bits: IntegerForm['bits'], groups: Int32Array): Tensor {
  return storeFinite(tensor, (data) => {
    const limit = 2 ** (bits - 1) - 1;
    const scaleOf = groupMaxima(data, groups).map((max) => decodeBfloat16(encodeBfloat16(max / limit)));
    const scales = new Float32Array(groups.length);
    for (let i = 0; i < scales.length; i++) scales[i] = scaleOf[groups[i] ?? 0] ?? 0;
    const codes = new Int8Array(data.length);
    for (let i = 0; i < codes.length; i++) {
      const scale = scales[i] ?? 0;
      if (scale !== 0) codes[i] = Math.max(-limit, Math.min(limit, roundToEven((data[i] ?? 0) / scale)));
    }
    const stored: IntegerForm = { kind: 'integer', bits, codes, scales };
    return { data: decodeForm(stored), stored };
  });
}

/**
 * A tensor from codes found elsewhere (GPTQ, k-means). RangeError for arrays of other lengths than the shape's, codes
 * out of range, scales that are no bfloat16 values, and elements that are not finite.
 */
export function storeCodes(shape: Shape, form: IntegerForm | PaletteForm): Tensor {
  const count = elementCount(shape);
  const refuse = (what: string): never => {
    throw new RangeError(`storeCodes: ${what} for ${printStored(form)} of ${printShape(shape)}`);
  };
  if (form.codes.length !== count) refuse(`${form.codes.length} codes`);
  if (form.kind === 'integer') {
    if (form.scales.length !== count) refuse(`${form.scales.length} scales`);
    const limit = 2 ** (form.bits - 1);
    const wide = form.codes.find((code) => code < -limit || code >= limit);
    if (wide !== undefined) refuse(`code ${wide}`);
    const odd = form.scales.find((scale) => decodeBfloat16(encodeBfloat16(scale)) !== scale);
    if (odd !== undefined) refuse(`scale ${odd}, which is no bfloat16 value,`);
  } else {
    if (form.entries.length > 2 ** form.bits) refuse(`${form.entries.length} entries of ${form.bits} bits`);
    const wide = form.codes.find((code) => code >= form.entries.length);
    if (wide !== undefined) refuse(`code ${wide}`);
  }
  const data = decodeForm(form);
  const infinite = data.find((v) => !Number.isFinite(v));
  if (infinite !== undefined) refuse(`the element ${infinite}`);
  return { ...makeTensor('float32', shape, data), stored: form };
}

/**
 * A float32 tensor of elements picked from another: element i is that at `places[i]`, or 0 where the place is -1. It keeps
 * the form where that can hold zeros too: a palette without one gets one more entry.
 */
export function pickElements(tensor: Tensor, shape: Shape, places: Int32Array): Tensor {
  const pick = <T extends Float32Array | Int8Array | Uint8Array>(from: T, to: T, otherwise: number): T => {
    places.forEach((place, i) => {
      to[i] = place < 0 ? otherwise : (from[place] ?? 0);
    });
    return to;
  };
  const count = places.length;
  const { stored } = tensor;
  const data = pick(Float32Array.from(tensor.data, Number), new Float32Array(count), 0);
  const plain = makeTensor('float32', shape, data);
  if (!stored) return plain;
  switch (stored.kind) {
    case 'float16':
      return { ...plain, stored };
    case 'integer': {
      const codes = pick(stored.codes, new Int8Array(count), 0);
      return { ...plain, stored: { ...stored, codes, scales: pick(stored.scales, new Float32Array(count), 0) } };
    }
    case 'palette': {
      const found = stored.entries.indexOf(0);
      const needsZero = found < 0 && places.includes(-1);
      const entries = needsZero ? Float32Array.of(...stored.entries, 0) : stored.entries;
      const bits = paletteBits.find((size) => size >= stored.bits && 2 ** size >= entries.length);
      if (bits === undefined) return plain;
      const zero = needsZero ? stored.entries.length : found;
      return { ...plain, stored: { ...stored, bits, entries, codes: pick(stored.codes, new Uint8Array(count), zero) } };
    }
    default:
      return stored satisfies never;
  }
}

const paletteBits = [1, 2, 3, 4, 5, 6, 7, 8] as const satisfies readonly PaletteForm['bits'][];

/** The elements that codes stand for. */
export function decodeForm(form: IntegerForm | PaletteForm): Float32Array {
  const data = new Float32Array(form.codes.length);
  for (let i = 0; i < data.length; i++) {
    const code = form.codes[i] ?? 0;
    data[i] = form.kind === 'integer' ? code * (form.scales[i] ?? 0) : (form.entries[code] ?? 0);
  }
  return data;
}

/** Largest magnitude of each group. */
function groupMaxima(data: Float32Array, groups: Int32Array): number[] {
  const maxima: number[] = [];
  for (let i = 0; i < data.length; i++) {
    const group = groups[i] ?? 0;
    maxima[group] = Math.max(maxima[group] ?? 0, Math.abs(data[i] ?? 0));
  }
  return maxima;
}

function storeFinite(
  tensor: Tensor,
  store: (data: Float32Array) => { readonly data: Float32Array; readonly stored: Stored },
): Tensor {
  const isAllFinite = (data: Float32Array): boolean => data.every((v) => Number.isFinite(v));
  if (tensor.dtype !== 'float32' || !(tensor.data instanceof Float32Array) || !isAllFinite(tensor.data)) return tensor;
  const { data, stored } = store(tensor.data);
  return isAllFinite(data) ? { dtype: 'float32', shape: tensor.shape, data, stored } : tensor;
}
