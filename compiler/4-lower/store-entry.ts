import { bug } from '../diagnostics/index.ts';
import type { StoredEntry } from '../ir/program.ts';
import { panelWidth } from '../kernel/nest.ts';
import { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from '../tensor/convert.ts';
import { sizesOf } from '../tensor/shape.ts';
import { type HalfForm, type IntegerForm, type PaletteForm, printStored, type Stored } from '../tensor/stored.ts';
import type { Tensor } from '../tensor/tensor.ts';

/**
 * The image of an entry as panels, one after another: `head` rows stored as they are (a bias), then `rows` rows of
 * `width` elements. Of every ceil(columns / width) panels the last is zero from its last column on.
 */
export interface PanelGrid {
  readonly panels: number;
  readonly rows: number;
  readonly columns: number;
  readonly width: number;
  readonly head: number;
}

/** Panels of 8 columns below their bias rows, as pack.ts makes them. */
export const packedGrid = (image: Float32Array, columns: number, rows: number): PanelGrid => ({
  panels: image.length / panelWidth / (rows + 1),
  rows,
  columns,
  width: panelWidth,
  head: 1,
});

/** A row-major tensor: a panel of one column for each index of axis 0, so that scales may differ there. */
export function rowMajorGrid(tensor: Tensor): PanelGrid {
  const [first = 1, ...rest] = sizesOf(tensor.shape);
  const panels = rest.length === 0 ? 1 : first;
  return { panels, rows: tensor.data.length / panels, columns: panels, width: 1, head: 0 };
}

/** Smaller constants stay as they are. */
const fewestElements = 64;

/**
 * How model.lcw holds `image`, made of `tensor` by `place`, which moves other values of its elements likewise.
 * Undefined where the tensor has no stored form, or that would not be smaller.
 */
export function storeEntry(
  tensor: Tensor,
  image: Float32Array,
  grid: PanelGrid,
  place: (values: Float32Array) => Float32Array = (values) => values,
): StoredEntry | undefined {
  const { stored } = tensor;
  if (!stored || tensor.data.length < fewestElements) return undefined;
  const body = (values: ArrayLike<number>): Float32Array => bodyOf(place(Float32Array.from(values)), grid);
  const wanted = bodyOf(image, grid);
  const parts = ((): SegmentParts | undefined => {
    switch (stored.kind) {
      case 'float16':
        return storeHalves(stored, wanted);
      case 'integer':
        return storeIntegers(stored, grid, body(stored.codes), body(stored.scales), wanted);
      case 'palette':
        return storePalette(stored, grid, body(stored.codes), wanted);
      default:
        return stored satisfies never;
    }
  })();
  return parts && entryOf(stored, image, grid, parts);
}

/** The image as float16, where each element is one: nothing is lost. */
export function storeExactHalves(image: Float32Array, grid: PanelGrid): StoredEntry | undefined {
  if (image.length < fewestElements) return undefined;
  const wanted = bodyOf(image, grid);
  if (!isHalves(wanted)) return undefined;
  return entryOf({ kind: 'float16' }, image, grid, storeHalves({ kind: 'float16' }, wanted));
}

/** Whether each element is a finite float16; the normal ones are told by their bits, which is quicker. */
function isHalves(values: Float32Array): boolean {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return bits.every((b, i) => {
    const exponent = ((b >>> 23) & 255) - 127;
    if ((b & 0x1fff) === 0 && exponent >= -14 && exponent <= 15) return true;
    const v = values[i] ?? 0;
    return Number.isFinite(v) && v === decodeFloat16(encodeFloat16(v));
  });
}

function entryOf(form: Stored, image: Float32Array, grid: PanelGrid, parts: SegmentParts): StoredEntry | undefined {
  const { panels, rows, columns, width, head } = grid;
  const bytes = joinBytes([
    Uint32Array.of(parts.bits, panels, rows, columns, width, head, parts.table),
    headsOf(image, grid),
    ...parts.arrays,
  ]);
  return bytes.length < image.byteLength ? { kind: form.kind, name: printStored(form), bytes } : undefined;
}

interface SegmentParts {
  /** of a field: a power of two */
  readonly bits: number;
  /** runs of rows that share scales, or entries of the palette */
  readonly table: number;
  readonly arrays: readonly ArrayBufferView[];
}

const panelSizes = ({ rows, width, head }: PanelGrid) => ({ body: rows * width, head: head * width });

function bodyOf(image: Float32Array, grid: PanelGrid): Float32Array {
  const { body, head } = panelSizes(grid);
  if (head === 0) return image;
  const found = new Float32Array(grid.panels * body);
  for (let p = 0; p < grid.panels; p++) {
    const start = p * (head + body) + head;
    found.set(image.subarray(start, start + body), p * body);
  }
  return found;
}

function headsOf(image: Float32Array, grid: PanelGrid): Float32Array {
  const { body, head } = panelSizes(grid);
  const found = new Float32Array(grid.panels * head);
  for (let p = 0; p < grid.panels; p++) {
    const start = p * (head + body);
    found.set(image.subarray(start, start + head), p * head);
  }
  return found;
}

const lies = (form: IntegerForm | PaletteForm | HalfForm) =>
  bug(`a constant is not what its ${printStored(form)} says`);

/** Low bytes, then high bytes: each half compresses better by itself. */
function storeHalves(form: HalfForm, wanted: Float32Array): SegmentParts {
  const halves = Uint16Array.from(wanted, encodeFloat16);
  if (!wanted.every((v, i) => v === decodeFloat16(halves[i] ?? 0))) throw lies(form);
  const arrays = [Uint8Array.from(halves, (bits) => bits & 255), Uint8Array.from(halves, (bits) => bits >> 8)];
  return { bits: 16, table: 0, arrays };
}

/**
 * Runs of rows that share scales, the scales of each panel, group of rows and column, the codes. Rows of one group need not
 * be neighbours: where channels are read innermost that a flattened image has outermost, groups lie scattered.
 */
function storeIntegers(
  form: IntegerForm,
  grid: PanelGrid,
  codes: Float32Array,
  scales: Float32Array,
  wanted: Float32Array,
): SegmentParts | undefined {
  if (!wanted.every((v, i) => v === (codes[i] ?? 0) * (scales[i] ?? 0))) throw lies(form);
  const { panels, rows, width } = grid;
  const { groups, examples } = groupRows(grid, scales);
  if (examples.length > mostGroups) return undefined;
  const runs = Uint32Array.from(runsOf(groups), ({ group, length }) => group * 2 ** 16 + length);
  const groupScales = new Float32Array(panels * examples.length * width);
  let end = 0;
  for (let p = 0; p < panels; p++) {
    for (const row of examples)
      for (let c = 0; c < width; c++) groupScales[end++] = scales[(p * rows + row) * width + c] ?? 0;
  }
  const narrow = Uint16Array.from(groupScales, encodeBfloat16);
  if (!groupScales.every((v, i) => v === decodeBfloat16(narrow[i] ?? 0))) throw lies(form);
  return { bits: form.bits, table: runs.length, arrays: [runs, narrow, packFields(codes, form.bits)] };
}

/** A run is a group and a length, of 16 bits each. */
const mostGroups = 2 ** 16;
const longestRun = 2 ** 16 - 1;

/** The group of each row, counted from 0 as they come: rows whose scales are the same in every column; the first of each. */
function groupRows({ panels, rows, width }: PanelGrid, scales: Float32Array) {
  const bits = new Uint32Array(scales.buffer, scales.byteOffset, scales.length);
  const at = (panel: number, row: number, column: number): number => (panel * rows + row) * width + column;
  const isSame = (a: number, b: number): boolean => {
    for (let p = 0; p < panels; p++)
      for (let c = 0; c < width; c++) if (bits[at(p, a, c)] !== bits[at(p, b, c)]) return false;
    return true;
  };
  const examples: number[] = [];
  const known = new Map<number, number[]>();
  const groups = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    if (row > 0 && isSame(row, row - 1)) {
      groups[row] = groups[row - 1] ?? 0;
      continue;
    }
    let hash = 0;
    for (let p = 0; p < panels; p++)
      for (let c = 0; c < width; c++) hash = (Math.imul(hash, 31) + (bits[at(p, row, c)] ?? 0)) | 0;
    const alike = known.get(hash) ?? [];
    let group = alike.find((one) => isSame(row, examples[one] ?? -1));
    if (group === undefined) {
      group = examples.length;
      examples.push(row);
      known.set(hash, [...alike, group]);
    }
    groups[row] = group;
  }
  return { groups, examples };
}

