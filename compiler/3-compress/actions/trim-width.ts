import type { Graph, ValueId } from '../../ir/graph.ts';
import type { Matrix } from '../../linalg/matrix.ts';
import type { Moments } from '../../linalg/moments.ts';
import { gram } from '../../linalg/multiply.ts';
import {
  type ChannelGroup,
  findChannelGroups,
  prefixOrder,
  seenUnits,
  type UnitReader,
} from '../../rewrite/channel-groups.ts';
import { columnsByUnit, cutReader, makeNarrower, type Refit } from '../../rewrite/cut-width.ts';
import { parametersOf, type WeightLayer } from '../../rewrite/layers.ts';
import type { Rule } from '../../rewrite/rebuild.ts';
import type { Candidate, FindCandidates, Level } from '../candidate.ts';
import { fitUnits } from '../fit-units.ts';
import { selectUnits, type View } from '../select-units.ts';
import { trimHeads } from './trim-heads.ts';

/** Which units are kept. `prefix`: the first of each layer, for models trained with structural dropout (papers.md 2). */
export type UnitOrder = 'importance' | 'prefix';

/** More units than one sweep over all widths orders in seconds. */
const widestGroup = 2048;

/**
 * Hidden units and channels, cut out of the layers that make them and the layers that read them (papers.md 4.1, 4.5; column
 * subset selection). With h the units as the readers see them and S those kept, the others become h_R ≈ A h_S + c by least
 * squares, folded into the readers' weights and biases. The predicted error is that of the readers' outputs together,
 *
 *     trace(M Cov(h - E[h | h_S])) / trace(M Cov(h)),   M = sum over readers and taps of W_t' W_t,
 *
 * exact for one tap; taps count as if what they miss were unrelated. A reader with padding takes no constant: c = 0, and
 * moments about zero in the place of the upper covariance.
 */
export const findWidths =
  (unitOrder: UnitOrder): FindCandidates =>
  (graph: Graph) =>
    findChannelGroups(graph).groups.flatMap((group) => {
      const [main] = group.readers;
      return main && group.width > 1 && group.width <= widestGroup
        ? [widthCandidate(graph, group, main, unitOrder)]
        : [];
    });

/** Widths of layers, and heads of attentions. */
export const trimWidth: FindCandidates = (graph) => [...findWidths('importance')(graph), ...trimHeads(graph)];

function widthCandidate(graph: Graph, group: ChannelGroup, main: UnitReader, unitOrder: UnitOrder): Candidate {
  const seen = new Map(group.readers.map((reader) => [reader.seen.value, reader.seen]));
  const keyOf = (id: ValueId): string => `units of "${graph.values.get(id)?.name ?? ''}" (value ${id})`;
  return {
    pass: 'trim-width',
    name: main.layer.name,
    output: main.layer.y,
    axis: main.layer.axis,
    ...costOf(group, () => true),
    requests: [...seen.values()].map(({ value, axis }) => ({ key: keyOf(value), values: [{ id: value, axis }] })),
    levels: (statistics) => {
      const sights = group.readers.flatMap((reader) => {
        const moments = statistics.get(keyOf(reader.seen.value));
        return moments ? [makeSight(reader, moments)] : [];
      });
      return sights.length === group.readers.length ? widthLevels(group, sights, unitOrder) : [];
    },
  };
}

/** A reader with the statistics of what it sees. */
interface Sight extends View {
  readonly reader: UnitReader;
  readonly moments: Moments;
  readonly isCentred: boolean;
  /** unit of each channel of the reader's input, counted within `units` */
  readonly channels: readonly number[];
}

function makeSight(reader: UnitReader, moments: Moments): Sight {
  const { units } = reader.seen;
  const channels = seenUnits(reader);
  const columns = columnsByUnit(reader.layer.weights, channels);
  const isCentred = seesNoPadding(reader.layer);
  const spread = isCentred ? moments.covariance() : moments.secondMoment();
  return { reader, moments, isCentred, units, channels, spread, weight: gram(columns) };
}

