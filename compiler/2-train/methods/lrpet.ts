import { bug } from '../../diagnostics/index.ts';
import { methodFindsNothing, methodOptionsInvalid } from '../../diagnostics/train.ts';
import { countReaders } from '../../ir/count-readers.ts';
import type { Graph, ValueId } from '../../ir/graph.ts';
import { type Matrix, makeMatrix } from '../../linalg/matrix.ts';
import { multiply } from '../../linalg/multiply.ts';
import { energyOf, projectRank } from '../../linalg/project-rank.ts';
import { splitProduct } from '../../linalg/split-product.ts';
import { svd } from '../../linalg/svd.ts';
import { rewriteProducts } from '../../rewrite/layer-product.ts';
import type { Parameters } from '../parameters.ts';
import { type ChosenLayer, chooseLayers } from './choose-layers.ts';
import type { Method } from './method.ts';

/**
 * LRPET (TNNLS 2024; papers.md 4.3): low-rank projection with energy transfer. Every so many steps, and at the end of each
 * epoch, W = U S V' becomes
 *
 *     U S_r V' sqrt(sum of S^2 / sum of S_r^2),
 *
 * the steps between are ordinary ones. Ahead of a batchNorm it is diag(a) W that is projected, a = scale / sqrt(variance +
 * epsilon), which is the map that the network computes; then each row is multiplied by a / (a^2 + 1e-5). The layers end as two,
 * exactly. Ranks are decided once, by the weights that come, so that a run that goes on from a checkpoint has the same.
 */
export interface LrpetOptions {
  /** a share of 0.5 by default */
  readonly rank?: WantedRank;
  /** steps from one projection to the next within an epoch, each of which decomposes every layer; 20 by default */
  readonly every?: number;
  /** names of nodes; by default all linear layers and ungrouped convolutions but those that no other comes after */
  readonly layers?: readonly string[];
}

/**
 * `share`: of each layer's weights, what two layers of that rank may have, r = share i o / (i + o). `energy`: the least rank
 * that has this share of the sum of S^2 of the weights that come, for networks that are trained already.
 */
export type WantedRank = { readonly share: number } | { readonly energy: number };

const method = 'lrpet';

/** Projects layers to low rank every so often, their energy kept (`LrpetOptions`). @throws LccError LCC8007 */
export function lrpet(options: LrpetOptions = {}): Method {
  const { rank: wanted = { share: 0.5 }, every = 20, layers } = options;
  requireOptions(wanted, every);
  return {
    name: method,
    settings: options,
    prepare(graph) {
      const plans = planRanks(graph, wanted, layers);
      let steps = 0;
      const projectAll = (parameters: Parameters): void => {
        for (const plan of plans) project(parameters, plan);
        steps = 0;
      };
      return {
        graph,
        afterStep(parameters) {
          steps++;
          if (steps >= every) projectAll(parameters);
        },
        // what is kept, and gone on from, has its rank
        afterEpoch(parameters) {
          if (steps > 0) projectAll(parameters);
        },
        finish: (trained) => factor(trained, plans),
      };
    },
  };
}

function requireOptions(wanted: WantedRank, every: number): void {
  for (const [name, value] of Object.entries(wanted))
    if (!(value > 0 && value < 1))
      throw methodOptionsInvalid(method, `${name} is ${value}`, `Give rank.${name} as a number between 0 and 1.`);
  if (!(Number.isSafeInteger(every) && every >= 1))
    throw methodOptionsInvalid(method, `every is ${every}`, 'Give every as a whole number of steps, at least 1.');
}

/** What becomes of a layer's weights [outputs, inputs]. */
interface Plan {
  readonly parameter: string;
  readonly outputs: number;
  readonly inputs: number;
  readonly rank: number;
  readonly norm: Norm | undefined;
}

/** Of the batchNorm that alone reads the layer: names of its constants. */
interface Norm {
  readonly scale: string;
  readonly variance: string;
  readonly epsilon: number;
}

/** Layers that are smaller as two of the wanted rank. */
function planRanks(graph: Graph, wanted: WantedRank, names?: readonly string[]): Plan[] {
  const chosen = chooseLayers(method, graph, names);
  const considered = names ? chosen : chosen.filter((layer) => !isLast(graph, layer));
  const plans = considered.flatMap((layer): Plan[] => {
    const { parameter, outputs, inputs } = layer;
    const norm = normBehind(graph, layer);
    const rank =
      'share' in wanted
        ? Math.max(1, Math.floor((wanted.share * inputs * outputs) / (inputs + outputs)))
        : rankOfEnergy(initialMap(graph, layer, norm), wanted.energy);
    return rank * (inputs + outputs) < inputs * outputs ? [{ parameter, outputs, inputs, rank, norm }] : [];
  });
  if (plans.length === 0) throw methodFindsNothing(method, 'layer that is smaller as two of the rank asked for');
  return plans;
}

