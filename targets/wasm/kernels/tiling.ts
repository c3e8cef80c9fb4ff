import { type Axis, type Index, rangeOf, toIndex } from '../../../compiler/kernel/index-expr.ts';
import { panelWidth } from '../../../compiler/kernel/nest.ts';
import type { WasmFeatures } from '../../target.ts';
import { type Contraction, extentOf, pointsOf, splitRows, strideIn } from './contraction.ts';
import { scratchBytesFor } from './operand-b.ts';
import { elementBytes } from './walk.ts';

/** How a dense contraction is cut. */
export interface DenseTiling {
  /** lanes run along n, or along k */
  readonly form: 'tile' | 'dots';
  /** rows per tile along each row axis */
  readonly rows: readonly number[];
  /** columns per tile */
  readonly columns: number;
  /** row axes outside the loop over columns */
  readonly columnDepth: number;
  /** partial sums per output, so that short tiles do not wait for the adder */
  readonly splits: number;
  /** whether each tile's columns of B are copied to scratch before its rows */
  readonly copiesB: boolean;
}

export interface Choice {
  readonly contraction: Contraction;
  readonly tiling: DenseTiling;
}

/** What one core does in a cycle; fitted to Chromium on x86-64, where other tiles fall to half the speed. */
export interface Machine {
  readonly maddsPerCycle: number;
  readonly loadsPerCycle: number;
  /** cycles until a sum can be added to again */
  readonly latency: number;
  /** vector registers beside one for the row's operand (and one for the product, where that is not fused) */
  readonly registers: number;
}

export const machines: Readonly<Record<WasmFeatures, Machine>> = {
  scalar: { maddsPerCycle: 2, loadsPerCycle: 2, latency: 3, registers: 13 },
  simd: { maddsPerCycle: 2, loadsPerCycle: 2, latency: 3, registers: 13 },
  relaxed: { maddsPerCycle: 2, loadsPerCycle: 2, latency: 4.4, registers: 14 },
};

/** Slowdown of a tile that does not fit the registers, and of one that V8 before version 12 spills. */
const spill = { always: 2, sometimes: 1.1 };
const cacheBytes = { first: 32 << 10, second: 768 << 10 };
/** cycles per byte from the second cache and from beyond it */
const refill = { second: 1 / 40, beyond: 1 / 12 };

interface TileShape {
  readonly rows: number;
  readonly vectors: number;
}

/** The cheapest tiling by the model above. Repeating rows or columns at the edges must be allowed by the caller. */
export function chooseDense(c: Contraction, features: WasmFeatures, mayRepeat: boolean): Choice {
  const width = features === 'scalar' ? 1 : 4;
  const machine = machines[features];
  let best: Choice = {
    contraction: c,
    tiling: { form: 'tile', rows: c.m.map(() => 1), columns: panelWidth, columnDepth: 0, splits: 1, copiesB: false },
  };
  let least = Number.POSITIVE_INFINITY;
  const copiesB = wantsCopy(c, features);
  for (const contraction of copiesB ? [c] : withBlocks(c)) {
    for (const panels of panelCounts(c, width)) {
      const columns = panels * panelWidth;
      for (const rows of rowTiles(contraction.m, width === 1 ? 1 : 8)) {
        const shape = {
          rows: rows.reduce((x, y) => x * y, 1),
          vectors: Math.ceil(Math.min(columns, extentOf(c.n)) / width),
        };
        const cycles = computeCycles(contraction, machine, rows, columns, width, mayRepeat);
        for (let depth = 0; depth <= (copiesB ? 0 : contraction.m.length); depth++) {
          const cost = cycles + trafficCycles(contraction, rows, columns, depth);
          if (cost >= least * 0.999) continue;
          least = cost;
          const splits = splitsOf(shape, machine, pointsOf(c.k));
          best = { contraction, tiling: { form: 'tile', rows, columns, columnDepth: depth, splits, copiesB } };
        }
      }
    }
  }
  return best;
}

/** A live B whose neighbours along n lie apart is copied where enough rows share the copy and it stays in cache. */
export function wantsCopy(c: Contraction, features: WasmFeatures): boolean {
  const isApart = c.b.kind === 'live' && Math.abs(strideIn(c.b.offset, c.n)) > 1;
  return features !== 'scalar' && isApart && pointsOf(c.m) >= 8 && scratchBytesFor(c) <= cacheBytes.first;
}

