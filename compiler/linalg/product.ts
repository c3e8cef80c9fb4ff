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

function multiplyBlocks(a: Operand, b: Operand, c: Matrix): void {
  const space = openWorkspace();
  const acrossB: Operand = { ...b, rows: b.columns, columns: b.rows, rowStep: b.columnStep, columnStep: b.rowStep };
  for (let depth = 0; depth < a.columns; depth += block.depth) {
    const depths = Math.min(block.depth, a.columns - depth);
    for (let column = 0; column < c.columns; column += block.columns) {
      const columns = Math.min(block.columns, c.columns - column);
      packPanels(acrossB, column, columns, depth, depths, space.b);
      for (let row = 0; row < c.rows; row += block.rows) {
        const rows = Math.min(block.rows, c.rows - row);
        packPanels(a, row, rows, depth, depths, space.a);
        addBlock(space, c, row, rows, column, columns, depths);
      }
    }
  }
}

/** Rows in panels of 4, K-major within a panel, rows of zeros to fill the last. */
function packPanels(from: Operand, row: number, rows: number, depth: number, depths: number, to: Float64Array): void {
  const { data, rowStep, columnStep } = from;
  for (let panel = 0; panel < rows; panel += tileSize)
    for (let i = 0; i < tileSize; i++) {
      const isReal = panel + i < rows;
      let at = panel * depths + i;
      let source = (row + panel + i) * rowStep + depth * columnStep;
      for (let k = 0; k < depths; k++, at += tileSize, source += columnStep)
        to[at] = isReal ? (data[source] as number) : 0;
    }
}

function addBlock(
  { a, b, c, multiplyPanels }: Workspace,
  to: Matrix,
  row: number,
  rows: number,
  column: number,
  columns: number,
  depth: number,
): void {
  const panels = Math.ceil(rows / tileSize);
  for (let left = 0; left < columns; left += tileSize) {
    multiplyPanels(a.byteOffset, b.byteOffset + 8 * left * depth, c.byteOffset, depth, panels);
    const width = Math.min(tileSize, columns - left);
    for (let i = 0; i < rows; i++) {
      const at = (row + i) * to.columns + column + left;
      for (let j = 0; j < width; j++) to.data[at + j] = (to.data[at + j] as number) + (c[i * tileSize + j] as number);
    }
  }
}
