import type { Offer } from './search.ts';
import type { Overrides } from './steps.ts';

/** What a trial is asked. */
export interface Asked {
  readonly offer: Offer;
  readonly overrides: Overrides;
}

/** Those who measure trials while others are measured here, and tell what decides and what was measured (`TrialMemory`). */
export interface Helpers {
  /** whether they are there by now: a search of a few seconds is over before they are */
  readonly areReady: boolean;
  /** They begin with it, or will. */
  begin(asked: Asked): void;
  /** Until what they found of it is remembered; at once for what they did not begin, or could not do. */
  done(asked: Asked): Promise<void>;
}

/** Thrown where something would have to be found out that is not remembered. */
export class NotRemembered extends Error {}
