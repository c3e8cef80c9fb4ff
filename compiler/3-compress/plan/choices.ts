import type { PlannedAction } from '../../ir/bundle.ts';
import type { Graph } from '../../ir/graph.ts';
import type { StructuralPass } from '../candidate.ts';
import type { Structure } from '../structure.ts';
import type { Switches } from './options.ts';
import { chooseByPrice, type Prices } from './prices.ts';
import { type ChooseEncoding, chooseEncoding, storingPasses } from './quantise.ts';
import type { SensitivityOf } from './sensitivity-by-name.ts';

/** How everything is decided: levels of places, then encodings of the constants of what that leaves. */
export interface Choices extends Structure {
  readonly encoding: (graph: Graph) => ChooseEncoding;
}

/** The least error + price everywhere in the passes that may act; forced switches decide by themselves. */
export const pricedChoices = (
  passes: ReadonlySet<StructuralPass>,
  switches: Switches,
  prices: Prices,
  sensitivityOf: SensitivityOf,
): Choices => ({
  isActive: (pass) => passes.has(pass),
  level: chooseByPrice(prices, switches, sensitivityOf),
  encoding: (graph) => chooseEncoding(switches.quantize, prices, ({ output }) => sensitivityOf(graph, output)),
});

/** What a plan says, and nothing else. `missing` is left with the decisions that found no place or no such level. */
export function plannedChoices(plan: readonly PlannedAction[], missing: Set<PlannedAction>): Choices {
  for (const decision of plan) missing.add(decision);
  const take = <T extends { readonly label: string }>(
    passes: readonly string[],
    place: string,
    offered: readonly T[],
  ): T | undefined => {
    const here = plan.filter((one) => passes.includes(one.pass) && one.place === place);
    const found = offered.find(({ label }) => here.some(({ level }) => level === label));
    for (const decision of here) if (decision.level === found?.label) missing.delete(decision);
    return found;
  };
  return {
    isActive: (pass) => plan.some((decision) => decision.pass === pass),
    level: (_graph, candidate, levels) => take([candidate.pass], candidate.name, levels),
    encoding: () => (place, offered) => take(storingPasses, place.name, offered),
  };
}
