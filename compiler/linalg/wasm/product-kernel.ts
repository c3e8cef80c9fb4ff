import {
  add,
  addI32,
  assemble,
  type Code,
  constant,
  get,
  i32,
  loadPair,
  loadSplat,
  mul,
  repeat,
  set,
  storePair,
  v128,
  zeroPair,
} from './assemble.ts';

/** Rows and columns of the tile of C that stays in registers. */
export const tileSize = 4;

const elementBytes = 8;
const lineBytes = tileSize * elementBytes;
const tileRows = [0, 1, 2, 3];

const parameters = { a: 0, b: 1, c: 2, depth: 3, panels: 4 };
const locals = { at: 5, left: 6, b0: 7, b1: 8, scale: 9, sums: 10 };
const sumOf = (row: number, pair: number): number => locals.sums + 2 * row + pair;
const addProduct = (sum: number, pair: number): Code => set(sum, add(get(sum), mul(get(locals.scale), get(pair))));
const advance = (local: number, bytes: number): Code => set(local, addI32(get(local), constant(bytes)));

/** sums[row][:] += a[row] * b[:]. Not unrolled: V8 does that itself, and spills if more of it comes at once. */
const oneDepth: Code = [
  ...set(locals.b0, loadPair(get(locals.at))),
  ...set(locals.b1, loadPair(get(locals.at), 16)),
  ...tileRows.flatMap((row) => [
    ...set(locals.scale, loadSplat(get(parameters.a), row * elementBytes)),
    ...addProduct(sumOf(row, 0), locals.b0),
    ...addProduct(sumOf(row, 1), locals.b1),
  ]),
  ...advance(parameters.a, lineBytes),
  ...advance(locals.at, lineBytes),
];

const multiplyPanels: Code = repeat(parameters.panels, [
  ...set(locals.at, get(parameters.b)),
  ...set(locals.left, get(parameters.depth)),
  ...tileRows.flatMap((row) => [...set(sumOf(row, 0), zeroPair), ...set(sumOf(row, 1), zeroPair)]),
  ...repeat(locals.left, oneDepth),
  ...tileRows.flatMap((row) => [
    ...storePair(get(parameters.c), get(sumOf(row, 0)), row * lineBytes),
    ...storePair(get(parameters.c), get(sumOf(row, 1)), row * lineBytes + 16),
  ]),
  ...advance(parameters.c, tileSize * lineBytes),
]);

/**
 * Byte addresses of `panels` row panels of A, one column panel of B and the tiles of C (4 x 4, row-major, one after
 * the other). A panel is K-major, 4 elements at each depth; depth and panels are at least 1.
 */
export type MultiplyPanels = (a: number, b: number, c: number, depth: number, panels: number) => void;

/** The register-tiled inner loop of the float64 product: exports MultiplyPanels `multiplyPanels`. */
export const productModule = (): Uint8Array<ArrayBuffer> =>
  assemble([
    {
      name: 'multiplyPanels',
      parameters: [i32, i32, i32, i32, i32],
      locals: [i32, i32, v128, v128, v128, ...tileRows.flatMap(() => [v128, v128] as const)],
      body: multiplyPanels,
    },
  ]);
