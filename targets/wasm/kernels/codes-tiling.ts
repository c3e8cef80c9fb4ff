import { makeAxis, scaleIndex } from '../../../compiler/kernel/index-expr.ts';
import { panelWidth } from '../../../compiler/kernel/nest.ts';
import { codesPerWord } from '../../../compiler/kernel/quantization.ts';
import { dim } from '../../../compiler/tensor/shape.ts';
import type { WasmFeatures } from '../../target.ts';
import { type Contraction, extentOf, pointsOf } from './contraction.ts';
import { piecesOf, rowPieces, rowTiles } from './row-tiles.ts';
import { type TileLoops, trafficCycles } from './tiling.ts';

/** How a contraction of int8 codes is cut. */
export interface CodesTiling extends TileLoops {
  /** vectors of columns summed at once; the rest of a tile's columns follow */
  readonly vectorsAtOnce: number;
  /** partial sums per accumulator, so that short tiles do not wait for the adder */
  readonly splits: number;
}

/** What one core does in a cycle with dot products of four codes. */
interface DotMachine {
  /** lanes of a vector of results */
  readonly lanes: 4 | 1;
  /** accumulators for one vector of results */
  readonly parts: 2 | 1;
  /** instructions that arithmetic units see, per dot product of an accumulator and per vector of columns loaded */
  readonly opsPerDot: number;
  readonly opsPerColumns: number;
  /** dot products that must be under way so that none waits for its sum */
  readonly inFlight: number;
  readonly mostRows: number;
  /** accumulators and columns' operands that fit the registers */
  readonly registers: number;
}

/** Relaxed dot products are counted as x86-64 without VNNI does them: it has most need of a good tile. */
const dotMachines: Readonly<Record<WasmFeatures, DotMachine>> = {
  scalar: { lanes: 1, parts: 1, opsPerDot: 8, opsPerColumns: 0, inFlight: 2, mostRows: 1, registers: 9 },
  simd: { lanes: 4, parts: 2, opsPerDot: 2, opsPerColumns: 1, inFlight: 2, mostRows: 4, registers: 11 },
  relaxed: { lanes: 4, parts: 1, opsPerDot: 5, opsPerColumns: 1, inFlight: 8, mostRows: 4, registers: 12 },
};

const opsPerCycle = 4;
const loadsPerCycle = 2;
/** cycles of a step that moves and tests addresses */
const loopCycles = 1;

/** The cheapest tiling by this model. Repeating rows at the edges must be allowed by the caller. */
export function chooseCodes(c: Contraction, features: WasmFeatures, mayRepeat: boolean): CodesTiling {
  const machine = dotMachines[features];
  const words = inWords(c);
  let best: CodesTiling | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const rows of rowTiles(c.m, machine.mostRows)) {
    for (const vectorsAtOnce of [1, 2, 4, 8]) {
      const columns = Math.max(panelWidth, vectorsAtOnce * machine.lanes);
      if (columns > panelWidth * Math.ceil(extentOf(c.n) / panelWidth)) continue;
      const height = rows.reduce((x, y) => x * y, 1);
      const splits = splitsOf(height, vectorsAtOnce, machine, pointsOf(words.k));
      const isTooLarge = liveVectors(height, vectorsAtOnce, splits, machine) > machine.registers;
      if (isTooLarge && height * vectorsAtOnce > 1) continue;
      const cycles = computeCycles(words, rows, vectorsAtOnce * machine.lanes, splits, machine, mayRepeat);
      for (let depth = 0; depth <= c.m.length; depth++) {
        const cost = cycles + trafficCycles(words, rows, columns, depth);
        if (cost >= least * 0.999) continue;
        least = cost;
        best = { rows, columns, columnDepth: depth, vectorsAtOnce, splits };
      }
    }
  }
  if (!best) throw new RangeError('internal: no tile for int8 codes');
  return best;
}

/** The same contraction with words of four codes as its elements. */
function inWords(c: Contraction): Contraction {
  const inner = c.k.at(-1);
  if (!inner) throw new RangeError('internal: groups of four along no axis');
  const groups = makeAxis(inner.name, dim(extentOf(inner) / codesPerWord));
  const a = scaleIndex(c.a, 1 / codesPerWord);
  const terms = a.terms.map((t) => (t.atom === inner ? { factor: 1, atom: groups } : t));
  return { ...c, k: [...c.k.slice(0, -1), groups], a: { ...a, terms } };
}

/** Accumulators, and the columns' operands where more than one row uses them. */
const liveVectors = (rows: number, vectors: number, splits: number, { parts }: DotMachine): number =>
  rows * vectors * parts * splits + (rows > 1 ? vectors * parts : 0);

function splitsOf(rows: number, vectors: number, machine: DotMachine, k: number): number {
  let splits = 1;
  while (
    rows * vectors * machine.parts * splits < machine.inFlight &&
    k >= 8 * splits &&
    liveVectors(rows, vectors, splits * 2, machine) <= machine.registers
  ) {
    splits *= 2;
  }
  return splits;
}

function computeCycles(
  c: Contraction,
  rows: readonly number[],
  width: number,
  splits: number,
  machine: DotMachine,
  mayRepeat: boolean,
): number {
  const k = pointsOf(c.k);
  let cycles = 0;
  for (const column of piecesOf(extentOf(c.n), width, false)) {
    const vectors = Math.ceil(column.size / machine.lanes) * machine.parts;
    for (const { size, times } of rowPieces(c, rows, mayRepeat)) {
      const dots = size * vectors;
      const ops = dots * machine.opsPerDot + vectors * machine.opsPerColumns;
      const waits = machine.inFlight / (dots * splits);
      const loads = (size + vectors) / loadsPerCycle;
      const step = Math.max(ops / opsPerCycle, loads, waits) + loads / 8 + loopCycles / splits;
      cycles += times * column.times * (k * step + 12 + 3 * dots * splits);
    }
  }
  return cycles;
}
