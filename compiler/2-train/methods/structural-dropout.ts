import { methodFindsNothing, methodOptionsInvalid } from '../../diagnostics/train.ts';
import type { Graph, ValueId } from '../../ir/graph.ts';
import type { UnitReader } from '../../rewrite/channel-groups.ts';
import { placesOf } from '../../rewrite/cut-prefix.ts';
import { type Rule, rebuild } from '../../rewrite/rebuild.ts';
import { tensorOf } from '../../tensor/convert.ts';
import { findHiddenGroups, type HiddenGroup } from '../hidden-groups.ts';
import type { Parameters } from '../parameters.ts';
import type { Random } from '../random.ts';
import type { Role } from '../roles.ts';
import type { Method } from './method.ts';

/**
 * Structural Dropout (Knodt, arXiv 2205.06906; papers.md 2): the first c units of a layer learn to do without the others, for
 * every c, so that one training gives networks of all widths. In each step every layer of P units draws, by `probability`,
 *
 *     c ~ uniform{lowest, lowest + step, ... < P},      h_i <- s h_i for i < c,  0 for i >= c,      s = 1 or P / c,
 *
 * one c for the whole batch. Units that only go together (gates, concatenations, depthwise convolutions) share a c, counted
 * through the layers that make them in turn: the first unit of each, then the second of each. The paper zeroes ahead of the
 * activation; here it is where layers read the units, which for ReLU and leaky ReLU is the same, and is what removing them
 * does behind every other function, filter and norm too: statistics of norms never see the zeros.
 */
export interface StructuralDropoutOptions {
  /** of a step in which a layer is cut: above 0, at most 1 */
  readonly probability?: number;
  /** fewest units; by default a sixteenth of the layer's, at least 4 */
  readonly lowerBound?: number;
  /** from one width to the next */
  readonly step?: number;
  /** what is left is multiplied by 1 or by P / c */
  readonly scale?: WidthScale;
  /** names of layers, those cut along with them included; all hidden layers but residual streams by default */
  readonly layers?: readonly string[];
}

export type WidthScale = 'none' | 'inverse';

const method = 'structural-dropout';

/** @throws LccError LCC8007 */
export function structuralDropout(options: StructuralDropoutOptions = {}): Method {
  const { probability = 1, step = 1, scale = 'none' } = options;
  requireOptions(options, probability, step);
  return {
    name: method,
    settings: options,
    prepare(graph) {
      const ranges = findRanges(graph, options);
      const masked = addMasks(graph, ranges);
      const ids = new Map<string, ValueId>();
      const setAll = (parameters: Parameters, { masks }: Range, valueAt: (place: number) => number): void => {
        for (const { name, places, shape } of masks)
          parameters.replace(ids.get(name) ?? -1, Float32Array.from(places, valueAt), shape);
      };
      return {
        graph: masked,
        roles: new Map(
          ranges.flatMap(({ masks }) => masks.map(({ name }): [string, Role] => [name, { kind: 'fixed' }])),
        ),
        begin(parameters) {
          for (const id of parameters.graph.constants.keys()) ids.set(parameters.graph.values.get(id)?.name ?? '', id);
        },
        draw(parameters, random) {
          for (const range of ranges) {
            const { width } = range.hidden.group;
            const kept = random.uniform() < probability ? drawWidth(range, step, random) : width;
            const factor = scale === 'inverse' ? width / kept : 1;
            setAll(parameters, range, (place) => (place < kept ? factor : 0));
          }
        },
        // the whole network is what is evaluated
        afterEpoch(parameters) {
          for (const range of ranges) setAll(parameters, range, () => 1);
        },
        finish: (trained) => ({ graph: removeMasks(trained, ranges), notes: [describe(ranges)] }),
      };
    },
  };
}

/** A group, its lowest width, and where its units are read. */
interface Range {
  readonly hidden: HiddenGroup;
  readonly lowest: number;
  readonly masks: readonly Mask[];
}

/** What a value is multiplied by before layers read it. */
interface Mask {
  readonly name: string;
  readonly value: ValueId;
  /** along the features of the value */
  readonly shape: readonly number[];
  /** in prefix order, of the unit of each feature */
  readonly places: readonly number[];
}

