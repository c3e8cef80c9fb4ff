import type { Graph, ValueId } from '../ir/graph.ts';
import type { Moments } from '../linalg/moments.ts';
import type { Rule } from '../rewrite/rebuild.ts';
import type { RowRequest } from './calibrate/observe.ts';

/** The lossy passes that change a graph's structure; quantisation comes after them. */
export type StructuralPass = 'collapse-layers' | 'drop-blocks' | 'trim-width' | 'truncate-rank';

/** What decides on a level. */
export interface LevelFigures {
  /** such as `rank 16`, `24 of 64 channels`, `linear`; no other level of the place has it */
  readonly label: string;
  /** predicted squared error of the place's output over its variance, on the calibration data: 0..1 */
  readonly error: number;
  /** weights of the place after; always fewer than before, or fewer multiply-adds */
  readonly parameters: number;
  readonly macs: number;
}

/** One way to make one place smaller. */
export interface Level extends LevelFigures {
  /** Computes the place's output anew, in a rebuild of the graph that the candidate was found in. */
  readonly rule: Rule;
  /** further values to compute anew with it, where several nodes read what it changes: all of them or none */
  readonly others?: ReadonlyMap<ValueId, Rule>;
}

/** What decides on a place where a lossy pass may act. */
export interface PlaceFigures {
  readonly pass: StructuralPass;
  /** name of its output value: what plans call it */
  readonly name: string;
  readonly parameters: number;
  readonly macs: number;
  /** the network's head: what a forced switch leaves alone, and only data may decide on */
  readonly isHead?: boolean | undefined;
  /** relative squared error of the network's outputs per that of the place */
  readonly sensitivity: number;
}

/** A place where a lossy pass may act. */
export interface Candidate extends Omit<PlaceFigures, 'sensitivity'> {
  /** its output: the value that a level's rule replaces */
  readonly output: ValueId;
  /** the output's features, whose variance `error` is relative to */
  readonly axis: number;
  /** statistics that `levels` asks for */
  readonly requests: readonly RowRequest[];
  /** From the least to the most compressed; empty where nothing would be smaller. */
  levels(statistics: ReadonlyMap<string, Moments>): readonly Level[];
}

/** Finds a pass's candidates. Every level of a candidate changes that candidate's own values only. */
export type FindCandidates = (graph: Graph) => readonly Candidate[];

/** The rules of a level, by the values that they replace. */
export const rulesOf = ({ output }: Candidate, { rule, others = new Map() }: Level): ReadonlyMap<ValueId, Rule> =>
  new Map([[output, rule], ...others]);
