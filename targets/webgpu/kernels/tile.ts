import type { ContractionKernel } from '../../../compiler/kernel/nest.ts';
import { pointsOf } from '../nest/regions.ts';
import { maxWorkgroups } from '../shader.ts';

/**
 * How a workgroup shares the work: `rows` x `columns` threads, each with `rowsEach` outputs of m times `vectorsEach`
 * vectors of four n, over `depth` elements of k at a time; `slices` groups of such threads split k between them.
 */
export interface Tile {
  readonly rows: number;
  readonly columns: number;
  readonly rowsEach: number;
  readonly vectorsEach: number;
  readonly depth: number;
  readonly slices: number;
}

export interface Extents {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

export const extentsOf = (kernel: ContractionKernel): Extents => ({
  batch: pointsOf(kernel.batch),
  m: pointsOf(kernel.m),
  n: kernel.n.extent.size,
  k: pointsOf(kernel.k),
});

export const heightOf = (tile: Tile): number => tile.rows * tile.rowsEach;
export const widthOf = (tile: Tile): number => tile.columns * tile.vectorsEach * 4;

/** "32x32x16 tile, 64 threads". */
export const printTile = (tile: Tile): string =>
  `${heightOf(tile)}x${widthOf(tile)}x${tile.depth} tile, ${tile.rows * tile.columns * tile.slices} threads`;

/** WebGPU's default limit. */
const maxSharedBytes = 16384;

/** Workgroup memory in bytes: A and B of each slice, and one tile of partial sums where slices are added up. */
export function sharedBytes(tile: Tile): number {
  const [height, width] = [heightOf(tile), widthOf(tile)];
  const sums = tile.slices > 1 ? height * width : 0;
  return 4 * (tile.slices * tile.depth * (height + width) + sums);
}

/**
 * Bytes of A and B loaded from storage per multiply-add. Every tile loads its rows of A and its columns of B once for
 * all of k; loads outside the operands are skipped, but for the columns that fill a vector.
 */
export function operandBytesPerMac(
  { m, n }: Extents,
  { height, width }: { readonly height: number; readonly width: number },
  bytesOfB = 4,
): number {
  const columns = Math.ceil(n / 4) * 4;
  return (4 * m * Math.ceil(n / width) + bytesOfB * columns * Math.ceil(m / height)) / (m * n);
}

/** The bound for contractions of 32 x 32 outputs and more. */
export const maxBytesPerMac = 0.5;

/** Threads that keep a middling GPU busy. */
const busyThreads = 4096;

/** Estimated time of all workgroups, in arbitrary units: padded work, spread over what can run at once. */
function estimateTime({ batch, m, n, k }: Extents, tile: Tile): number {
  const groups = batch * Math.ceil(m / heightOf(tile)) * Math.ceil(n / widthOf(tile));
  const threads = tile.rows * tile.columns * tile.slices;
  const rounds = Math.ceil(k / (tile.depth * tile.slices));
  const vectors = tile.depth / 4;
  const multiplies = 4 * tile.rowsEach * tile.vectorsEach;
  const sharedLoads = tile.rowsEach + 4 * tile.vectorsEach;
  const storageLoads = (heightOf(tile) + widthOf(tile)) / (tile.rows * tile.columns);
  const perRound = vectors * (multiplies + 0.75 * sharedLoads + 3 * storageLoads) + 12;
  const addingUp = tile.slices > 1 ? tile.slices * 8 * tile.rowsEach * tile.vectorsEach : 0;
  const perThread = rounds * perRound + addingUp + 40;
  return perThread * Math.max(1, (groups * threads) / busyThreads);
}

const shapes: readonly (readonly [rows: number, columns: number])[] = [
  [64, 1],
  [32, 2],
  [16, 4],
  [8, 8],
  [4, 16],
];

function* candidates({ k }: Extents): Generator<Tile> {
  for (const [rows, columns] of shapes) {
    for (const rowsEach of [1, 2, 4, 8]) {
      for (const vectorsEach of [1, 2]) {
        for (const slices of [1, 2, 4]) {
          for (const depth of [8, 12, 16, 24, 32]) {
            const tile = { rows, columns, rowsEach, vectorsEach, depth, slices };
            const isDeeper = depth > 8 && depth - 4 >= Math.ceil(k / slices);
            if (!isDeeper && rowsEach * vectorsEach <= 8 && sharedBytes(tile) <= maxSharedBytes) yield tile;
          }
        }
      }
    }
  }
}

/** The tile with the least estimated time; of large contractions only those that load at most 0.5 bytes per multiply-add. */
export function chooseTile(extents: Extents): Tile {
  const isLarge = extents.m >= 32 && extents.n >= 32;
  let best: Tile | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const tile of candidates(extents)) {
    const size = { height: heightOf(tile), width: widthOf(tile) };
    if (isLarge && operandBytesPerMac(extents, size) > maxBytesPerMac) continue;
    if (extents.m > maxWorkgroups * size.height || extents.n > maxWorkgroups * size.width) continue;
    const time = estimateTime(extents, tile);
    if (time < least) [best, least] = [tile, time];
  }
  if (!best) throw new Error(`internal: no tile for ${Object.values(extents).join('x')}`);
  return best;
}
