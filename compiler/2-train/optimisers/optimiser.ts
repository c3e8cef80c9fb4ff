/** What an optimiser is told of a parameter. */
export interface Learnt {
  readonly name: string;
  readonly size: number;
  readonly decays: boolean;
}

/** Moves the values of one parameter down its gradient, in place. */
export interface Update {
  step(values: Float32Array, gradient: ArrayLike<number>, rate: number): void;
  /** what it remembers of earlier steps; the arrays themselves, so that a checkpoint can be read back into them */
  readonly memory: readonly Float32Array[];
}

/** A rule of learning. Updates run over plain arrays: one loop, whatever the backend. */
export interface Optimiser {
  readonly name: string;
  /** learning rate before the schedule */
  readonly rate: number;
  start(parameter: Learnt): Update;
}
