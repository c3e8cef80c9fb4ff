import { simdOf } from './simd-functions.ts';
import { tileColumns, tileRows } from './simd-product.ts';
import { makeZeros, memoryOf, offsetOf, type WasmBackend } from './wasm-kernel.ts';

/** Byte addresses in the backend's memory. */
interface Product {
  /** y [m, n] = a [m, k] x b [k, n] */
  readonly multiply: (a: number, b: number, y: number) => void;
  readonly dispose: () => void;
}

/** Lines and floats of b that are packed at once, to stay in the cache. */
const depthAtOnce = 256;
const floatsAtOnce = 1 << 15;

/**
 * Products of these sizes, to be made before the next allocation. Unlike XNNPACK's, which rewrites all of b before it
 * begins, they are fast for a b that is new at every step. What fills no tile goes by way of buffers that do.
 */
export function makeProduct(backend: WasmBackend, m: number, k: number, n: number): Product {
  const { packColumns, setTiles, addTiles } = simdOf(backend);
  const [rows, columns] = [m - (m % tileRows), n - (n % tileColumns)];
  const width = Math.ceil(n / tileColumns) * tileColumns;
  const depthOfAll = Math.min(k, depthAtOnce);
  const columnsAtOnce = Math.min(width, Math.ceil(floatsAtOnce / depthOfAll / tileColumns) * tileColumns);
  const buffers = {
    packed: makeZeros(backend, [depthOfAll, columnsAtOnce]),
    edge: makeZeros(backend, [columns < n ? rows : 0, tileColumns]),
    lastA: makeZeros(backend, [rows < m ? tileRows : 0, k]),
    lastY: makeZeros(backend, [rows < m ? tileRows : 0, width]),
  };
  const memory = memoryOf(backend);
  const packed = offsetOf(backend, buffers.packed);
  const edge = offsetOf(backend, buffers.edge);
  const lastA = offsetOf(backend, buffers.lastA);
  const lastY = offsetOf(backend, buffers.lastY);

  /** Panels of lines `from` and on of b, columns `column` to `end`. */
  const pack = (b: number, from: number, depth: number, column: number, end: number): void => {
    for (let at = column, to = packed; at < end; at += tileColumns, to += 4 * depth * tileColumns) {
      const start = b + 4 * (from * n + at);
      if (at < columns) packColumns(start, to, 4 * n, depth);
      else
        for (let line = 0; line < depth; line++)
          for (let i = 0; i < n - columns; i++)
            memory[to / 4 + line * tileColumns + i] = memory[start / 4 + line * n + i] as number;
    }
  };

  /** Columns `column` to `end` of y, from lines `from` and on of b. */
  const multiplyBlock = (a: number, b: number, y: number, from: number, column: number, end: number): void => {
    const depth = Math.min(depthAtOnce, k - from);
    const write = from === 0 ? setTiles : addTiles;
    const panels = (Math.min(end, columns) - column) / tileColumns;
    const packedEdge = packed + 4 * depth * panels * tileColumns;
    pack(b, from, depth, column, end);
    for (let row = 0; row < rows; row += tileRows) {
      const start = a + 4 * (row * k + from);
      if (panels > 0) write(start, packed, y + 4 * (row * n + column), 4 * k, 4 * n, panels, depth);
      if (end > columns) write(start, packedEdge, edge + 4 * row * tileColumns, 4 * k, 4 * tileColumns, 1, depth);
    }
    const allPanels = (end - column) / tileColumns;
    if (rows < m) write(lastA + 4 * from, packed, lastY + 4 * column, 4 * k, 4 * width, allPanels, depth);
  };

  const copyBuffers = (y: number): void => {
    for (let row = 0; row < rows; row++)
      for (let i = columns; i < n; i++)
        memory[y / 4 + row * n + i] = memory[edge / 4 + row * tileColumns + i - columns] as number;
    for (let row = rows; row < m; row++) {
      const from = lastY / 4 + (row - rows) * width;
      memory.copyWithin(y / 4 + row * n, from, from + n);
    }
  };

  return {
    multiply: (a, b, y) => {
      memory.copyWithin(lastA / 4, a / 4 + rows * k, a / 4 + m * k);
      for (let from = 0; from < k; from += depthAtOnce)
        for (let column = 0; column < n; column += columnsAtOnce)
          multiplyBlock(a, b, y, from, column, Math.min(width, column + columnsAtOnce));
      copyBuffers(y);
    },
    dispose: () => {
      for (const { dataId } of Object.values(buffers)) backend.disposeData(dataId);
    },
  };
}
