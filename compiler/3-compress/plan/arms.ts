import type { StructuralPass } from '../candidate.ts';

/** Structural passes that act together in one trial; the passes that store weights in fewer bits may always. */
export interface Arm {
  readonly name: string;
  readonly passes: ReadonlySet<StructuralPass>;
}

/** Passes of which every combination is tried; of more only some are. */
const mostCombined = 3;

/**
 * Which passes act changes what the others find, and a price per place cannot see that: combinations are tried beside each
 * other. `forced` passes are in all of them. All combinations of few free passes; of more: all, all but one, each alone, none.
 */
export function armsOf(forced: readonly StructuralPass[], free: readonly StructuralPass[]): Arm[] {
  const sets = free.length <= mostCombined ? subsetsOf(free) : fewSubsetsOf(free);
  return sets.map((set) => {
    const passes = new Set([...forced, ...set]);
    return { passes, name: [...passes].join(' + ') || 'weights alone' };
  });
}

/** Largest first. */
function subsetsOf(passes: readonly StructuralPass[]): StructuralPass[][] {
  const masks = Array.from({ length: 2 ** passes.length }, (_, mask) => passes.filter((_, i) => mask & (1 << i)));
  return masks.sort((a, b) => b.length - a.length);
}

const fewSubsetsOf = (passes: readonly StructuralPass[]): StructuralPass[][] => [
  [...passes],
  ...passes.map((left) => passes.filter((pass) => pass !== left)),
  ...passes.map((pass) => [pass]),
  [],
];
