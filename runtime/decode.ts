/**
 * Decodes a segment of model.lcw that holds less than the image (compiler/5-emit/schema/model.fbs, Form) to the beginning
 * of `image`. One decoder per form, so that a bundle carries those that its model needs.
 */
export type Decode = (segment: Uint8Array, image: Float32Array) => void;

/** float16 without infinities and NaN. */
export const decodeHalves: Decode = (segment, image) => {
  const { panels, size, headSize, rest } = openSegment(segment, image);
  const [low, high] = [rest(Uint8Array, panels * size), rest(Uint8Array, panels * size)];
  // Bits 10 to 15 are sign and exponent: (-1)^s 2^(e - 25) (1024 + m), or without the 1024 when e is 0, as for e = 1.
  const powers = Float64Array.from({ length: 64 }, (_, i) => (i & 32 ? -1 : 1) * 2 ** (Math.max(i & 31, 1) - 25));
  for (let p = 0; p < panels; p++) decodePanel(low, high, powers, p * size, (p + 1) * size, image, (p + 1) * headSize);
};

function decodePanel(
  low: Uint8Array,
  high: Uint8Array,
  powers: Float64Array,
  start: number,
  end: number,
  image: Float32Array,
  shift: number,
): void {
  for (let i = start; i < end; i++) {
    const top = high[i] as number;
    const significand = ((top & 3) << 8) | (low[i] as number) | (top & 124 ? 1024 : 0);
    image[i + shift] = significand * (powers[top >> 2] as number);
  }
}

/** Codes times scales. */
export const decodeIntegers: Decode = (segment, image) => {
  const { bits, panels, size, width, headSize, table, rest } = openSegment(segment, image);
  const runs = rest(Uint32Array, table);
  let groups = 0;
  for (const run of runs) groups = Math.max(groups, (run >>> 16) + 1);
  const halves = rest(Uint16Array, panels * groups * width);
  const codes = rest(Int8Array, (panels * size * bits + 7) >> 3);
  const words = new Uint32Array(halves.length);
  for (let i = 0; i < words.length; i++) words[i] = (halves[i] as number) << 16;
  const scales = new Float32Array(words.buffer);
  // Small panels go together: rows of tables are short, and a call costs more than 64 elements.
  const step = Math.ceil(512 / size);
  for (let p = 0; p < panels; p += step) {
    scalePanels(codes, bits, runs, groups, scales, width, size, image, headSize, p, Math.min(p + step, panels));
  }
};

function scalePanels(
  codes: Int8Array,
  bits: number,
  runs: Uint32Array,
  groups: number,
  scales: Float32Array,
  width: number,
  size: number,
  image: Float32Array,
  headSize: number,
  first: number,
  last: number,
): void {
  const unused = 32 - bits;
  const odd = bits & 4 ? 1 : 0;
  let i = first * size;
  for (let p = first + 1; p <= last; p++) {
    for (let r = 0; r < runs.length; r++) {
      const run = runs[r] as number;
      const scale = ((p - 1) * groups + (run >>> 16)) * width;
      for (const end = i + (run & 65535) * width; i < end; i++) {
        const code = ((codes[i >> odd] as number) << (unused - bits * (i & odd))) >> unused;
        image[i + p * headSize] = code * (scales[scale + (i & (width - 1))] as number);
      }
    }
  }
}

/** Entries named by codes. */
export const decodePalette: Decode = (segment, image) => {
  const { bits, panels, size, columns, width, headSize, table, rest } = openSegment(segment, image);
  const entries = rest(Float32Array, table);
  const codes = rest(Uint8Array, (panels * size * bits + 7) >> 3);
  let used = 0;
  for (let p = 0; p < panels; p++) {
    used = used < columns ? used : 0;
    lookUp(codes, bits, p * size, (p + 1) * size, entries, width - 1, columns - used, image, (p + 1) * headSize);
    used += width;
  }
};

function lookUp(
  codes: Uint8Array,
  bits: number,
  start: number,
  end: number,
  entries: Float32Array,
  lastColumn: number,
  columns: number,
  image: Float32Array,
  shift: number,
): void {
  const mask = (1 << bits) - 1;
  const position = 8 / bits - 1;
  const perByte = 31 - Math.clz32(8 / bits);
  for (let i = start; i < end; i++) {
    const code = ((codes[i >> perByte] as number) >> (bits * (i & position))) & mask;
    image[i + shift] = (i & lastColumn) < columns ? (entries[code] as number) : 0;
  }
}

/** Elements that lie row-major elsewhere in the memory of the image, decoded before. */
export const decodeCopy: Decode = (segment, image) => {
  const { panels, size, columns, width, headSize, table } = openSegment(segment, image);
  const source = new Float32Array(image.buffer, image.byteOffset + 4 * (table | 0));
  const rows = size / width;
  for (let p = 0, i = 0; p < panels; p++) {
    i += headSize;
    for (let row = 0; row < rows; row++) {
      for (let column = p * width; column < (p + 1) * width; column++)
        image[i++] = column < columns ? (source[column * rows + row] as number) : 0;
    }
  }
};

/** bits, panels, rows, columns, width, head, table */
type Header = [number, number, number, number, number, number, number];

type View<T> = new (buffer: ArrayBufferLike, offset: number, length: number) => T;

/** The header, and the parts behind it one after another; the rows at the heads of panels go to their places at once. */
function openSegment(segment: Uint8Array, image: Float32Array) {
  const { buffer, byteOffset } = segment.byteOffset % 4 === 0 ? segment : segment.slice();
  let at = byteOffset;
  const rest = <T extends { readonly byteLength: number }>(Type: View<T>, length: number): T => {
    const view = new Type(buffer, at, length);
    at += view.byteLength;
    return view;
  };
  const [bits, panels, rows, columns, width, head, table] = [...rest(Uint32Array, 7)] as Header;
  const [size, headSize] = [rows * width, head * width];
  const heads = rest(Float32Array, panels * headSize);
  for (let p = 0; headSize > 0 && p < panels; p++) {
    image.set(heads.subarray(p * headSize, (p + 1) * headSize), p * (headSize + size));
  }
  return { bits, panels, size, columns, width, headSize, table, rest };
}