/** The contraction as it is, and with its longest row axis cut in blocks so that A stays in cache between columns. */
function withBlocks(c: Contraction): readonly Contraction[] {
  const last = c.m.at(-1);
  if (!last || extentOf(last) < 64) return [c];
  const rowBytes = Math.max(1, pointsOf(c.k) * elementBytes);
  const blocks: number[] = [];
  for (let block = 24; block < extentOf(last); block++) if (extentOf(last) % block === 0) blocks.push(block);
  const fitting = blocks.filter((block) => block * rowBytes <= cacheBytes.second / 3).at(-1);
  return fitting === undefined ? [c] : [c, splitRows(c, last, fitting)];
}

const panelCounts = (c: Contraction, width: number): readonly number[] => {
  const panels = Math.ceil(extentOf(c.n) / panelWidth);
  if (width === 1 || c.b.kind === 'live') return [1];
  return [1, 2, 4].filter((count) => count <= panels);
};

/** Tiles over the last two row axes with at most `most` rows. */
export function rowTiles(m: readonly Axis[], most: number): readonly (readonly number[])[] {
  const sizes = m.slice(-2).map(extentOf);
  const outer = m.slice(0, -2).map(() => 1);
  const last = sizes.at(-1);
  if (last === undefined) return [[]];
  const first = sizes.length === 2 ? (sizes[0] ?? 1) : undefined;
  const tiles: number[][] = [];
  for (let tall = 1; tall <= Math.min(most, first ?? 1); tall++) {
    for (let wide = 1; wide <= Math.min(Math.floor(most / tall), last); wide++) {
      tiles.push(first === undefined ? [wide] : [...outer, tall, wide]);
    }
  }
  return tiles;
}

/** Vectors alive at once: the sums, and the columns' operands where more than one row uses them. */
const liveVectors = ({ rows, vectors }: TileShape, splits: number): number =>
  rows * vectors * splits + (rows > 1 ? vectors : 0);

/** Partial sums per output: enough for the adder's latency, as many as the registers hold. */
function splitsOf(shape: TileShape, machine: Machine, k: number): number {
  const sums = shape.rows * shape.vectors;
  const wanted = machine.latency * machine.maddsPerCycle;
  let splits = 1;
  while (sums * splits < wanted && k >= 8 * splits && liveVectors(shape, splits * 2) <= machine.registers) splits *= 2;
  return splits;
}

function tileCycles(shape: TileShape, machine: Machine, k: number): number {
  const { rows, vectors } = shape;
  const splits = splitsOf(shape, machine, k);
  const madds = rows * vectors;
  const { maddsPerCycle, latency, loadsPerCycle, registers } = machine;
  const step = Math.max(madds / maddsPerCycle, latency / splits, (rows + vectors) / loadsPerCycle);
  const live = liveVectors(shape, splits);
  const isTight = registers < 14 && live + splits > registers - 2;
  const slowdown = live > registers ? spill.always : isTight ? spill.sometimes : 1;
  return k * step * slowdown + 12 + 3 * madds * splits;
}

export interface Piece {
  readonly size: number;
  readonly times: number;
}

function piecesOf(extent: number, size: number, mayRepeat: boolean): readonly Piece[] {
  const rest = extent % size;
  const full = Math.floor(extent / size);
  if (rest === 0) return [{ size, times: full }];
  if (mayRepeat && full > 0) return [{ size, times: full + 1 }];
  // A second body costs code: it has to earn it.
  return [
    { size, times: full },
    { size: rest, times: 1.1 },
  ];
}

/** Tiles by their number of rows. */
export function rowPieces(c: Contraction, rows: readonly number[], mayRepeat: boolean): readonly Piece[] {
  let all: Piece[] = [{ size: 1, times: pointsOf(c.batch) }];
  c.m.forEach((axis, i) => {
    const pieces = piecesOf(extentOf(axis), rows[i] ?? 1, mayRepeat);
    all = all.flatMap((p) => pieces.map((q) => ({ size: p.size * q.size, times: p.times * q.times })));
  });
  return all;
}

function computeCycles(
  c: Contraction,
  machine: Machine,
  rows: readonly number[],
  columns: number,
  width: number,
  mayRepeat: boolean,
): number {
  const k = pointsOf(c.k);
  let cycles = 0;
  for (const column of piecesOf(extentOf(c.n), columns, c.b.kind === 'live' && mayRepeat)) {
    const vectors = Math.ceil(column.size / width);
    for (const row of rowPieces(c, rows, mayRepeat)) {
      cycles += row.times * column.times * tileCycles({ rows: row.size, vectors }, machine, k);
    }
  }
  return cycles;
}

