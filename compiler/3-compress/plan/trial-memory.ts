import type { PlannedAction } from '../../ir/bundle.ts';
import type { Figures } from './limits.ts';

/** What makes a result again. */
export type Decisions = readonly PlannedAction[];

/** Relative squared error of the outputs per that of a value, by the value's name. */
export type RememberedSensitivities = readonly (readonly [string, number])[];

/** What was found out earlier about the same model, with the same data, switches and target. */
export interface TrialMemory {
  /** what the planner decided when it was asked this */
  recallDecisions(question: string): Decisions | undefined;
  rememberDecisions(question: string, decisions: Decisions): void;
  /** what was measured of decisions */
  recallFigures(decisions: Decisions): Figures | undefined;
  rememberFigures(decisions: Decisions, figures: Figures): void;
  recallSensitivities(): RememberedSensitivities | undefined;
  rememberSensitivities(all: RememberedSensitivities): void;
}

/** Remembers nothing. */
export const noMemory: TrialMemory = {
  recallDecisions: () => undefined,
  rememberDecisions: () => {},
  recallFigures: () => undefined,
  rememberFigures: () => {},
  recallSensitivities: () => undefined,
  rememberSensitivities: () => {},
};
