import { type Axis, type Index, rangeOf, toIndex } from '../../../compiler/kernel/index-expr.ts';
import { panelWidth } from '../../../compiler/kernel/nest.ts';
import type { WasmFeatures } from '../../target.ts';
import { type Contraction, extentOf, pointsOf, splitRows, strideIn } from './contraction.ts';
import { cacheBytes, type Machine, machines, refill, spill, storeCycles } from './machine.ts';
import { scratchBytesFor } from './operand-b.ts';
import { piecesOf, rowPieces, rowTiles } from './row-tiles.ts';
import { elementBytes } from './walk.ts';

/** The loops over the tiles of a dense contraction. */
export interface TileLoops {
  /** rows per tile along each row axis */
  readonly rows: readonly number[];
  /** columns per tile */
  readonly columns: number;
  /** row axes outside the loop over columns */
  readonly columnDepth: number;
}

/** How a dense contraction in float32 is cut. */
export interface DenseTiling extends TileLoops {
  /** lanes run along n, or along k */
  readonly form: 'tile' | 'dots';
  /** partial sums per output, so that short tiles do not wait for the adder */
  readonly splits: number;
  /** whether each tile's columns of B are copied to scratch before its rows */
  readonly copiesB: boolean;
}

export interface Choice {
  readonly contraction: Contraction;
  readonly tiling: DenseTiling;
}

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

/** Vectors alive at once: the sums, and the columns' operands of each split where more than one row uses them. */
const liveVectors = ({ rows, vectors }: TileShape, splits: number): number =>
  rows * vectors * splits + (rows > 1 ? vectors * splits : 0);

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
      const perRow = width === 1 ? 0 : vectors * scatterCycles(c, row.run);
      cycles += row.times * column.times * (tileCycles({ rows: row.size, vectors }, machine, k) + row.size * perRow);
    }
  }
  return cycles;
}

/** Cycles beyond those of a whole store, per vector whose lanes go apart, in runs of `run` rows side by side. */
function scatterCycles(c: Contraction, run: number): number {
  if (strideIn(c.store, c.n) === 1) return 0;
  const last = c.m.at(-1);
  if (!last || strideIn(c.store, last) !== 1) return storeCycles.lanes;
  const pairs = Math.floor((run % 4) / 2) * 2;
  const fours = run - (run % 4);
  const singles = run % 2;
  return (fours * storeCycles.turned + pairs * storeCycles.pairs + singles * storeCycles.lanes) / run;
}

/** What little does not fit the first cache comes back while there is other work. */
function refillCycles(bytes: number, held: number): number {
  const { first, second } = cacheBytes;
  const share = Math.max(0, Math.min(1, (held - first) / first));
  return share * bytes * (held <= second ? refill.second : refill.beyond);
}

/** Cycles to bring A and B back into the first cache when `depth` row axes are outside the loop over columns. */
export function trafficCycles(c: Contraction, rows: readonly number[], columns: number, depth: number): number {
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
