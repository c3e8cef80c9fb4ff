import type { Graph } from '../ir/graph.ts';
import { cutPrefixes } from '../rewrite/cut-prefix.ts';
import { findHiddenGroups, type HiddenGroup } from './hidden-groups.ts';
import type { WidthScale } from './methods/structural-dropout.ts';
import { rolesOf } from './roles.ts';

/** A metric of a network on validation data. */
export type EvaluateNetwork = (graph: Graph) => Promise<number>;

/** As the network was trained by structural dropout. */
export interface FamilyOptions {
  readonly layers?: readonly string[];
  readonly scale?: WidthScale;
}

/** Kept units by hidden layer. */
export type Widths = Readonly<Record<string, number>>;

/** A network of the family. */
export interface FamilyMember {
  readonly widths: Widths;
  /** learnt numbers */
  readonly parameters: number;
  readonly value: number;
}

/** The network with the same share of all hidden widths. */
export interface WidthRow extends FamilyMember {
  readonly fraction: number;
}

/** Sixteenths of all hidden layers. */
export const sixteenths: readonly number[] = Array.from({ length: 16 }, (_, i) => (i + 1) / 16);

/** The network cut to each fraction of its hidden widths, the same for all layers; at least what their readers need. */
export async function measureWidths(
  graph: Graph,
  fractions: readonly number[],
  evaluate: EvaluateNetwork,
  options: FamilyOptions = {},
): Promise<WidthRow[]> {
  const groups = findHiddenGroups(graph, options.layers);
  const rows: WidthRow[] = [];
  for (const fraction of fractions) {
    const widths = groups.map(({ name, group, least }) => [name, Math.max(least, Math.round(fraction * group.width))]);
    rows.push({ fraction, ...(await measure(graph, groups, Object.fromEntries(widths), evaluate, options)) });
  }
  return rows;
}

/** What ends the search for widths: enough is gone, or more would cost too much. */
export type WidthGoal =
  | { readonly parameters: number; readonly higherIsBetter: boolean }
  | { readonly drop: number; readonly higherIsBetter: boolean };

/** What the search for widths ended with. */
export interface ChosenWidths extends FamilyMember {
  readonly graph: Graph;
  /** from the whole network to this one */
  readonly steps: readonly FamilyMember[];
}

/**
 * Widths for each layer by greedy choice on validation data: again and again the layer is cut by a sixteenth that loses least
 * of the metric for each parameter freed (of those that lose nothing the one that frees most), until at most
 * `parameters` are left, or until any cut would lose more than `drop` of what the whole network has. Where the
 * parameters cannot be had, the narrowest network there is.
 */
export async function chooseWidths(
  graph: Graph,
  evaluate: EvaluateNetwork,
  goal: WidthGoal,
  options: FamilyOptions = {},
): Promise<ChosenWidths> {
  const groups = findHiddenGroups(graph, options.layers);
  const whole = await measure(graph, groups, widthsOf(groups), evaluate, options);
  const steps = [whole];
  let now = whole;
  while (!('parameters' in goal && now.parameters <= goal.parameters)) {
    const cuts: Cut[] = [];
    for (const widths of narrowerThan(groups, now.widths)) {
      const member = await measure(graph, groups, widths, evaluate, options);
      const isAllowed = !('drop' in goal) || lostFrom(whole, member, goal) <= goal.drop;
      const freed = now.parameters - member.parameters;
      if (isAllowed) cuts.push({ member, freed, price: Math.max(0, lostFrom(now, member, goal)) / freed });
    }
    const [best] = cuts.sort((a, b) => a.price - b.price || b.freed - a.freed);
    if (!best) break;
    now = best.member;
    steps.push(now);
  }
  return { ...now, graph: cut(graph, groups, now.widths, options), steps };
}

interface Cut {
  readonly member: FamilyMember;
  readonly freed: number;
  /** of the metric, for each parameter freed */
  readonly price: number;
}

const lostFrom = (before: FamilyMember, after: FamilyMember, { higherIsBetter }: WidthGoal): number =>
  higherIsBetter ? before.value - after.value : after.value - before.value;

const widthsOf = (groups: readonly HiddenGroup[]): Widths =>
  Object.fromEntries(groups.map(({ name, group }) => [name, group.width]));

/** The widths with one of them a sixteenth of its layer smaller, for each that can be. */
const narrowerThan = (groups: readonly HiddenGroup[], widths: Widths): Widths[] =>
  groups.flatMap(({ name, group, least }) => {
    const width = widths[name] ?? group.width;
    const next = Math.max(least, width - Math.max(1, Math.round(group.width / 16)));
    return next < width ? [{ ...widths, [name]: next }] : [];
  });

async function measure(
  graph: Graph,
  groups: readonly HiddenGroup[],
  widths: Widths,
  evaluate: EvaluateNetwork,
  options: FamilyOptions,
): Promise<FamilyMember> {
  const member = cut(graph, groups, widths, options);
  return { widths, parameters: countLearnt(member), value: await evaluate(member) };
}

function cut(graph: Graph, groups: readonly HiddenGroup[], widths: Widths, { scale = 'none' }: FamilyOptions): Graph {
  const prefixes = groups.map(({ name, group }) => {
    const width = widths[name] ?? group.width;
    return { group, width, scale: scale === 'inverse' ? group.width / width : 1 };
  });
  return cutPrefixes(graph, prefixes);
}

function countLearnt(graph: Graph): number {
  const roles = rolesOf(graph);
  const learnt = [...graph.constants].filter(([id]) => roles.get(id)?.kind === 'learnt');
  return learnt.reduce((sum, [, { data }]) => sum + data.length, 0);
}
