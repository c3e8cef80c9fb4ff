import { makeAxis, scaleIndex } from '../../../compiler/kernel/index-expr.ts';
import { panelWidth } from '../../../compiler/kernel/nest.ts';
import { codesPerWord } from '../../../compiler/kernel/quantization.ts';
import { dim } from '../../../compiler/tensor/shape.ts';
import { type Contraction, extentOf, pointsOf } from './contraction.ts';
import type { DotForm } from './dots.ts';
import { piecesOf, rowPieces, rowTiles } from './row-tiles.ts';
import { type TileLoops, trafficCycles } from './tiling.ts';

/** How a contraction of int8 codes is cut. */
export interface CodesTiling extends TileLoops {
  /** vectors of columns summed at once; the rest of a tile's columns follow */
  readonly vectorsAtOnce: number;
  /** partial sums per accumulator, so that short tiles do not wait for the adder */
  readonly splits: number;
  /** groups of four codes that a step sums before they join an accumulator */
  readonly groups: number;
}

/** What one core does in a cycle with dot products of four codes. */
interface DotMachine {
  /** lanes of a vector of results */
  readonly lanes: 4 | 1;
  /** accumulators for one vector of results */
  readonly parts: 2 | 1;
  /** instructions that arithmetic units see, multiplications among them, per group of an accumulator */
  readonly opsPerGroup: number;
  readonly multipliesPerGroup: number;
  /** the same for what a step adds to an accumulator */
  readonly opsPerSum: number;
  readonly multipliesPerSum: number;
  /** the same per group of a row and per vector of columns loaded */
  readonly opsPerRow: number;
  readonly opsPerColumns: number;
  /** sums that must be under way so that none waits for the one before */
  readonly inFlight: number;
  readonly mostRows: number;
  /** accumulators and columns' operands that fit the registers */
  readonly registers: number;
}

const plain = { opsPerSum: 0, multipliesPerSum: 0, multipliesPerGroup: 1, opsPerRow: 0 };

/** Relaxed dot products are counted as x86-64 without VNNI does them, but for what it does better: pairs. */
const dotMachines: Readonly<Record<DotForm, DotMachine>> = {
  scalar: { ...plain, lanes: 1, parts: 1, opsPerGroup: 8, opsPerColumns: 0, inFlight: 2, mostRows: 1, registers: 9 },
  portable: { ...plain, lanes: 4, parts: 2, opsPerGroup: 2, opsPerColumns: 1, inFlight: 2, mostRows: 4, registers: 11 },
  relaxed: { ...plain, lanes: 4, parts: 1, opsPerGroup: 5, opsPerColumns: 1, inFlight: 8, mostRows: 4, registers: 12 },
  pairs: {
    lanes: 4,
    parts: 1,
    opsPerGroup: 2,
    multipliesPerGroup: 1,
    opsPerSum: 1,
    multipliesPerSum: 1,
    opsPerRow: 1,
    opsPerColumns: 0,
    inFlight: 2,
    mostRows: 8,
    registers: 12,
  },
};

const opsPerCycle = 4;
const multipliesPerCycle = 2;
const loadsPerCycle = 2;
/** Dot products of one step that are worth their code where several groups are summed at once. */
const mostDots = 16;
/** cycles of a step that moves and tests addresses */
const loopCycles = 1;

/**
 * The cheapest tiling by this model. Repeating rows at the edges must be allowed by the caller. Products of `most` groups
 * may be summed before they join an accumulator.
 */
export function chooseCodes(c: Contraction, form: DotForm, most: number, mayRepeat: boolean): CodesTiling {
  const machine = dotMachines[form];
  const words = inWords(c);
  let best: CodesTiling | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const groups of form === 'pairs' ? [1, 2, 4].filter((g) => g <= most) : [1]) {
    for (const rows of rowTiles(c.m, machine.mostRows)) {
      for (const vectorsAtOnce of [1, 2, 4, 8]) {
        const columns = Math.max(panelWidth, vectorsAtOnce * machine.lanes);
        if (columns > panelWidth * Math.ceil(extentOf(c.n) / panelWidth)) continue;
        const height = rows.reduce((x, y) => x * y, 1);
        if (groups > 1 && height * vectorsAtOnce * groups > mostDots) continue;
        const splits = splitsOf(height, vectorsAtOnce, groups, machine, pointsOf(words.k) / groups);
        const isTooLarge = liveVectors(height, vectorsAtOnce, groups, splits, machine) > machine.registers;
        if (isTooLarge && height * vectorsAtOnce * groups > 1) continue;
        const shape = { rows, width: vectorsAtOnce * machine.lanes, groups, splits };
        const cycles = computeCycles(words, shape, machine, mayRepeat);
        for (let depth = 0; depth <= c.m.length; depth++) {
          const cost = cycles + trafficCycles(words, rows, columns, depth);
          if (cost >= least * 0.999) continue;
          least = cost;
          best = { rows, columns, columnDepth: depth, vectorsAtOnce, splits, groups };
        }
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
const liveVectors = (rows: number, vectors: number, groups: number, splits: number, { parts }: DotMachine): number =>
  rows * vectors * parts * splits + (rows > 1 ? vectors * parts * groups : 0);

function splitsOf(rows: number, vectors: number, groups: number, machine: DotMachine, steps: number): number {
  let splits = 1;
  while (
    rows * vectors * machine.parts * splits < machine.inFlight &&
    steps >= 8 * splits &&
    liveVectors(rows, vectors, groups, splits * 2, machine) <= machine.registers
  ) {
    splits *= 2;
  }
  return splits;
}

interface DotShape {
  readonly rows: readonly number[];
  readonly width: number;
  readonly groups: number;
  readonly splits: number;
}

function computeCycles(
  c: Contraction,
  { rows, width, groups, splits }: DotShape,
  machine: DotMachine,
  mayRepeat: boolean,
): number {
  const steps = pointsOf(c.k) / groups;
  let cycles = 0;
  for (const column of piecesOf(extentOf(c.n), width, false)) {
    const vectors = Math.ceil(column.size / machine.lanes) * machine.parts;
    for (const { size, times } of rowPieces(c, rows, mayRepeat)) {
      const sums = size * vectors;
      const operands = size * machine.opsPerRow + vectors * machine.opsPerColumns;
      const ops = sums * (machine.opsPerGroup * groups + machine.opsPerSum) + groups * operands;
      const multiplies = sums * (machine.multipliesPerGroup * groups + machine.multipliesPerSum);
      const waits = machine.inFlight / (sums * splits);
      const loads = (groups * (size + vectors)) / loadsPerCycle;
      const step = Math.max(ops / opsPerCycle, multiplies / multipliesPerCycle, loads, waits) + loads / 8;
      cycles += times * column.times * (steps * (step + loopCycles / splits) + 12 + 3 * sums * splits);
    }
  }
  return cycles;
}
