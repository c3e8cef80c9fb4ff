import type { ValueId } from '../ir/graph.ts';
import type { Rule } from '../rewrite/rebuild.ts';
import type { Candidate, Level } from './candidate.ts';

/** A level that computes further values anew besides its candidate's output: all of them or none. */
export interface SpreadLevel extends Level {
  readonly others: ReadonlyMap<ValueId, Rule>;
}

const isSpread = (level: Level): level is SpreadLevel => 'others' in level;

/** The rules of a level, by the values that they replace. */
export const rulesOf = ({ output }: Candidate, level: Level): ReadonlyMap<ValueId, Rule> =>
  new Map([[output, level.rule], ...(isSpread(level) ? level.others : [])]);
