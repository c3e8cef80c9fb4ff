import { type LayerCollapseOptions, layerCollapse } from '../../../compiler/2-train/methods/layer-collapse.ts';
import { rolesOf } from '../../../compiler/2-train/roles.ts';
import { optimise } from '../../../compiler/3-compress/pipeline.ts';
import { pricedChoices } from '../../../compiler/3-compress/plan/choices.ts';
import { allOff } from '../../../compiler/3-compress/plan/options.ts';
import { noPrices } from '../../../compiler/3-compress/plan/prices.ts';
import { makeRestructure } from '../../../compiler/3-compress/structure.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { makeRunner } from '../../../compiler/trial/make-runner.ts';
import type { CollapseStudy, Part } from './collapse-study.ts';
import type { Measure } from './measure.ts';
import { findMlpBlocks } from './mlp-blocks.ts';
import type { Arm, ArmContext, ArmResult, Figures } from './study.ts';
import { type TrainingSettings, trainArm } from './train-arm.ts';

/** For least squares, where there are as many. */
const calibrationSamples = 2000;
/** A slope this near to 1 collapses. */
const tolerance = 0.01;

export const beforeCollapse = ({ name }: Measure): string => `${name} before the collapse`;

export const dense = (of: CollapseStudy): Arm => ({
  name: 'dense',
  async run(context) {
    const graph = of.makeDense(context);
    const data = await context.data.open(graph);
    const { graph: network } = await trainArm(graph, data, context, settingsFor(of, of.epochs.dense));
    const value = await of.measure.of(network, data);
    return { network, figures: { [of.measure.name]: value, parameters: parametersOf(network) } };
  },
});

/** Every slope 1 at once, which nothing was trained for. */
export const blind = (of: CollapseStudy, name: string, part: Part): Arm => ({
  name,
  after: ['dense'],
  async run(context) {
    const network = await context.networkOf('dense');
    return measured(of, collapseBlindly(network, part), network, context);
  },
});

/** `lcc build --collapse all` for the part's blocks on 2,000 training samples, without labels or training. */
export const leastSquares = (of: CollapseStudy, name: string, { blocks }: Part): Arm => ({
  name,
  after: ['dense'],
  async run(context) {
    const network = await context.networkOf('dense');
    const { train } = await context.data.open(network);
    const samples = Array.from({ length: Math.min(calibrationSamples, train.size) }, (_, i) => train.feedsOf(i));
    const { graph } = optimise(network);
    const places = new Set(
      findMlpBlocks(graph)
        .slice(-(blocks ?? Number.POSITIVE_INFINITY))
        .map(({ name: place }) => place),
    );
    const choices = pricedChoices(new Set(['collapse-layers']), { ...allOff, collapse: 'all' }, noPrices);
    const collapsed = makeRestructure(
      graph,
      samples,
      makeRunner,
    )({
      ...choices,
      // of branches with attention none
      level: (place, levels) => (places.has(place.name) ? choices.level(place, levels) : undefined),
    });
    return measured(of, collapsed.draft.graph(), network, context);
  },
});

export const collapsing = (of: CollapseStudy, name: string, part: Part, options: LayerCollapseOptions = {}): Arm => ({
  name,
  after: ['dense'],
  async run(context) {
    const network = await context.networkOf('dense');
    const data = await context.data.open(network);
    const { graph, trained, history } = await trainArm(network, data, context, {
      ...settingsFor(of, of.epochs.collapse),
      methods: [layerCollapse({ tolerance, ...blocksOf(part), ...of.collapse, ...options })],
    });
    // beyond the tolerance nothing collapses: what that would cost is measured all the same
    const forced = layerCollapse({ tolerance: Number.POSITIVE_INFINITY, ...blocksOf(part) }).prepare(network).finish;
    const collapsed = optimise(forced(trained).graph).graph;
    const isCollapsed = optimise(graph).graph.nodes.length === collapsed.nodes.length;
    return measured(of, collapsed, network, context, {
      [beforeCollapse(of.measure)]: await of.measure.of(trained, data),
      slopes: Object.values(history.at(-1)?.status ?? {}),
      'within the tolerance': isCollapsed ? 'yes' : 'no',
    });
  },
});

/** The network that is left, from the beginning. */
export const sameSize = (of: CollapseStudy, name: string, part: Part): Arm => ({
  name,
  after: ['dense'],
  async run(context) {
    const graph = of.makeLeft?.(context) ?? collapseBlindly(of.makeDense(context), part);
    const data = await context.data.open(graph);
    const { graph: network } = await trainArm(
      graph,
      data,
      context,
      settingsFor(of, of.epochs.dense + of.epochs.collapse),
    );
    return measured(of, network, await context.networkOf('dense'), context);
  },
});

const blocksOf = ({ blocks }: Part): LayerCollapseOptions => (blocks === undefined ? {} : { blocks });

/** `prepare` at slope 1 and `finish`. */
function collapseBlindly(network: Graph, part: Part): Graph {
  const { graph, finish } = layerCollapse({ slope: 1, ...blocksOf(part) }).prepare(network);
  return optimise(finish(graph).graph).graph;
}

const settingsFor = (
  { optimiser, schedule, batch, augment = [], measure: { metric } }: CollapseStudy,
  epochs: number,
): TrainingSettings => ({ optimiser, schedule, batch, augment, metric, epochs });

/** Weights, biases and what else is learnt; masks of attentions are constants too. */
const parametersOf = (graph: Graph): number =>
  [...rolesOf(graph)].reduce(
    (sum, [id, { kind }]) => sum + (kind === 'learnt' ? (graph.constants.get(id)?.data.length ?? 0) : 0),
    0,
  );

/** What a network reaches, and what share of the dense one's parameters is gone. */
async function measured(
  { measure }: CollapseStudy,
  network: Graph,
  whole: Graph,
  context: ArmContext,
  figures: Figures = {},
): Promise<ArmResult> {
  const data = await context.data.open(network);
  // as the others: norms folded
  const before = optimise(whole).graph;
  const less = parametersOf(before) - parametersOf(network);
  const inBlocks = findMlpBlocks(before).reduce((sum, { parameters }) => sum + parameters, 0);
  return {
    network,
    figures: {
      [measure.name]: await measure.of(network, data),
      parameters: parametersOf(network),
      gone: less / parametersOf(before),
      'gone of the blocks': less / inBlocks,
      ...figures,
    },
  };
}