const refillCycles = (bytes: number, held: number): number =>
  held <= cacheBytes.first ? 0 : bytes * (held <= cacheBytes.second ? refill.second : refill.beyond);

/** Cycles to bring A and B back into the first cache when `depth` row axes are outside the loop over columns. */
function trafficCycles(c: Contraction, rows: readonly number[], columns: number, depth: number): number {
  const k = pointsOf(c.k);
  const columnTiles = Math.ceil(extentOf(c.n) / columns);
  const outerTiles = tilesOf(c.m.slice(0, depth), rows.slice(0, depth));
  const innerTiles = tilesOf(c.m.slice(depth), rows.slice(depth));
  const all = k * columnTiles * columns * elementBytes;
  const panel = k * columns * elementBytes;
  const inner = new Set([...c.m.slice(depth), ...c.k]);
  const block = spanBytes(c.a, inner) * rows.slice(0, depth).reduce((x, y) => x * y, 1);
  const tileBytes = Math.min(block, k * rows.reduce((x, y) => x * y, 1) * elementBytes);
  const ofB = outerTiles > 1 ? refillCycles(outerTiles * all, all + block) : 0;
  const ofPanel = innerTiles > 1 ? refillCycles(outerTiles * columnTiles * innerTiles * panel, panel + tileBytes) : 0;
  const ofA = columnTiles > 1 ? refillCycles(outerTiles * columnTiles * block, block + panel) : 0;
  return pointsOf(c.batch) * (Math.max(ofB, ofPanel) + ofA);
}

const tilesOf = (axes: readonly Axis[], rows: readonly number[]): number =>
  axes.reduce((count, axis, i) => count * Math.ceil(extentOf(axis) / (rows[i] ?? 1)), 1);

/** Bytes an access touches while `axes` move: its span, or the number of its points where that is less. */
function spanBytes(offset: Index, axes: ReadonlySet<Axis>): number {
  let points = 1;
  let moving = toIndex(0);
  for (const axis of axes) {
    const factor = strideIn(offset, axis);
    if (factor === 0) continue;
    points *= extentOf(axis);
    moving = { offset: 0, terms: [...moving.terms, { factor, atom: axis }] };
  }
  const { min, max } = rangeOf(moving);
  return Math.min(points, max - min + 1) * elementBytes;
}

/** Rows per tile along each row axis for a channelwise contraction. */
export function chooseChannelwise(c: Contraction, features: WasmFeatures, mayRepeat: boolean): readonly number[] {
  const machine = machines[features];
  const window = c.k.at(-1);
  const taps = window ? extentOf(window) : 1;
  const steps = pointsOf(c.k.slice(0, -1));
  let best: readonly number[] = c.m.map(() => 1);
  let least = Number.POSITIVE_INFINITY;
  for (const rows of rowTiles(c.m, features === 'scalar' ? 2 : 8)) {
    let cycles = 0;
    for (const { size, times } of rowPieces(c, rows, mayRepeat)) {
      const loads = taps + inputsPerStep(c, size === product(rows) ? rows : [size]);
      const step = Math.max(
        (size * taps) / machine.maddsPerCycle,
        taps * machine.latency,
        loads / machine.loadsPerCycle,
      );
      const isSpilt = size + taps > machine.registers;
      cycles += times * (steps * step * (isSpilt ? spill.sometimes : 1) + 10 + 3 * size);
    }
    if (cycles >= least * 0.999) continue;
    least = cycles;
    best = rows;
  }
  return best;
}

const product = (sizes: readonly number[]): number => sizes.reduce((x, y) => x * y, 1);

/** Different inputs that a tile reads for one row of its windows. */
function inputsPerStep(c: Contraction, rows: readonly number[]): number {
  const window = c.k.at(-1);
  let offsets = new Set([0]);
  const spread = (count: number, stride: number): void => {
    offsets = new Set([...offsets].flatMap((at) => Array.from({ length: count }, (_, i) => at + i * stride)));
  };
  if (window) spread(extentOf(window), strideIn(c.a, window));
  rows.toReversed().forEach((count, i) => {
    const axis = c.m.at(-1 - i);
    if (axis) spread(count, strideIn(c.a, axis));
  });
  return offsets.size;
}
