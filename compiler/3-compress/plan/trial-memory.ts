import type { PlannedAction } from '../../ir/report.ts';
import { forgetful, type Remembered } from '../remembered.ts';
import { noStructureMemory, type StructureMemory } from '../structure.ts';
import { noStoringMemory, type StoringMemory } from './known-offers.ts';
import type { Figures } from './limits.ts';

/** What makes a result again. */
export type Decisions = readonly PlannedAction[];

export const decisionsOf = (actions: Decisions): Decisions =>
  actions.map(({ pass, place, level }) => ({ pass, place, level }));

/** What was found out earlier about the same model, with the same data, switches and target. */
export interface TrialMemory extends StructureMemory, StoringMemory {
  /** relative squared error of the outputs per that of a value, by the value's name; asked for as '' */
  readonly sensitivities: Remembered<readonly (readonly [string, number])[]>;
  /** what was measured of decisions, as JSON */
  readonly figures: Remembered<Figures>;
  /** relative error of the outputs after each of the decisions in turn, which are asked for as JSON */
  readonly errors: Remembered<readonly number[]>;
}

export const noMemory: TrialMemory = {
  ...noStructureMemory,
  ...noStoringMemory,
  sensitivities: forgetful,
  figures: forgetful,
  errors: forgetful,
};
