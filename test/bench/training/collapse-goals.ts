import type { Measure } from './measure.ts';
import type { Figures, Results, StudyGoal } from './study.ts';
import { meanOf } from './summary.ts';

/** What the issue asks of one study and not of all; accuracies in points. */
export interface CollapseBars {
  /** LayerCollapse below the dense network */
  readonly mostBelowDense?: number;
  /** of the dense network's parameters, from 0 to 1 */
  readonly leastGone?: number;
  /** LayerCollapse above the blind collapse */
  readonly leastAboveBlind?: number;
}

export interface Judged {
  readonly measure: Measure;
  /** figure of the measure before the collapse */
  readonly before: string;
  readonly bars: CollapseBars;
  /** arms of LayerCollapse; bars are for the first */
  readonly trained: readonly string[];
  /** arm whose blocks are those of the first */
  readonly blind: string;
}

const numbers = (all: readonly Figures[], figure: string): number[] => all.map((one) => Number(one[figure]));

export function collapseGoals(results: Results, { measure, before, bars, trained, blind }: Judged): StudyGoal[] {
  const all = trained.flatMap((arm) => results.get(arm) ?? []);
  if (all.length === 0) return [];
  const slopes = all.flatMap(({ slopes: own }) => (Array.isArray(own) ? own.map(Number) : []));
  const farthest = Math.max(...slopes.map((slope) => Math.abs(slope - 1)));
  const changes = all.map((one) => Math.abs(Number(one[measure.name]) - Number(one[before])));
  const { value, text } = measure.slight;
  const first = results.get(trained[0] ?? '') ?? [];
  return [
    { goal: 'all slopes within 0.01 of 1', measured: `at most ${farthest.toFixed(4)} away`, isMet: farthest <= 0.01 },
    {
      goal: `the collapse itself changes ${measure.name} by at most ${text}`,
      measured: `at most ${Math.max(...changes).toFixed(2)}`,
      isMet: Math.max(...changes) <= value,
    },
    ...barGoals(bars, first, results.get('dense') ?? [], results.get(blind) ?? []),
  ];
}

/** Those whose arms have results. */
function barGoals(
  { mostBelowDense, leastGone, leastAboveBlind }: CollapseBars,
  trained: readonly Figures[],
  dense: readonly Figures[],
  blind: readonly Figures[],
): StudyGoal[] {
  if (trained.length === 0 || dense.length === 0) return [];
  const accuracy = meanOf(numbers(trained, 'accuracy'));
  const goals: StudyGoal[] = [];
  if (mostBelowDense !== undefined) {
    const below = meanOf(numbers(dense, 'accuracy')) - accuracy;
    goals.push({
      goal: `at most ${countPoints(mostBelowDense)} below the dense network`,
      measured: below.toFixed(2),
      isMet: below <= mostBelowDense,
    });
  }
  if (leastGone !== undefined) {
    const gone = 1 - meanOf(numbers(trained, 'parameters')) / meanOf(numbers(dense, 'parameters'));
    goals.push({
      goal: `at least ${100 * leastGone} % of the parameters gone`,
      measured: `${(100 * gone).toFixed(1)} %`,
      isMet: gone >= leastGone,
    });
  }
  if (leastAboveBlind !== undefined && blind.length > 0) {
    const above = accuracy - meanOf(numbers(blind, 'accuracy'));
    goals.push({
      goal: `at least ${countPoints(leastAboveBlind)} above the blind collapse`,
      measured: above.toFixed(2),
      isMet: above >= leastAboveBlind,
    });
  }
  return goals;
}

const countPoints = (points: number): string => `${points} ${points === 1 ? 'point' : 'points'}`;
