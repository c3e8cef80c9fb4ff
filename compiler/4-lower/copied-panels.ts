import type { PoolEntry, StoredEntry } from '../ir/program.ts';
import type { PanelGrid } from './store-entry.ts';

/** Entries whose file segments are smaller are not worth the decoder. */
const fewestBytes = 4096;

/**
 * How model.lcw holds panels [N, K] whose elements another entry holds row-major: weights that are an embedding table too.
 * The bias rows and where the others are; those must come before in the file.
 */
export function storeCopies(
  entries: readonly PoolEntry[],
  gridOf: (entry: PoolEntry) => PanelGrid | undefined,
): ReadonlyMap<PoolEntry, StoredEntry> {
  const floats = entries.filter(({ dtype }) => dtype === 'float32');
  const tables = floats.filter(({ encoding }) => encoding === 'row-major');
  const copies = new Map<PoolEntry, StoredEntry>();
  for (const entry of floats) {
    const grid = entry.encoding === 'panels-of-8' ? gridOf(entry) : undefined;
    const { length } = entry.stored?.bytes ?? entry.bytes;
    if (!grid || grid.panels !== Math.ceil(grid.columns / grid.width) || length < fewestBytes) continue;
    const source = tables.find((table) => isRearranged(elementsOf(table), elementsOf(entry), grid));
    if (source) copies.set(entry, copyOf(source, entry, grid));
  }
  return copies;
}

const elementsOf = ({ bytes }: PoolEntry): Float32Array =>
  new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);

/** Row r, column c of the panels is element [c, r] of the table, and 0 beyond the last column. */
function isRearranged(
  table: Float32Array,
  image: Float32Array,
  { panels, rows, columns, width, head }: PanelGrid,
): boolean {
  if (table.length !== rows * columns) return false;
  for (let panel = 0, i = 0; panel < panels; panel++) {
    i += head * width;
    for (let row = 0; row < rows; row++) {
      for (let column = panel * width; column < (panel + 1) * width; column++, i++)
        if (image[i] !== (column < columns ? table[column * rows + row] : 0)) return false;
    }
  }
  return true;
}

function copyOf(source: PoolEntry, entry: PoolEntry, { panels, rows, columns, width, head }: PanelGrid): StoredEntry {
  const image = elementsOf(entry);
  const words = new Uint32Array(7 + panels * head * width);
  words.set([32, panels, rows, columns, width, head, (source.offset - entry.offset) / 4]);
  const heads = new Float32Array(words.buffer, 28);
  for (let panel = 0; panel < panels; panel++) {
    const start = panel * (head + rows) * width;
    heads.set(image.subarray(start, start + head * width), panel * head * width);
  }
  return { kind: 'copy', name: `copy of ${source.name}`, bytes: new Uint8Array(words.buffer) };
}
