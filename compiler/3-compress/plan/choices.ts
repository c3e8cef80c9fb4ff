import type { PlannedAction } from '../../ir/report.ts';
import { integerProductTime } from '../../kernel/quantization.ts';
import { integerProducts, kindOfLabel } from '../actions/quantize-weights.ts';
import type { StructuralPass } from '../candidate.ts';
import type { Structure } from '../structure.ts';
import { type ChooseEncoding, chooseEncoding } from './choose-encoding.ts';
import type { AttentionFigures } from './known-offers.ts';
import type { Switches } from './options.ts';
import { chooseByPrice, type Prices } from './prices.ts';
import { type Equalisation, quantisingPasses, storingPasses } from './quantise.ts';

/** How everything is decided: levels of places, then encodings of the constants of what that leaves. */
export interface Choices extends Structure {
  /** whether any constant may be stored in fewer bits */
  readonly stores: boolean;
  readonly equalised: Equalisation;
  /** undefined where no attention is to multiply integers */
  readonly attention: ((attention: AttentionFigures) => boolean) | undefined;
  readonly encoding: ChooseEncoding;
  /** reads all that is offered */
  readonly readsAll?: boolean;
}

/** The least error + price everywhere in the passes that may act; forced switches decide by themselves. */
export const pricedChoices = (passes: ReadonlySet<StructuralPass>, switches: Switches, prices: Prices): Choices => ({
  isActive: (pass) => passes.has(pass),
  stores: switches.quantize !== 'off',
  equalised: switches.quantize === 'int8' || prices.wantsIntegers ? 'where it helps' : new Set(),
  attention: attentionBy(switches, prices),
  level: chooseByPrice(prices, switches),
  encoding: chooseEncoding(switches.quantize, prices),
});

/** Forced int8 takes all; else the time saved has to be worth the error. */
function attentionBy({ quantize }: Switches, { mac, wantsIntegers }: Prices): Choices['attention'] {
  if (quantize === 'int8') return () => true;
  if (quantize !== 'auto' || !wantsIntegers) return undefined;
  return ({ error, macs, sensitivity }) => sensitivity * error < mac * (1 - integerProductTime) * macs;
}

/** What a plan says, and nothing else. `missing` is left with the decisions that found no place or no such level. */
export function plannedChoices(plan: readonly PlannedAction[], missing: Set<PlannedAction>): Choices {
  for (const decision of plan) if (decision.pass !== 'equalise-channels') missing.add(decision);
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
    stores: plan.some(({ pass }) => quantisingPasses.includes(pass)),
    attention: plan.some(({ level }) => level === integerProducts)
      ? ({ name }) => take(storingPasses, name, [{ label: integerProducts }]) !== undefined
      : undefined,
    equalised: new Set(plan.filter(({ pass }) => pass === 'equalise-channels').map(({ place }) => place)),
    level: ({ pass, name }, levels) => take([pass], name, levels),
    encoding: (place, offered) => {
      const here = plan.filter((one) => storingPasses.includes(one.pass) && one.place === place.name);
      const kinds = here.map(({ level }) => kindOfLabel(level));
      const made = offered.filter(({ kind }) => kinds.includes(kind)).flatMap((offer) => offer.make() ?? []);
      return take(storingPasses, place.name, made);
    },
  };
}

/** The same for weights that have changed since: constants take their kinds of encoding, whatever the labels are now. */
export const ofSameKinds = (plan: readonly PlannedAction[]): Choices => ({
  ...plannedChoices(plan, new Set()),
  encoding: (place, offered) => {
    const here = plan.filter((one) => storingPasses.includes(one.pass) && one.place === place.name);
    return offered.find(({ kind }) => here.some(({ level }) => kindOfLabel(level) === kind))?.make();
  },
});
