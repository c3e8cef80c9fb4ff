import type { Graph, ValueId } from '../../ir/graph.ts';
import type { Feeds, MakeRunner } from '../../ir/trial.ts';
import type { Rule } from '../../rewrite/rebuild.ts';
import { replaceNodes } from '../../rewrite/replace-nodes.ts';
import { storeFloat16 } from '../../tensor/stored.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { integerLayer, integerProducts, kindOfLabel, withConstants } from '../actions/quantize-weights.ts';
import { type Draft, draftOf } from '../draft.ts';
import { once } from '../once.ts';
import type { ChooseEncoding } from './choose-encoding.ts';
import { type AttentionFigures, type KnownOffers, makeOffersOf, type OffersOf } from './known-offers.ts';

/** The pass that stores weights in fewer bits; the latter computes in integers, too. */
export type StoringPass = 'quantize-weights' | 'quantize-activations';
export const storingPasses: readonly string[] = ['quantize-weights', 'quantize-activations'] satisfies StoringPass[];
/** With the exact pass that readies layers for integers. */
export const quantisingPasses: readonly string[] = [...storingPasses, 'equalise-channels'];

/** One constant stored in fewer bits. */
export interface StoredAction {
  readonly pass: StoringPass | 'equalise-channels';
  readonly place: string;
  readonly level: string;
  /** predicted squared error of the reading layer's output over its variance; absent where nothing is known */
  readonly error?: number;
  readonly bits: { readonly before: number; readonly after: number };
}

export interface Quantised {
  readonly graph: Graph;
  readonly actions: readonly StoredAction[];
}

/** What was decided, and the graph that it makes. */
export interface QuantisedDraft {
  readonly graph: () => Graph;
  readonly actions: readonly StoredAction[];
}

/** What decides on the integers of a graph. */
export interface QuantiseChoices {
  readonly encoding: ChooseEncoding;
  /** layers whose inputs are scaled for integers, by the names of their outputs; none where left out */
  readonly equalised?: Equalisation;
  /** whether an attention multiplies integers; none does where left out */
  readonly attention?: ((attention: AttentionFigures) => boolean) | undefined;
  /** all that is offered is going to be read: it is worth remembering */
  readonly readsAll?: boolean | undefined;
}

export type Equalisation = 'where it helps' | ReadonlySet<string>;

/** The pass that a level of a storing pass is of. */
export const storingPassOf = (level: string): StoringPass =>
  level === integerProducts || level === integerLayer ? 'quantize-activations' : 'quantize-weights';

/** Stores every constant of a graph as it is chosen. */
export const makeQuantise = (
  samples: readonly Feeds[],
  makeRunner: MakeRunner,
): ((graph: Graph, choices: QuantiseChoices) => Quantised) => {
  const quantise = makeQuantiseDraft(makeOffersOf(samples, makeRunner));
  return (original, choices) => {
    const { graph, actions } = quantise(draftOf(original), choices);
    return { graph: graph(), actions };
  };
};

/** Decides on every constant of a draft; what that makes of it is made when it is asked for. */
export const makeQuantiseDraft =
  (offersOf: OffersOf) =>
  (unequal: Draft, { encoding: choose, equalised, attention, readsAll }: QuantiseChoices): QuantisedDraft => {
    const offers = offersOf(unequal, equalised ?? new Set());
    const encodings = offers.encodings(readsAll ?? false).map(({ place, offered }) => {
      const chosen = choose(place, offered);
      return { place, chosen };
    });
    const attentions = attention ? offers.attentions().filter(attention) : [];
    const stored = encodings.flatMap(({ place, chosen }): StoredAction[] => {
      if (!chosen) return [];
      const { label, isInteger, relative, bits } = chosen;
      return [
        {
          pass: isInteger ? 'quantize-activations' : 'quantize-weights',
          place: place.name,
          level: label,
          ...(place.isPredicted && Number.isFinite(relative) && { error: relative }),
          bits: { before: 32 * place.elements, after: bits },
        },
      ];
    });
    // nothing is readied for integers where nothing is stored
    if (equalised === 'where it helps' && stored.length === 0 && attentions.length === 0)
      return { actions: [], graph: unequal.graph };
    const actions = [...offers.readers().map(describeEqualised), ...stored, ...attentions.map(describeAttention)];
    const kinds = encodings.map(({ chosen }) => chosen && kindOfLabel(chosen.label));
    const names = new Set(attentions.map(({ name }) => name));
    return { actions, graph: once(() => storeAs(offers, kinds, names)) };
  };

/** Constants by the kinds of their encodings, in the order of the offers, a bias in float16 or as it is; attentions by name. */
function storeAs(
  { real }: KnownOffers,
  kinds: readonly (string | undefined)[],
  attentions: ReadonlySet<string>,
): Graph {
  const graph = real.graph();
  const tensors = new Map<ValueId, Tensor>();
  const biases = new Map<ValueId, Tensor>();
  const rules = new Map<ValueId, Rule>();
  for (const [i, { place, offered }] of real.encodings().entries()) {
    const made = offered.find(({ kind }) => kind === kinds[i])?.make();
    if (!made) continue;
    if (made.rule) rules.set(place.output, made.rule);
    tensors.set(place.constant, made.tensor);
    if (place.bias && made.bias) biases.set(place.bias.id, made.bias);
  }
  // a bias is a constant of its own, too: what it takes up goes into the form that it is stored in
  for (const [id, bias] of biases) tensors.set(id, tensors.get(id)?.stored ? storeFloat16(bias) : bias);
  if (attentions.size > 0) {
    for (const { name, output, rule } of real.attentions()) if (attentions.has(name)) rules.set(output, rule);
  }
  const stored = withConstants(graph, tensors);
  return rules.size > 0 ? replaceNodes(stored, rules).graph : stored;
}

const describeEqualised = (place: string): StoredAction => ({
  pass: 'equalise-channels',
  place,
  level: 'for integers',
  error: 0,
  bits: { before: 0, after: 0 },
});

const describeAttention = ({ name, error }: AttentionFigures): StoredAction => ({
  pass: 'quantize-activations',
  place: name,
  level: integerProducts,
  error,
  bits: { before: 0, after: 0 },
});