/** No linear layer or convolution reads on what this one computes: it answers. */
function isLast(graph: Graph, { y }: ChosenLayer): boolean {
  const behind = new Set<ValueId>([y]);
  for (const { op, inputs, outputs } of graph.nodes) {
    if (!inputs.some((id) => behind.has(id))) continue;
    if (op === 'linear' || op === 'conv') return false;
    for (const id of outputs) behind.add(id);
  }
  return true;
}

function normBehind(graph: Graph, { y }: ChosenLayer): Norm | undefined {
  const node = graph.nodes.find(({ op, inputs }) => op === 'batchNorm' && inputs[0] === y);
  if (!node || countReaders(graph).get(y) !== 1) return undefined;
  const [, scale, , , variance] = node.inputs.map((id) => graph.values.get(id)?.name);
  if (scale === undefined || variance === undefined) return undefined;
  return { scale, variance, epsilon: Number(node.attributes.epsilon ?? 1e-5) };
}

/** The least r with that share of the sum of squares. */
function rankOfEnergy(w: Matrix, share: number): number {
  const { singular } = svd(w);
  const wanted = share * energyOf(singular);
  let rank = 0;
  for (let sum = 0; rank < singular.length && sum < wanted; rank++) sum += (singular[rank] ?? 0) ** 2;
  return Math.max(1, rank);
}

/** diag(a) W of the weights that come; W where no norm reads it. */
function initialMap(graph: Graph, { outputs, inputs, weights }: ChosenLayer, norm: Norm | undefined): Matrix {
  const w = makeMatrix(outputs, inputs, Float64Array.from(weights.data, Number));
  const constant = (name: string): ArrayLike<number> => {
    const found = [...graph.constants].find(([id]) => graph.values.get(id)?.name === name);
    return Float64Array.from(found?.[1].data ?? [], Number);
  };
  return norm ? scaleRows(w, factorsOf(norm, constant)) : w;
}

/** scale / sqrt(variance + epsilon), by output */
function factorsOf({ scale, variance, epsilon }: Norm, valuesOf: (name: string) => ArrayLike<number>): Float64Array {
  const spread = valuesOf(variance);
  return Float64Array.from(valuesOf(scale), (v, i) => v / Math.sqrt((spread[i] ?? 0) + epsilon));
}

const scaleRows = ({ rows, columns, data }: Matrix, by: Float64Array): Matrix =>
  makeMatrix(
    rows,
    columns,
    data.map((w, at) => w * (by[Math.floor(at / columns)] ?? 1)),
  );

/** Keeps rows whose factor is near 0 from growing. */
const damping = 1e-5;

function project(parameters: Parameters, { parameter: name, outputs, inputs, rank, norm }: Plan): void {
  const parameter = parameters.named(name);
  const w = makeMatrix(outputs, inputs, Float64Array.from(parameter.values));
  const factors = norm && factorsOf(norm, (one) => trainedValues(parameters, one));
  const projected = projectRank(factors ? scaleRows(w, factors) : w, rank);
  const undone = factors
    ? scaleRows(
        projected,
        factors.map((a) => a / (a ** 2 + damping)),
      )
    : projected;
  parameter.values.set(undone.data);
  parameters.update(parameter);
}

function trainedValues({ learnt, statistics }: Parameters, name: string): Float32Array {
  const found = [...learnt, ...statistics].find((one) => one.name === name);
  if (!found) throw bug(`no parameter or statistic "${name}"`);
  return found.values;
}

/** Energy beyond the rank that is no rounding of float32. */
const rounding = 1e-9;

/** Each layer as two of its rank. */
function factor(trained: Graph, plans: readonly Plan[]) {
  const ranks = new Map(plans.map(({ parameter, rank }) => [parameter, rank]));
  const counts = new Map(plans.map(({ parameter }) => [parameter, 1]));
  const notes: string[] = [];
  const { graph, missed } = rewriteProducts(trained, counts, ([w], name) => {
    const rank = ranks.get(name) ?? 1;
    const [first, second] = w ? splitProduct(w, 2, rank) : [];
    if (!w || !first || !second) return [];
    const product = multiply(second, first).data;
    const lost = energyOf(w.data.map((v, at) => v - (product[at] ?? 0))) / Math.max(Number.MIN_VALUE, energyOf(w.data));
    const cut = lost > rounding ? `; ${(100 * lost).toPrecision(2)} % of its energy was beyond that and is cut` : '';
    notes.push(`${name}: rank ${rank} of ${Math.min(w.rows, w.columns)}, as two layers${cut}.`);
    return [first, second];
  });
  notes.push(...missed.map((name) => `${name} stays one layer: it is no longer there as it was trained.`));
  return { graph, notes };
}