function requireOptions({ lowerBound = 1 }: StructuralDropoutOptions, probability: number, step: number): void {
  if (!(probability > 0 && probability <= 1))
    throw methodOptionsInvalid(
      method,
      `probability ${probability} is not above 0 and at most 1`,
      'Give a probability such as 1.',
    );
  for (const [name, value] of Object.entries({ lowerBound, step }))
    if (!(Number.isInteger(value) && value >= 1))
      throw methodOptionsInvalid(
        method,
        `${name} ${value} is no positive whole number`,
        `Give a ${name} of 1 or more.`,
      );
}

function findRanges(graph: Graph, { lowerBound, layers }: StructuralDropoutOptions): Range[] {
  const found = findHiddenGroups(graph, layers);
  const ranges = found.flatMap((hidden): Range[] => {
    const { width } = hidden.group;
    const lowest = Math.max(hidden.least, lowerBound ?? Math.max(4, Math.floor(width / 16)));
    return lowest < width ? [{ hidden, lowest, masks: masksOf(graph, hidden) }] : [];
  });
  if (ranges.length > 0) return ranges;
  const widest = Math.max(0, ...found.map(({ group }) => group.width));
  if (lowerBound === undefined || widest < 2)
    throw methodFindsNothing(method, 'hidden layer (linear, conv) of more units than the lowest width');
  const what = `lowerBound ${lowerBound} leaves nothing to cut of at most ${widest} units`;
  throw methodOptionsInvalid(method, what, `Give a lowerBound below ${widest}.`);
}

function masksOf(graph: Graph, { name, group }: HiddenGroup): Mask[] {
  const places = placesOf(group);
  const read = new Map(group.readers.map((reader) => [reader.x.value, reader]));
  return [...read.values()].map(
    ({ x }: UnitReader, i): Mask => ({
      name: i === 0 ? `${name}.prefix` : `${name}.prefix${i + 1}`,
      value: x.value,
      shape: [x.units.length, ...(graph.values.get(x.value)?.type.shape ?? []).slice(x.axis + 1).map(() => 1)],
      places: x.units.map((unit) => places[unit] ?? 0),
    }),
  );
}

/** One of lowest, lowest + step, ... < width. */
function drawWidth({ lowest, hidden: { group } }: Range, step: number, random: Random): number {
  const widths = Math.ceil((group.width - lowest) / step);
  return lowest + step * Math.floor(random.uniform() * widths);
}

/** Readers of a masked value read its product with the mask, which starts as ones. */
function addMasks(graph: Graph, ranges: readonly Range[]): Graph {
  const masks = new Map(ranges.flatMap(({ masks }) => masks.map((mask) => [mask.value, mask])));
  const readers = new Set(ranges.flatMap(({ hidden }) => hidden.group.readers.map(({ layer }) => layer.node)));
  const products = new Map<ValueId, ValueId>();
  const rule: Rule = ({ node, inputs: [x, ...rest] }, rewriter) => {
    const mask = masks.get(node.inputs[0] ?? -1);
    if (!mask || x === undefined || !readers.has(node)) return undefined;
    const { name, value, shape, places } = mask;
    const ones = tensorOf('float32', [...shape], new Array<number>(places.length).fill(1));
    const product = products.get(value) ?? rewriter.add('mul', [x, rewriter.constant(ones, name)], {}, name);
    products.set(value, product);
    return [rewriter.add(node.op, [product, ...rest], node.attributes, node.name)];
  };
  return rebuild(graph, [rule]).graph;
}

function removeMasks(graph: Graph, ranges: readonly Range[]): Graph {
  const names = new Set(ranges.flatMap(({ masks }) => masks.map(({ name }) => name)));
  const rule: Rule = ({ node, inputs: [x, mask] }, rewriter) =>
    node.op === 'mul' && x !== undefined && mask !== undefined && names.has(rewriter.nameOf(mask)) ? [x] : undefined;
  return rebuild(graph, [rule]).graph;
}

const describe = (ranges: readonly Range[]): string =>
  `Can be cut to their first units: ${ranges
    .map(({ hidden, lowest }) => `${hidden.name} from ${hidden.group.width} down to ${lowest}`)
    .join(', ')}.`;
