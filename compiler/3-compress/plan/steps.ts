import type { PlannedAction } from '../../ir/report.ts';
import { integerProductTime } from '../../kernel/quantization.ts';
import { integerProducts, kindOfLabel } from '../actions/quantize-weights.ts';
import type { LevelFigures } from '../candidate.ts';
import type { Choices } from './choices.ts';
import { bytesPerWeight } from './prices.ts';
import { storingPasses, storingPassOf } from './quantise.ts';

/** What a level takes and costs. */
export interface OfferedLevel {
  readonly label: string;
  /** expected of the download; only differences within a place mean something */
  readonly bytes: number;
  readonly memory: number;
  readonly macs: number;
  /** predicted relative squared error of the model's outputs */
  readonly error: number;
}

/** What each place was offered, as one build saw it, being left alone first; by pass and place. */
export type Offers = Map<string, readonly OfferedLevel[]>;
/** Labels that places are to take, by pass and place. */
export type Overrides = ReadonlyMap<string, string>;

/** Labels as they are offered: of encodings their kinds. */
export const offeredLabel = (pass: string, label: string): string =>
  storingPasses.includes(pass) ? kindOfLabel(label) : label;

/** The label of a place that is left alone. */
export const untouched = 'as it is';

const storing = 'store';

/** The passes that store a place's weights are one: a place takes one of all their encodings. */
export const placeKey = (pass: string, place: string): string =>
  `${storingPasses.includes(pass) ? storing : pass} ${place}`;

/** The same choices, but for the overrides; notes what each place was offered. */
export const withOverrides = (
  { isActive, stores, equalised, attention, level, encoding }: Choices,
  overrides: Overrides,
  offers: Offers,
): Choices => ({
  isActive,
  stores,
  equalised,
  readsAll: true,
  attention:
    attention &&
    ((one) => {
      const { macs, error, sensitivity } = one;
      const key = placeKey('quantize-activations', one.name);
      const cost = { bytes: 0, memory: 0 };
      offers.set(key, [
        { label: untouched, ...cost, macs, error: 0 },
        { label: integerProducts, ...cost, macs: integerProductTime * macs, error: sensitivity * error },
      ]);
      const wanted = overrides.get(key);
      return wanted === undefined ? attention(one) : wanted === integerProducts;
    }),
  level: (place, levels) => {
    const key = placeKey(place.pass, place.name);
    const note = ({ label, parameters, macs, error }: LevelFigures): OfferedLevel => ({
      label,
      macs,
      bytes: parameters * bytesPerWeight.auto,
      memory: 4 * parameters,
      error: place.sensitivity * error,
    });
    const before = offers.get(key) ?? [note({ ...place, label: untouched, error: 0 })];
    offers.set(key, [...before, ...levels.map(note)]);
    const wanted = overrides.get(key);
    if (wanted === untouched) return undefined;
    return levels.find(({ label }) => label === wanted) ?? level(place, levels);
  },
  encoding: (place, offered) => {
    const key = placeKey('quantize-weights', place.name);
    const { elements, sensitivity } = place;
    const wanted = overrides.get(key);
    const override = offered.find(({ kind }) => wanted !== undefined && kind === kindOfLabel(wanted))?.make();
    const chosen = wanted === untouched ? undefined : (override ?? encoding(place, offered));
    const guessed = offered.find(({ kind }) => chosen && kind === kindOfLabel(chosen.label))?.relative ?? 0;
    const ratio = chosen && guessed > 0 ? chosen.relative / guessed : 1;
    offers.set(key, [
      { label: untouched, bytes: 4 * elements, memory: 4 * elements, macs: place.macs, error: 0 },
      ...offered.map(({ kind, compressedBits, relative, memory, macs }) => ({
        label: kind,
        memory,
        macs,
        bytes: compressedBits / 8,
        error: sensitivity * ratio * relative,
      })),
    ]);
    return chosen;
  },
});

/** One place takes another level. */
export interface Step {
  readonly key: string;
  readonly label: string;
}

/** The same with what is expected of it. */
export interface ForeseenStep extends Step {
  readonly saved: number;
  /** relative squared error of the outputs that it adds */
  readonly error: number;
}

/** What a step decides, of the pass that has its level. */
export function decisionOf({ key, label }: Step): PlannedAction {
  const end = key.indexOf(' ');
  const pass = key.slice(0, end);
  return { pass: pass === storing ? storingPassOf(label) : pass, place: key.slice(end + 1), level: label };
}

export const stepKey = ({ key, label }: Step): string => `${key}: ${label}`;

/** What steps are to save, or may take. */
export type Amount = 'bytes' | 'memory' | 'macs';

/** Steps that save less than this share of the largest place are not worth a build. */
const leastShare = 0.02;

interface Known {
  readonly labels: ReadonlyMap<string, string>;
  readonly offers: Offers;
  /** steps that were tried in vain */
  readonly futile: ReadonlySet<string>;
}

/**
 * Steps of one place to a smaller level, those first that add least error for what they save, one per place. One price
 * for all places takes levels on the lower hull of each place's curve only; steps reach those above it, too.
 */
export function stepsDown({ labels, offers, futile }: Known, amount: Amount, count: number): ForeseenStep[] {
  const largest = Math.max(0, ...[...offers.values()].map(([alone]) => alone?.[amount] ?? 0));
  return cheapest(offers, count, (key, levels) => {
    const current = levels.find(({ label }) => label === labels.get(key)) ?? levels[0];
    return levels.flatMap((level) => {
      const saved = (current?.[amount] ?? 0) - level[amount];
      if (saved < leastShare * largest || futile.has(stepKey({ key, label: level.label }))) return [];
      const error = Math.max(0, level.error - (current?.error ?? 0));
      return [{ key, label: level.label, saved, error, cost: error / saved }];
    });
  });
}

/** Steps of one place to a level that takes more, `room` at most, those first that take most error away, one per place. */
export function stepsUp({ labels, offers, futile }: Known, amount: Amount, room: number, count: number): Step[] {
  return cheapest(offers, count, (key, levels) => {
    const current = levels.find(({ label }) => label === labels.get(key)) ?? levels[0];
    return levels.flatMap((level) => {
      const taken = level[amount] - (current?.[amount] ?? 0);
      const relief = (current?.error ?? 0) - level.error;
      if (!(taken > 0 && taken <= room && relief > 0) || futile.has(stepKey({ key, label: level.label }))) return [];
      return [{ key, label: level.label, saved: -taken, error: -relief, cost: -relief }];
    });
  });
}

type Costed = ForeseenStep & { readonly cost: number };

function cheapest(
  offers: Offers,
  count: number,
  stepsOf: (key: string, levels: readonly OfferedLevel[]) => readonly Costed[],
): ForeseenStep[] {
  const steps = [...offers].flatMap(([key, levels]) => {
    const [best] = [...stepsOf(key, levels)].sort((a, b) => a.cost - b.cost);
    return best ? [best] : [];
  });
  const ordered = steps.sort((a, b) => a.cost - b.cost).slice(0, count);
  return ordered.map(({ key, label, saved, error }) => ({ key, label, saved, error }));
}
