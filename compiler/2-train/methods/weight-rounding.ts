import { groupByChannel, groupByInputs } from '../../tensor/groups.ts';
import { nearestEntry, storePalette } from '../../tensor/palette.ts';
import type { Shape } from '../../tensor/shape.ts';
import { storeInteger } from '../../tensor/stored.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** How weights are going to be stored, as the planner's labels have it. */
export type WeightForm = 'int8' | 'int4' | 'int4 by output' | `palette of ${number}`;

/** Entries of a palette form; undefined for integers. */
export function entriesOf(form: WeightForm): number | undefined {
  const [, count] = /^palette of (\d+)$/.exec(form) ?? [];
  return count === undefined ? undefined : Number(count);
}

/** Rounds the weights of one constant as they are going to be stored. What was rounded stays as it is. */
export interface WeightRounding {
  /** Makes what rounding takes longer to find than a step: the palette. */
  refresh(weights: Tensor): void;
  round(weights: Tensor): Float32Array;
}

export function makeRounding(form: WeightForm, shape: Shape): WeightRounding {
  const entryCount = entriesOf(form);
  if (entryCount !== undefined) return makePaletteRounding(entryCount);
  const groups = form === 'int4' ? groupByInputs(shape, 32) : groupByChannel(shape);
  return {
    refresh: () => {},
    round: (weights) => floatsOf(storeInteger(weights, form === 'int8' ? 8 : 4, groups)),
  };
}

/** To the nearest entry of the palette that was made last; none is made of fewer weights than entries. */
function makePaletteRounding(entryCount: number): WeightRounding {
  let entries: Float32Array | undefined;
  return {
    refresh(weights) {
      const { stored } = storePalette(weights, entryCount);
      entries = stored?.kind === 'palette' ? stored.entries : undefined;
    },
    round(weights) {
      const table = entries;
      const values = floatsOf(weights);
      return table ? values.map((v) => table[nearestEntry(table, v)] ?? v) : values;
    },
  };
}

const floatsOf = ({ data }: Tensor): Float32Array =>
  data instanceof Float32Array ? data : Float32Array.from(data, Number);
