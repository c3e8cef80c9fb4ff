import { type LayerCollapseOptions, layerCollapse } from '../../../../compiler/2-train/methods/layer-collapse.ts';
import { models } from '../../../../compiler/2-train/models/index.ts';
import { adam } from '../../../../compiler/2-train/optimisers/index.ts';
import { cosine } from '../../../../compiler/2-train/schedules.ts';
import { optimise } from '../../../../compiler/3-compress/pipeline.ts';
import { pricedChoices } from '../../../../compiler/3-compress/plan/choices.ts';
import { allOff } from '../../../../compiler/3-compress/plan/options.ts';
import { noPrices } from '../../../../compiler/3-compress/plan/prices.ts';
import { makeRestructure } from '../../../../compiler/3-compress/structure.ts';
import type { Graph } from '../../../../compiler/ir/graph.ts';
import { makeRunner } from '../../../../compiler/make-runner.ts';
import type { Arm, ArmContext, Figures, Results, Study, StudyGoal } from '../study.ts';
import { meanOf } from '../summary.ts';
import { accuracyOf, parametersOf, trainArm } from '../train-arm.ts';

/** Epochs of the dense network, and of LayerCollapse after it. */
const epochs = { dense: 10, collapse: 5 };
const calibrationSamples = 2000;
/** A slope this near to 1 collapses. */
const tolerance = 0.01;

const denseGraph = ({ seed, data }: ArmContext): Graph =>
  models.residualMlp({
    inputs: data.sizes,
    width: 128,
    blocks: 4,
    hidden: 512,
    classes: data.classes,
    activation: 'relu',
  })(seed);

const dense: Arm = {
  name: 'dense',
  async run(context) {
    const graph = denseGraph(context);
    const data = await context.data.open(graph);
    const settings = { optimiser: adam(), schedule: cosine(), epochs: epochs.dense };
    const { graph: network } = await trainArm(graph, data, context, settings);
    return { network, figures: { accuracy: await accuracyOf(network, data), parameters: parametersOf(network) } };
  },
};

/** Every slope 1 at once, which nothing was trained for: `prepare` at slope 1 and `finish`. */
const blind: Arm = {
  name: 'blind collapse',
  after: ['dense'],
  async run(context) {
    const network = await context.networkOf('dense');
    const { graph, finish } = layerCollapse({ slope: 1 }).prepare(network);
    return figuresOf(optimise(finish(graph).graph).graph, context);
  },
};

/** `lcc build --collapse all` on 2,000 training images, without labels or training. */
const leastSquares: Arm = {
  name: 'least squares, untrained',
  after: ['dense'],
  async run(context) {
    const network = await context.networkOf('dense');
    const { train } = await context.data.open(network);
    const samples = Array.from({ length: calibrationSamples }, (_, i) => train.feedsOf(i));
    const restructure = makeRestructure(optimise(network).graph, samples, makeRunner);
    const passes = new Set(['collapse-layers'] as const);
    const { graph } = restructure(pricedChoices(passes, { ...allOff, collapse: 'all' }, noPrices, () => 1));
    return figuresOf(graph, context);
  },
};

const collapsing = (name: string, options: LayerCollapseOptions): Arm => ({
  name,
  after: ['dense'],
  async run(context) {
    const network = await context.networkOf('dense');
    const data = await context.data.open(network);
    const { graph, trained, history } = await trainArm(network, data, context, {
      optimiser: adam(),
      schedule: cosine(),
      epochs: epochs.collapse,
      methods: [layerCollapse({ tolerance, settles: false, ...options })],
    });
    const slopes = Object.values(history.at(-1)?.status ?? {});
    const before = await accuracyOf(trained, data);
    // beyond the tolerance nothing collapses: what that would cost is measured all the same
    const forced = layerCollapse({ tolerance: Number.POSITIVE_INFINITY }).prepare(network).finish;
    const collapsed = optimise(forced(trained).graph).graph;
    const isCollapsed = optimise(graph).graph.nodes.length === collapsed.nodes.length;
    return {
      network: collapsed,
      figures: {
        accuracy: await accuracyOf(collapsed, data),
        'accuracy before the collapse': before,
        parameters: parametersOf(collapsed),
        slopes,
        'within the tolerance': isCollapsed ? 'yes' : 'no',
      },
    };
  },
});

