import type { Graph } from '../../../compiler/ir/graph.ts';
import type { StudyData } from './data.ts';

/** What one arm of a study gives for one seed on one data set; every figure as it was measured. */
export type Figures = Readonly<Record<string, number | string | readonly number[]>>;

/** What an arm works with. */
export interface ArmContext {
  readonly seed: number;
  readonly data: StudyData;
  /** the network that another arm trained, which runs before this one */
  networkOf(arm: string): Promise<Graph>;
  /** one line while it works */
  readonly tell: (line: string) => void;
}

export interface ArmResult {
  readonly figures: Figures;
  /** kept on this machine for the arms that begin with it */
  readonly network?: Graph;
}

/** One way to train or compress, beside which others stand. */
export interface Arm {
  readonly name: string;
  /** arms whose network it begins with */
  readonly after?: readonly string[];
  run(context: ArmContext): Promise<ArmResult>;
}

/** One figure that the issue asks for, from the results of all seeds. */
export interface StudyGoal {
  readonly goal: string;
  readonly measured: string;
  readonly isMet: boolean;
}

/** Results by arm, one for each seed. */
export type Results = ReadonlyMap<string, readonly Figures[]>;

export interface Study {
  readonly name: string;
  readonly title: string;
  /** data sets and the seeds of each */
  readonly runs: readonly { readonly data: string; readonly seeds: readonly number[] }[];
  readonly arms: readonly Arm[];
  /** columns of its table: the figure and how it is printed */
  readonly columns: readonly { readonly figure: string; readonly title: string; print(value: number): string }[];
  readonly goals: (results: Results, data: string) => readonly StudyGoal[];
}