function runsOf(groups: Int32Array): { readonly group: number; readonly length: number }[] {
  const runs: { group: number; length: number }[] = [];
  for (const group of groups) {
    const last = runs.at(-1);
    if (last?.group === group && last.length < longestRun) last.length++;
    else runs.push({ group, length: 1 });
  }
  return runs;
}

/** The entries, then the codes in the smallest fields that divide a byte: odd ones would hide them from compressors. */
function storePalette(form: PaletteForm, grid: PanelGrid, codes: Float32Array, wanted: Float32Array): SegmentParts {
  const { entries } = form;
  const perBatch = Math.ceil(grid.columns / grid.width);
  const isPadding = (i: number): boolean => {
    const panel = Math.floor(i / (grid.rows * grid.width)) % perBatch;
    return panel * grid.width + (i % grid.width) >= grid.columns;
  };
  const isRight = (v: number, i: number): boolean => v === (isPadding(i) ? 0 : entries[codes[i] ?? 0]);
  if (!wanted.every(isRight)) throw lies(form);
  const bits = [1, 2, 4, 8].find((size) => size >= form.bits) ?? 8;
  return { bits, table: entries.length, arrays: [entries, packFields(codes, bits)] };
}

/** Fields of 1, 2, 4 or 8 bits, the first lowest in its byte. */
function packFields(codes: Float32Array, bits: number): Uint8Array {
  const perByte = 8 / bits;
  const mask = 2 ** bits - 1;
  const packed = new Uint8Array(Math.ceil(codes.length / perByte));
  for (let i = 0; i < codes.length; i++) {
    const at = Math.floor(i / perByte);
    packed[at] = (packed[at] ?? 0) | (((codes[i] ?? 0) & mask) << (bits * (i % perByte)));
  }
  return packed;
}

/** One after another, padded to whole 32-bit words. */
function joinBytes(arrays: readonly ArrayBufferView[]): Uint8Array {
  const length = arrays.reduce((sum, array) => sum + array.byteLength, 0);
  const bytes = new Uint8Array(4 * Math.ceil(length / 4));
  let end = 0;
  for (const array of arrays) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), end);
    end += array.byteLength;
  }
  return bytes;
}
