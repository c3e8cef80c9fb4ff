/** One figure that issue 3 asks for, and what was measured. */
export interface Goal {
  readonly goal: string;
  readonly measured: string;
  readonly isMet: boolean;
}

/** What a case gives: a table for people, goals, and every figure as it was measured. */
export interface CaseResult {
  /** sets and how many samples of each */
  readonly data: string;
  readonly table: readonly (readonly string[])[];
  readonly goals: readonly Goal[];
  readonly figures: unknown;
}

/** Folders that a case may use. */
export interface Places {
  /** `data/` and `models/`, as the README of the benchmark says */
  readonly shared: string;
  /** models that are trained here */
  readonly trained: string;
}

export interface BenchCase {
  readonly name: string;
  readonly run: (places: Places) => Promise<CaseResult>;
}