/** The network that is left where all blocks have collapsed, from the beginning. */
const sameSize: Arm = {
  name: 'same size from scratch',
  async run(context) {
    const { sizes, classes } = context.data;
    const graph = models.mlp({ inputs: sizes, hidden: [128], classes })(context.seed);
    const data = await context.data.open(graph);
    const settings = { optimiser: adam(), schedule: cosine(), epochs: epochs.dense + epochs.collapse };
    const { graph: network } = await trainArm(graph, data, context, settings);
    return figuresOf(network, context);
  },
};

async function figuresOf(
  network: Graph,
  context: ArmContext,
): Promise<{ readonly figures: Figures; readonly network: Graph }> {
  const data = await context.data.open(network);
  return { network, figures: { accuracy: await accuracyOf(network, data), parameters: parametersOf(network) } };
}

export const layerCollapseStudy: Study = {
  name: 'layer-collapse',
  title: 'LayerCollapse: 784-128, four residual blocks of 512 hidden units, 10 (papers.md 7.1)',
  runs: [
    { data: 'mnist', seeds: [1, 2, 3] },
    { data: 'fashion-mnist', seeds: [1] },
  ],
  arms: [
    dense,
    blind,
    leastSquares,
    collapsing('penalty in the loss, through Adam', { coupled: 0.1 }),
    collapsing('LayerCollapse', {}),
    sameSize,
  ],
  columns: [
    { figure: 'accuracy', title: 'accuracy', print: (v) => `${v.toFixed(2)} %` },
    { figure: 'accuracy before the collapse', title: 'before the collapse', print: (v) => `${v.toFixed(2)} %` },
    { figure: 'parameters', title: 'parameters', print: (v) => String(Math.round(v)) },
    { figure: 'slopes', title: 'slopes', print: (v) => v.toFixed(3) },
  ],
  goals: collapseGoals,
};

function collapseGoals(results: Results): readonly StudyGoal[] {
  const [whole, trained] = [results.get('dense') ?? [], results.get('LayerCollapse') ?? []];
  if (whole.length === 0 || trained.length === 0) return [];
  const numbers = (all: readonly Figures[], figure: string): number[] => all.map((one) => Number(one[figure]));
  const slopes = trained.flatMap(({ slopes: own }) => (Array.isArray(own) ? own.map(Number) : []));
  const farthest = Math.max(...slopes.map((slope) => Math.abs(slope - 1)));
  const changes = trained.map((one) => Math.abs(Number(one.accuracy) - Number(one['accuracy before the collapse'])));
  const below = meanOf(numbers(whole, 'accuracy')) - meanOf(numbers(trained, 'accuracy'));
  const gone = 1 - meanOf(numbers(trained, 'parameters')) / meanOf(numbers(whole, 'parameters'));
  return [
    { goal: 'all slopes within 0.01 of 1', measured: `at most ${farthest.toFixed(4)} away`, isMet: farthest <= 0.01 },
    {
      goal: 'the collapse itself changes accuracy by at most 0.1 points',
      measured: `at most ${Math.max(...changes).toFixed(2)}`,
      isMet: Math.max(...changes) <= 0.1,
    },
    { goal: 'at most 1 point below the dense network', measured: `${below.toFixed(2)}`, isMet: below <= 1 },
    {
      goal: 'at least 80 % of the parameters gone',
      measured: `${(100 * gone).toFixed(1)} %`,
      isMet: gone >= 0.8,
    },
  ];
}