function widthLevels(group: ChannelGroup, sights: readonly Sight[], unitOrder: UnitOrder): Level[] {
  const total = sights.reduce((sum, { weight, moments }) => sum + traceOfProduct(weight, moments.covariance()), 0);
  if (!(total > 0)) return [];
  const widths = widthsFor(group.width);
  const order = unitOrder === 'prefix' ? prefixOrder(group) : undefined;
  const selection = selectUnits(group.width, viewsOf(sights), widths, order);
  return widths.flatMap((width) => {
    const kept = new Set(selection.order.slice(0, width));
    const error = (selection.residuals.get(width) ?? 0) / total;
    const isRead = sights.every(({ units }) => units.some((unit) => kept.has(unit)));
    return isRead && error < 1 ? [widthLevel(group, sights, kept, error)] : [];
  });
}

/** One view for all readers that see the same features the same way. */
function viewsOf(sights: readonly Sight[]): View[] {
  const views = new Map<string, View>();
  for (const { reader, isCentred, units, spread, weight } of sights) {
    const key = `${reader.seen.value} ${isCentred}`;
    const others = views.get(key)?.weight;
    const data = others ? weight.data.map((v, i) => v + (others.data[i] ?? 0)) : weight.data;
    views.set(key, { units, spread, weight: { ...weight, data } });
  }
  return [...views.values()];
}

function widthLevel(group: ChannelGroup, sights: readonly Sight[], kept: ReadonlySet<number>, error: number): Level {
  const narrow = makeNarrower();
  const [main, ...others] = sights.map((sight): [ValueId, Rule] => {
    let refit: Refit | undefined;
    const fit = (): Refit => {
      refit ??= fitUnits(sight, sight.isCentred ? sight.moments.mean() : undefined, kept);
      return refit;
    };
    const { layer, x } = sight.reader;
    return [layer.y, cutReader({ axis: x.axis, units: sight.channels }, fit, narrow)];
  });
  return {
    label: `${kept.size} of ${group.width}`,
    error,
    ...costOf(group, (unit) => kept.has(unit)),
    rule: main?.[1] ?? (() => undefined),
    others: new Map(others),
  };
}

/** Multiples of 8, of 4 below 32, all below 8; from the widest down. */
function widthsFor(width: number): number[] {
  const widths: number[] = [];
  for (let kept = width - 1; kept >= 1; kept--) {
    const step = kept < 8 ? 1 : kept < 32 ? 4 : kept <= 256 ? 8 : kept <= 512 ? 16 : 32;
    if (kept % step === 0) widths.push(kept);
  }
  return widths;
}

/** Weights and multiply-adds of all layers that touch the units, with the units that `isKept`. */
function costOf({ writers, depthwise, readers }: ChannelGroup, isKept: (unit: number) => boolean) {
  const shareOf = (units: readonly number[]): number => units.filter(isKept).length / units.length;
  const sizes = new Map([...writers, ...depthwise].map((made) => [made.node, { ...made, share: shareOf(made.units) }]));
  const costs = [...sizes.values()].map(({ node, weights, units, positions, share }) => {
    const reader = readers.find(({ layer }) => layer.node === node);
    const parameters = weights * units.length * share * (reader ? shareOf(reader.x.units) : 1);
    return { parameters, macs: parameters * positions };
  });
  for (const { layer, x } of readers) {
    if (sizes.has(layer.node)) continue;
    const parameters = parametersOf(layer) * shareOf(x.units);
    costs.push({ parameters, macs: parameters * layer.positions });
  }
  const sum = (of: 'parameters' | 'macs'): number => Math.round(costs.reduce((all, cost) => all + cost[of], 0));
  return { parameters: sum('parameters'), macs: sum('macs') };
}

function seesNoPadding({ node: { attributes } }: WeightLayer): boolean {
  const { pads } = attributes;
  return !Array.isArray(pads) || pads.every((pad) => pad === 0);
}

/** trace(a b) of symmetric matrices. */
const traceOfProduct = (a: Matrix, b: Matrix): number => a.data.reduce((sum, v, i) => sum + v * (b.data[i] ?? 0), 0);
