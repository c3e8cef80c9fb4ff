import { bug } from '../../diagnostics/index.ts';
import { integerTimeOver } from '../../kernel/quantization.ts';
import type { Matrix } from '../../linalg/matrix.ts';
import { isQuantizable } from '../../rewrite/quantize-layer.ts';
import type { Rule } from '../../rewrite/rebuild.ts';
import { groupByChannel, groupByInputs } from '../../tensor/groups.ts';
import { elementCount } from '../../tensor/shape.ts';
import { bitsOf, storeFloat16, storeInteger } from '../../tensor/stored.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { once } from '../once.ts';
import { codeEntropy } from './code-entropy.ts';
import { compensateRounding, inverseHessians } from './compensate-rounding.ts';
import { type Guess, makeGuess } from './guess-rounding.ts';
import { offerPalettes, type Palette } from './offer-palettes.ts';
import { makeIntegerLayer } from './quantize-activations.ts';
import { type Evidence, importanceOf, makeEffect, shiftBias } from './rounding-effect.ts';
import { macsOfPlace, type StoredPlace } from './stored-places.ts';

export type { Evidence } from './rounding-effect.ts';
export { findStoredPlaces, macsOfPlace, type StoredPlace, withConstants } from './stored-places.ts';

/** One way to store it. */
export interface Encoding {
  readonly label: string;
  readonly tensor: Tensor;
  /** bits of codes, scales and entries, before compression */
  readonly bits: number;
  /** about what a compressor leaves of them: the entropy of single codes instead of their size */
  readonly compressedBits: number;
  /** expected squared error of the output: sum over features, at one position; NaN where nothing is known of x */
  readonly error: number;
  /** the bias that keeps the mean output; undefined where there is none to change */
  readonly bias: Tensor | undefined;
  /** bytes in memory once loaded */
  readonly memory: number;
  /** multiply-adds of its layer, an integer one counted by the time it takes of a float one; 0 where it is no layer's */
  readonly macs: number;
  /** computes the layer anew instead: in integers, or with scales behind it */
  readonly rule?: Rule;
  /** the rule computes in integers, inputs too */
  readonly isInteger: boolean;
}

/** A way to store a place, made when it is asked for. */
export interface EncodingOffer {
  /** what the label of the encoding starts with, and those of other offers do not */
  readonly kind: string;
  readonly guess: Guess;
  readonly memory: number;
  readonly macs: number;
  /** undefined where the values do not allow it */
  make(): Encoding | undefined;
}

/** The level of a layer that multiplies integers. */
export const integerLayer = 'int8 with inputs';
/** The level of an attention that does. */
export const integerProducts = 'int8 products';

/** The kind of offer that an encoding came from. */
export const kindOfLabel = (label: string): string => kinds.exec(label)?.[0] ?? label;

/** The longer of two that begin alike comes first. */
const kinds = new RegExp(`^(?:float16|${integerLayer}|${integerProducts}|int8|int4 by output|int4|palette of \\d+)`);

/**
 * int8 by output, int4 in groups of 32 inputs or by output, palettes, the coarse ones with their rounding compensated
 * where there are rows enough; float16 for what is no layer's weights, and palettes where it is added as it is.
 */
