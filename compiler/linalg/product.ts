import { type Matrix, makeMatrix } from './matrix.ts';
import { type MultiplyPanels, productModule, tileSize } from './wasm/product-kernel.ts';

/** A matrix as the product reads it: element (i, j) is data[i * rowStep + j * columnStep]. */
export interface Operand {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
  readonly rowStep: number;
  readonly columnStep: number;
}

export const asIs = ({ rows, columns, data }: Matrix): Operand => ({
  rows,
  columns,
  data,
  rowStep: columns,
  columnStep: 1,
});

export const turned = ({ rows, columns, data }: Matrix): Operand => ({
  rows: columns,
  columns: rows,
  data,
  rowStep: 1,
  columnStep: columns,
});

/** Multiply-adds below which packing costs more than it gains. */
const smallProduct = 32 ** 3;

/** a [m, k] b [k, n] -> [m, n]. */
export function product(a: Operand, b: Operand): Matrix {
  const c = makeMatrix(a.rows, b.columns);
  if (a.rows * a.columns * b.columns < smallProduct) multiplySmall(a, b, c);
  else multiplyBlocks(a, b, c);
  return c;
}

function multiplySmall(a: Operand, b: Operand, c: Matrix): void {
  for (let i = 0; i < c.rows; i++)
    for (let k = 0; k < a.columns; k++) {
      const scale = a.data[i * a.rowStep + k * a.columnStep] as number;
      for (let j = 0; j < c.columns; j++)
        c.data[i * c.columns + j] =
          (c.data[i * c.columns + j] as number) + scale * (b.data[k * b.rowStep + j * b.columnStep] as number);
    }
}

/** A block of A stays in the second-level cache, a panel of B in the first; BLIS's loop order (Van Zee 2015). */
const block = { rows: 128, columns: 512, depth: 256 };

interface Workspace {
  readonly a: Float64Array;
  readonly b: Float64Array;
  readonly c: Float64Array;
  readonly multiplyPanels: MultiplyPanels;
}

let opened: Workspace | undefined;

/** Compiled once, at the first product that is worth it; holds nothing between products. */
function openWorkspace(): Workspace {
  if (opened) return opened;
  const sizes = [block.rows * block.depth, block.depth * block.columns, block.rows * tileSize] as const;
  const pages = Math.ceil((8 * (sizes[0] + sizes[1] + sizes[2])) / 65536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(productModule()), { env: { memory } });
  opened = {
    a: new Float64Array(memory.buffer, 0, sizes[0]),
    b: new Float64Array(memory.buffer, 8 * sizes[0], sizes[1]),
    c: new Float64Array(memory.buffer, 8 * (sizes[0] + sizes[1]), sizes[2]),
    multiplyPanels: instance.exports.multiplyPanels as MultiplyPanels,
  };
  return opened;
}

/** aᵀ a: tiles that touch the lower triangle, mirrored. */
export function gramOf(a: Matrix): Matrix {
  const c = makeMatrix(a.columns, a.columns);
  if (a.rows * a.columns * a.columns < smallProduct) multiplySmall(turned(a), asIs(a), c);
  else multiplyBlocks(turned(a), asIs(a), c, true);
  for (let i = 0; i < c.rows; i++)
    for (let j = 0; j < i; j++) c.data[j * c.columns + i] = c.data[i * c.columns + j] as number;
  return c;
}

function multiplyBlocks(a: Operand, b: Operand, c: Matrix, isLower = false): void {
  const space = openWorkspace();
  const acrossB: Operand = { ...b, rows: b.columns, columns: b.rows, rowStep: b.columnStep, columnStep: b.rowStep };
  for (let depth = 0; depth < a.columns; depth += block.depth) {
    const depths = Math.min(block.depth, a.columns - depth);
    for (let column = 0; column < c.columns; column += block.columns) {
      const columns = Math.min(block.columns, c.columns - column);
      packPanels(acrossB, column, columns, depth, depths, space.b);
      for (let row = 0; row < c.rows; row += block.rows) {
        const rows = Math.min(block.rows, c.rows - row);
        if (isLower && row + rows <= column) continue;
        packPanels(a, row, rows, depth, depths, space.a);
        addBlock(space, c, { row, rows, column, columns, depth: depths, isLower });
      }
    }
  }
}

/** Rows in panels of 4, K-major within a panel, rows of zeros to fill the last. */
function packPanels(from: Operand, row: number, rows: number, depth: number, depths: number, to: Float64Array): void {
  const { data, rowStep, columnStep } = from;
  for (let panel = 0; panel < rows; panel += tileSize) {
    const start = (row + panel) * rowStep + depth * columnStep;
    if (rowStep === 1 && panel + tileSize <= rows) packNeighbours(data, start, columnStep, depths, to, panel * depths);
    else
      for (let i = 0; i < tileSize; i++) {
        const isReal = panel + i < rows;
        let at = panel * depths + i;
        let source = start + i * rowStep;
        for (let k = 0; k < depths; k++, at += tileSize, source += columnStep)
          to[at] = isReal ? (data[source] as number) : 0;
      }
  }
}

/** One panel whose 4 rows lie side by side: every line of memory is read once. */
function packNeighbours(
  data: Float64Array,
  start: number,
  step: number,
  depths: number,
  to: Float64Array,
  first: number,
): void {
  let source = start;
  let at = first;
  for (let k = 0; k < depths; k++, at += tileSize, source += step) {
    to[at] = data[source] as number;
    to[at + 1] = data[source + 1] as number;
    to[at + 2] = data[source + 2] as number;
    to[at + 3] = data[source + 3] as number;
  }
}

interface Block {
  readonly row: number;
  readonly rows: number;
  readonly column: number;
  readonly columns: number;
  readonly depth: number;
  /** tiles above the diagonal are left out */
  readonly isLower: boolean;
}

function addBlock(
  { a, b, c, multiplyPanels }: Workspace,
  to: Matrix,
  { row, rows, column, columns, depth, isLower }: Block,
): void {
  for (let left = 0; left < columns; left += tileSize) {
    const first = isLower ? Math.max(0, Math.floor((column + left - row) / tileSize)) : 0;
    const panels = Math.ceil(rows / tileSize) - first;
    if (panels <= 0) continue;
    const skipped = 8 * first * tileSize * depth;
    multiplyPanels(a.byteOffset + skipped, b.byteOffset + 8 * left * depth, c.byteOffset, depth, panels);
    const width = Math.min(tileSize, columns - left);
    for (let i = first * tileSize, tile = 0; i < rows; i++, tile += tileSize) {
      const at = (row + i) * to.columns + column + left;
      for (let j = 0; j < width; j++) to.data[at + j] = (to.data[at + j] as number) + (c[tile + j] as number);
    }
  }
}
