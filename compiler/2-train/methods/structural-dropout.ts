import { methodFindsNothing, methodOptionsInvalid } from '../../diagnostics/train.ts';
import type { Graph } from '../../ir/graph.ts';
import { findHiddenGroups } from '../hidden-groups.ts';
import type { Parameters } from '../parameters.ts';
import type { Random } from '../random.ts';
import type { Method } from './method.ts';
import { addMasks, type MaskedUnits, maskUnits, removeMasks, rolesOfMasks } from './unit-masks.ts';

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

/** Trains all widths of the hidden layers at once (`StructuralDropoutOptions`). @throws LccError LCC8007 */
export function structuralDropout(options: StructuralDropoutOptions = {}): Method {
  const { probability = 1, step = 1, scale = 'none' } = options;
  requireOptions(options, probability, step);
  return {
    name: method,
    settings: options,
    prepare(graph) {
      const ranges = findRanges(graph, options);
      const setAll = (parameters: Parameters, { masks }: Range, valueAt: (place: number) => number): void => {
        for (const { name, places, shape } of masks)
          parameters.replace(parameters.idOf(name), Float32Array.from(places, valueAt), shape);
      };
      return {
        graph: addMasks(graph, ranges),
        roles: rolesOfMasks(ranges),
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

/** The masks of a group, and its lowest width. */
interface Range extends MaskedUnits {
  readonly lowest: number;
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
    return lowest < width ? [{ ...maskUnits(graph, hidden, 'prefix'), lowest }] : [];
  });
  if (ranges.length > 0) return ranges;
  const widest = Math.max(0, ...found.map(({ group }) => group.width));
  if (lowerBound === undefined || widest < 2)
    throw methodFindsNothing(method, 'hidden layer (linear, conv) of more units than the lowest width');
  const what = `lowerBound ${lowerBound} leaves nothing to cut of at most ${widest} units`;
  throw methodOptionsInvalid(method, what, `Give a lowerBound below ${widest}.`);
}

/** One of lowest, lowest + step, ... < width. */
function drawWidth({ lowest, hidden: { group } }: Range, step: number, random: Random): number {
  const widths = Math.ceil((group.width - lowest) / step);
  return lowest + step * Math.floor(random.uniform() * widths);
}

const describe = (ranges: readonly Range[]): string =>
  `Can be cut to their first units: ${ranges
    .map(({ hidden, lowest }) => `${hidden.name} from ${hidden.group.width} down to ${lowest}`)
    .join(', ')}.`;
