import type { PlannedAction } from '../../ir/bundle.ts';
import type { Figures } from './limits.ts';
import type { OfferedLevel } from './steps.ts';

/** What makes a result again. */
export type Decisions = readonly PlannedAction[];

export const decisionsOf = (actions: Decisions): Decisions =>
  actions.map(({ pass, place, level }) => ({ pass, place, level }));

/** Relative squared error of the outputs per that of a value, by the value's name. */
export type RememberedSensitivities = readonly (readonly [string, number])[];

/** What places were offered, by pass and place. */
export type RememberedOffers = readonly (readonly [string, readonly OfferedLevel[]])[];

/** What was found out earlier about the same model, with the same data, switches and target. */
export interface TrialMemory {
  /** what the planner decided when it was asked this */
  recallDecisions(question: string): Decisions | undefined;
  rememberDecisions(question: string, decisions: Decisions): void;
  /** what was measured of decisions */
  recallFigures(decisions: Decisions): Figures | undefined;
  rememberFigures(decisions: Decisions, figures: Figures): void;
  /** what places were offered where the planner was asked this */
  recallOffers(question: string): RememberedOffers | undefined;
  rememberOffers(question: string, offers: RememberedOffers): void;
  /** relative error of the outputs after each of the decisions in turn */
  recallErrors(decisions: Decisions): readonly number[] | undefined;
  rememberErrors(decisions: Decisions, errors: readonly number[]): void;
  recallSensitivities(): RememberedSensitivities | undefined;
  rememberSensitivities(all: RememberedSensitivities): void;
}

/** Remembers nothing. */
export const noMemory: TrialMemory = {
  recallDecisions: () => undefined,
  rememberDecisions: () => {},
  recallFigures: () => undefined,
  rememberFigures: () => {},
  recallOffers: () => undefined,
  rememberOffers: () => {},
  recallErrors: () => undefined,
  rememberErrors: () => {},
  recallSensitivities: () => undefined,
  rememberSensitivities: () => {},
};
