import type { Choices } from './choices.ts';
import { bytesPerWeight } from './prices.ts';
import { storingPasses } from './quantise.ts';
import type { SensitivityOf } from './sensitivity-by-name.ts';

/** What a place was offered, as the last build saw it. */
export interface OfferedPlace {
  /** bytes when it is left alone */
  readonly bytes: number;
  readonly levels: readonly OfferedLevel[];
}

export interface OfferedLevel {
  readonly label: string;
  readonly bytes: number;
  /** predicted relative squared error of the model's outputs */
  readonly error: number;
}

/** By pass and place. */
export type Offers = Map<string, OfferedPlace>;
/** Labels that places are to take, by pass and place. */
export type Overrides = ReadonlyMap<string, string>;

/** The passes that store a place's weights are one: a place takes one of all their encodings. */
export const placeKey = (pass: string, place: string): string =>
  `${storingPasses.includes(pass) ? 'store' : pass} ${place}`;

/** The same choices, but for the overrides; notes what each place was offered. */
export const withOverrides = (
  { level, encoding }: Choices,
  overrides: Overrides,
  offers: Offers,
  sensitivityOf: SensitivityOf,
): Choices => ({
  level: (graph, candidate, levels) => {
    const key = placeKey(candidate.pass, candidate.name);
    const sensitivity = sensitivityOf(graph, candidate.output);
    const bytesOf = (parameters: number): number => parameters * bytesPerWeight.auto;
    const noted = levels.map(({ label, parameters, error }) => ({
      label,
      bytes: bytesOf(parameters),
      error: sensitivity * error,
    }));
    const before = offers.get(key)?.levels ?? [];
    offers.set(key, { bytes: bytesOf(candidate.parameters), levels: [...before, ...noted] });
    const wanted = overrides.get(key);
    return levels.find(({ label }) => label === wanted) ?? level(graph, candidate, levels);
  },
  encoding: (graph) => (place, offered) => {
    const key = placeKey('quantize-weights', place.name);
    const sensitivity = sensitivityOf(graph, place.output);
    const noted = offered.map(({ label, bits, relative }) => ({
      label,
      bytes: bits / 8,
      error: sensitivity * relative,
    }));
    offers.set(key, { bytes: 4 * place.tensor.data.length, levels: noted });
    const wanted = overrides.get(key);
    return offered.find(({ label }) => label === wanted) ?? encoding(graph)(place, offered);
  },
});

export const stepKey = ({ key, label }: Step): string => `${key}: ${label}`;

/** Steps that save less than this share of the largest place's bytes are not worth a build. */
const leastShare = 0.02;

export interface Step {
  readonly key: string;
  readonly label: string;
}

/**
 * Steps of one place to a smaller level, those first that add least error for the bytes they save, one per place. One
 * price for all places takes levels on the lower hull of each place's curve only; steps reach those above it, too.
 * `futile` steps are left out.
 */
export function cheapestSteps(
  decided: readonly { readonly pass: string; readonly place: string; readonly level: string }[],
  offers: Offers,
  futile: ReadonlySet<string>,
  count: number,
): Step[] {
  const labels = new Map(decided.map(({ pass, place, level }) => [placeKey(pass, place), level]));
  const largest = Math.max(0, ...[...offers.values()].map(({ bytes }) => bytes));
  const steps = [...offers].flatMap(([key, { bytes, levels }]) => {
    const current = levels.find(({ label }) => label === labels.get(key)) ?? { bytes, error: 0 };
    let best: (Step & { readonly cost: number }) | undefined;
    for (const level of levels) {
      const saved = current.bytes - level.bytes;
      if (saved < leastShare * largest || futile.has(stepKey({ key, label: level.label }))) continue;
      const cost = Math.max(0, level.error - current.error) / saved;
      if (best === undefined || cost < best.cost) best = { key, label: level.label, cost };
    }
    return best ? [best] : [];
  });
  return steps.sort((a, b) => a.cost - b.cost).slice(0, count);
}