export function encodingsOf(place: StoredPlace, evidence: Evidence): EncodingOffer[] {
  const { tensor } = place;
  const effectOf = once(() => makeEffect(place, evidence));
  const importance = once(() => importanceOf(place, evidence));
  const guess = once(() => makeGuess(tensor, importance()));
  const hessians = once(() => (evidence.kind === 'rows' ? inverseHessians(evidence.rows) : undefined));
  const cost = { memory: 4 * elementCount(tensor.shape), macs: macsOfPlace(place) };
  const describe = (label: string, stored: Tensor, tableBits: number): Encoding | undefined =>
    stored.stored && {
      label,
      tensor: stored,
      isInteger: false,
      ...bitsIn(stored, tableBits),
      ...cost,
      ...effectOf()(stored),
    };
  const offer = (kind: string, guessed: () => Guess, make: () => Encoding | undefined): EncodingOffer => {
    const known = once(guessed);
    return {
      kind,
      ...cost,
      get guess() {
        return known();
      },
      make: once(make),
    };
  };
  const half = offer(
    'float16',
    () => guess().float16(),
    () => describe('float16', storeFloat16(tensor), 0),
  );
  if (!place.x) return [half];
  const byOutput = groupByChannel(tensor.shape);
  const integer = (kind: string, bits: 8 | 4, groups: Int32Array): EncodingOffer => {
    const tableBits = 16 * (1 + (groups.at(-1) ?? 0));
    const limit = 2 ** (bits - 1) - 1;
    return offer(
      kind,
      () => guess().integer(limit, groups),
      () => {
        const stored = storeInteger(tensor, bits, groups);
        const nearest = describe(kind, stored, tableBits);
        const blocks = bits === 4 ? hessians() : undefined;
        if (!blocks || !nearest) return nearest;
        const spread = describe(`${kind}, compensated`, compensateRounding(tensor, stored, blocks), tableBits);
        return spread && spread.error < nearest.error ? spread : nearest;
      },
    );
  };
  const palettes = offerPalettes(place, { effectOf, importance, hessians }).map(({ entries, make }) =>
    offer(
      `palette of ${entries}`,
      () => guess().palette(entries),
      () => encodingOfPalette(make(), tensor, cost),
    ),
  );
  // scales by row are for rows that lie one below the other
  if (place.node.op === 'add') return [half, ...palettes];
  return [
    half,
    integer('int8', 8, byOutput),
    ...palettes,
    integer('int4', 4, groupByInputs(tensor.shape, 32)),
    integer('int4 by output', 4, byOutput),
    ...inIntegers(place, evidence, (rows) => guess().withInputs(rows, byOutput)),
  ];
}

function encodingOfPalette(
  palette: Palette | undefined,
  tensor: Tensor,
  cost: Pick<Encoding, 'memory' | 'macs'>,
): Encoding | undefined {
  if (!palette) return undefined;
  const { label, tensor: codes, tableBits, effect, scaled } = palette;
  return {
    label,
    // a layer of scaled outputs has a constant of its own
    tensor: scaled ? tensor : codes,
    isInteger: false,
    ...bitsIn(scaled?.codes ?? codes, tableBits),
    ...cost,
    ...effect,
    ...(scaled && { rule: scaled.rule }),
  };
}

/** Bits of the codes as they are and as they compress, tables added to both. */
function bitsIn({ stored, data }: Tensor, tableBits: number): Pick<Encoding, 'bits' | 'compressedBits'> {
  if (!stored) throw bug('an encoding without codes');
  return {
    bits: data.length * bitsOf(stored) + tableBits,
    compressedBits: codeEntropy(stored, data) + tableBits,
  };
}

/** The rule on a node of another bias. */
const withBias = (rule: Rule, bias: Tensor | undefined): Rule =>
  bias === undefined
    ? rule
    : ({ node, inputs }, rewriter) => {
        const [x, w, b] = inputs;
        if (x === undefined || w === undefined || b === undefined) return undefined;
        return rule({ node, inputs: [x, w, rewriter.constant(bias, rewriter.nameOf(b))] }, rewriter);
      };

/** The layer in integers, inputs too, where kernels can do that. */
function inIntegers(place: StoredPlace, evidence: Evidence, guess: (rows: Matrix) => Guess): EncodingOffer[] {
  const { tensor, node } = place;
  const isEligible = isQuantizable(node, tensor) && !place.isShared;
  if (evidence.kind !== 'rows' || !isEligible) return [];
  const { rows, ranges } = evidence;
  const label = integerLayer;
  const cost = { memory: elementCount(tensor.shape), macs: integerTimeOver(rows.columns) * macsOfPlace(place) };
  const known = once(() => guess(rows));
  const make = once((): Encoding => {
    const { rule, error, shift, bits } = makeIntegerLayer(tensor, rows, {
      ranges,
      keepsMean: place.bias !== undefined,
    });
    const alike = storeInteger(tensor, 8, groupByChannel(tensor.shape));
    const saved = alike.stored ? 8 * elementCount(tensor.shape) - codeEntropy(alike.stored, alike.data) : 0;
    return {
      label,
      tensor,
      bits,
      compressedBits: bits - saved,
      error,
      // with the rule: a layer that stays as it is keeps its bias
      bias: undefined,
      rule: withBias(rule, shiftBias(place.bias, shift)),
      isInteger: true,
      ...cost,
    };
  });
  return [
    {
      kind: label,
      ...cost,
      get guess() {
        return known();
      },
      make,
    },
  ];
}
