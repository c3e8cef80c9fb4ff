import type { Augment } from '../../../compiler/2-train/augment.ts';
import type { LayerCollapseOptions } from '../../../compiler/2-train/methods/layer-collapse.ts';
import type { Optimiser } from '../../../compiler/2-train/optimisers/index.ts';
import type { Schedule } from '../../../compiler/2-train/schedules.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { beforeCollapse, blind, collapsing, dense, leastSquares, sameSize } from './collapse-arms.ts';
import { type CollapseBars, collapseGoals } from './collapse-goals.ts';
import type { Measure } from './measure.ts';
import type { Arm, ArmContext, Study } from './study.ts';

/** A network, its data and how it is trained: what differs between the studies of LayerCollapse. */
export interface CollapseStudy extends Pick<Study, 'name' | 'title' | 'runs'> {
  readonly measure: Measure;
  readonly makeDense: (context: ArmContext) => Graph;
  /** what is left where all blocks have collapsed, to train from scratch; by default that network itself, drawn anew */
  readonly makeLeft?: (context: ArmContext) => Graph;
  /** of the dense network, and of LayerCollapse after it; the same size from scratch takes as many as both */
  readonly epochs: { readonly dense: number; readonly collapse: number };
  readonly batch: number;
  readonly optimiser: Optimiser;
  readonly schedule: Schedule;
  readonly augment?: readonly Augment[];
  readonly collapse?: LayerCollapseOptions;
  /** which blocks collapse; only the first part has the arms of the penalty and of the same size */
  readonly parts: readonly [Part, ...Part[]];
  readonly bars: CollapseBars;
  /** whether the table says what share of the parameters is gone */
  readonly showsShares: boolean;
}

/** Blocks that collapse: the last ones. */
export interface Part {
  /** behind the names of its arms; empty where there is one part alone */
  readonly name: string;
  /** all by default */
  readonly blocks?: number;
}

export function makeCollapseStudy(of: CollapseStudy): Study {
  const [first] = of.parts;
  const { name, title, runs, measure, bars } = of;
  const armsOf = (part: Part): Arm[] => {
    const isFirst = part === first;
    return [
      blind(of, armName('blind collapse', part), part),
      leastSquares(of, armName('least squares, untrained', part), part),
      ...(isFirst ? [collapsing(of, armName('penalty in the loss, through Adam', part), part, { coupled: 0.1 })] : []),
      collapsing(of, armName('LayerCollapse', part), part),
      ...(isFirst ? [sameSize(of, armName('same size from scratch', part), part)] : []),
    ];
  };
  return {
    name,
    title,
    runs,
    arms: [dense(of), ...of.parts.flatMap(armsOf)],
    columns: columnsOf(of),
    goals: (results) =>
      collapseGoals(results, {
        measure,
        bars,
        before: beforeCollapse(measure),
        trained: of.parts.map((part) => armName('LayerCollapse', part)),
        blind: armName('blind collapse', first),
      }),
  };
}

const armName = (arm: string, { name }: Part): string => (name === '' ? arm : `${arm}, ${name}`);

const printShare = (share: number): string => `${(100 * share).toFixed(1)} %`;

function columnsOf({ measure, showsShares }: CollapseStudy): Study['columns'] {
  const shares = [
    { figure: 'gone', title: 'parameters gone', print: printShare },
    { figure: 'gone of the blocks', title: 'of the MLP blocks gone', print: printShare },
  ];
  return [
    { figure: measure.name, title: measure.name, print: measure.print },
    { figure: beforeCollapse(measure), title: 'before the collapse', print: measure.print },
    { figure: 'parameters', title: 'parameters', print: (v) => String(Math.round(v)) },
    ...(showsShares ? shares : []),
    { figure: 'slopes', title: 'slopes', print: (v) => v.toFixed(3) },
  ];
}
