import type { Rule } from '../../rewrite/rebuild.ts';
import { scaleOutputs } from '../../rewrite/scale-outputs.ts';
import { decodeBfloat16, encodeBfloat16 } from '../../tensor/convert.ts';
import { storePalette } from '../../tensor/palette.ts';
import { elementCount, sizeAt } from '../../tensor/shape.ts';
import { type SortedElements, sortElements } from '../../tensor/sorted-elements.ts';
import { makeTensor, type Tensor } from '../../tensor/tensor.ts';
import { once } from '../once.ts';
import { codeEntropy } from './code-entropy.ts';
import { compensateRounding, type HessianBlock } from './compensate-rounding.ts';
import type { Effect } from './rounding-effect.ts';
import type { StoredPlace } from './stored-places.ts';

/** Entries from the finest palette to the coarsest, and those whose rounding is worth compensating. */
const sizes = [256, 128, 64, 32, 16, 8, 4];
const coarsest = 64;

/** One palette for a layer's weights, and what the layer computes with it. */
export interface Palette {
  readonly label: string;
  /** the weights as the layer sees them */
  readonly tensor: Tensor;
  /** of scales and entries */
  readonly tableBits: number;
  readonly effect: Effect;
  /** where the codes are of weights scaled by output: computes the layer anew with them */
  readonly scaled: { readonly rule: Rule; readonly codes: Tensor } | undefined;
}

interface Knowledge {
  readonly effectOf: () => (rounded: Tensor) => Effect;
  /** what a squared error of each weight costs; undefined where nothing is known of the inputs */
  readonly importance: () => Float64Array | undefined;
  readonly hessians: () => readonly HessianBlock[] | undefined;
}

/** A palette of one size, made when it is asked for; undefined where there are fewer weights. */
export interface PaletteOffer {
  readonly entries: number;
  make(): Palette | undefined;
}

/** Weights that palettes are made of, sorted once for all sizes. */
interface Source {
  readonly kind: '' | ' weighted' | ' by output';
  readonly weights: Tensor;
  readonly sorted: () => SortedElements | undefined;
  /** of the outputs, which the weights are divided by */
  readonly scales: Float32Array | undefined;
}

/**
 * Palettes of 4 to 256 entries, one of each size: k-means over the tensor, weighted by what an error of each weight costs
 * (GWK, papers.md 4.8), or weighted and over outputs of equal size, each with a scale of its own. Of these the one of least
 * expected error is taken, a bit a weight counted as worth a quarter of the error; coarse ones are compensated (GPTQ) where
 * that helps.
 */
export function offerPalettes(place: StoredPlace, knowledge: Knowledge): PaletteOffer[] {
  const sources = once(() => sourcesOf(place, knowledge.importance()));
  return sizes.map((entries) => ({ entries, make: () => makePalette(sources(), entries, knowledge) }));
}

function makePalette(
  sources: readonly Source[],
  entries: number,
  { effectOf, importance, hessians }: Knowledge,
): Palette | undefined {
  const made = sources.flatMap((source): Made[] => {
    const codes = storePalette(source.weights, entries, source.sorted());
    return codes.stored ? [makePaletteOf(source, codes, entries)] : [];
  });
  const [first, ...others] = made;
  if (!first) return undefined;
  const costs = importance();
  const original = sources[0]?.weights;
  const costOf = ({ tensor, codes, tableBits }: Made): number =>
    costs && original ? weightedCost(original, tensor, costs) * bitFactor(codes, tableBits) : 0;
  const nearest = others.reduce((best, one) => (costOf(one) < costOf(best) ? one : best), first);
  const plain = describe(nearest, effectOf());
  const blocks = entries > coarsest ? undefined : hessians();
  if (!blocks) return plain;
  const { source } = nearest;
  const moved = compensateRounding(source.weights, nearest.codes, blocks);
  const compensated = describe(makePaletteOf(source, moved, entries), effectOf(), ', compensated');
  return compensated.effect.error < plain.effect.error ? compensated : plain;
}

function sourcesOf(place: StoredPlace, importance: Float64Array | undefined): Source[] {
  const { tensor, node, bias } = place;
  const plain: Source = { kind: '', weights: tensor, sorted: once(() => sortElements(tensor)), scales: undefined };
  if (!importance) return [plain];
  const weighted: Source = { ...plain, kind: ' weighted', sorted: once(() => sortElements(tensor, importance)) };
  const isOwnBias = node.inputs.length < 3 || bias !== undefined;
  const outputs = sizeAt(tensor.shape, 0);
  if (!isOwnBias || place.isShared || place.positions === 0 || outputs < 2) return [plain, weighted];
  const each = elementCount(tensor.shape) / outputs;
  const scales = Float32Array.from({ length: outputs }, (_, n) => sizeOf(tensor, n * each, each));
  const scaleAt = (i: number): number => scales[Math.floor(i / each)] ?? 1;
  const weights = makeTensor(
    'float32',
    tensor.shape,
    Float32Array.from({ length: tensor.data.length }, (_, i) => Number(tensor.data[i]) / scaleAt(i)),
  );
  const sorted = once(() =>
    sortElements(
      weights,
      importance.map((h, i) => h * scaleAt(i) ** 2),
    ),
  );
  return [plain, weighted, { kind: ' by output', weights, sorted, scales }];
}

/** Root mean square of one output's weights, as bfloat16; 1 where they are all 0. */
function sizeOf({ data }: Tensor, start: number, count: number): number {
  let sum = 0;
  for (let i = start; i < start + count; i++) sum += Number(data[i]) ** 2;
  const size = decodeBfloat16(encodeBfloat16(Math.sqrt(sum / count)));
  return size > 0 && Number.isFinite(size) ? size : 1;
}

interface Made {
  readonly source: Source;
  readonly codes: Tensor;
  readonly label: string;
  /** the weights as the layer sees them */
  readonly tensor: Tensor;
  readonly tableBits: number;
}

function makePaletteOf(source: Source, codes: Tensor, entries: number): Made {
  const { kind, scales } = source;
  const label = `palette of ${entries}${kind}`;
  if (!scales) return { source, codes, label, tensor: codes, tableBits: 32 * entries };
  const each = codes.data.length / scales.length;
  const seen = Float32Array.from(
    { length: codes.data.length },
    (_, i) => Number(codes.data[i]) * (scales[Math.floor(i / each)] ?? 1),
  );
  const tensor = makeTensor('float32', codes.shape, seen);
  return { source, codes, label, tensor, tableBits: 32 * entries + 16 * scales.length };
}

function describe(
  { source: { scales }, codes, label, tensor, tableBits }: Made,
  effectOf: (rounded: Tensor) => Effect,
  suffix = '',
): Palette {
  const scaled = scales && { rule: scaleOutputs({ weights: codes, scales }), codes };
  return { label: `${label}${suffix}`, tensor, tableBits, effect: effectOf(tensor), scaled };
}

/** Error of the output, inputs taken as unrelated: sum of h_i (w'_i - w_i)^2. */
function weightedCost(original: Tensor, rounded: Tensor, importance: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < importance.length; i++)
    sum += (importance[i] ?? 0) * (Number(rounded.data[i]) - Number(original.data[i])) ** 2;
  return sum;
}

/** A bit a weight is worth a factor of 4. */
function bitFactor({ stored, data }: Tensor, tableBits: number): number {
  const bits = stored ? codeEntropy(stored, data) + tableBits : Number.POSITIVE_INFINITY;
  return 4 ** (bits / data.length);
}
