import { evaluateGraph } from '../../../../compiler/2-train/evaluate.ts';
import {
  type StructuralDropoutOptions,
  structuralDropout,
} from '../../../../compiler/2-train/methods/structural-dropout.ts';
import { models } from '../../../../compiler/2-train/models/index.ts';
import { adam } from '../../../../compiler/2-train/optimisers/index.ts';
import { cosine } from '../../../../compiler/2-train/schedules.ts';
import { chooseWidths, type FamilyOptions, measureWidths } from '../../../../compiler/2-train/width-table.ts';
import { top1 } from '../../../../compiler/data/metrics/top-k.ts';
import type { Graph } from '../../../../compiler/ir/graph.ts';
import { sortUnits } from '../sort-units.ts';
import type { Arm, ArmContext, Figures, Results, Study, StudyGoal } from '../study.ts';
import { meanOf } from '../summary.ts';
import { accuracyOf, parametersOf, trainArm } from '../train-arm.ts';

const epochs = 12;
const rate = 8e-4;
const whole = 256;
/** Both hidden layers are cut to these. */
const widths = [16, 32, 64, 128, whole];
const quarter = whole / 4;

const makeNetwork = ({ seed, data }: ArmContext, width = whole): Graph =>
  models.mlp({ inputs: data.sizes, hidden: [width, width], classes: data.classes })(seed);

/** Accuracy of one network at every width, cut to the first units of its layers. */
async function atAllWidths(network: Graph, context: ArmContext, options: FamilyOptions = {}): Promise<Figures> {
  const data = await context.data.open(network);
  const fractions = widths.map((width) => width / whole);
  const rows = await measureWidths(network, fractions, (graph) => accuracyOf(graph, data), options);
  return Object.fromEntries(rows.map(({ value }, i) => [`accuracy ${widths[i]}`, value]));
}

const trained = async (graph: Graph, context: ArmContext, methods: readonly ReturnType<typeof structuralDropout>[]) => {
  const data = await context.data.open(graph);
  const settings = { optimiser: adam({ rate }), schedule: cosine(), epochs, methods };
  const { graph: network } = await trainArm(graph, data, context, settings);
  return { network, data };
};

const plain: Arm = {
  name: 'plain',
  async run(context) {
    const { network, data } = await trained(makeNetwork(context), context, []);
    const accuracy = await accuracyOf(network, data);
    return { network, figures: { [`accuracy ${whole}`]: accuracy, parameters: parametersOf(network) } };
  },
};

const cut = (name: string, prepare: (network: Graph) => Graph): Arm => ({
  name,
  after: [plain.name],
  async run(context) {
    return { figures: await atAllWidths(prepare(await context.networkOf(plain.name)), context) };
  },
});

const structural = (name: string, options: StructuralDropoutOptions): Arm => ({
  name,
  async run(context) {
    const { network } = await trained(makeNetwork(context), context, [structuralDropout(options)]);
    const figures = await atAllWidths(network, context, options);
    return { network, figures: { ...figures, parameters: parametersOf(network) } };
  },
});

const unscaled = structural('structural dropout', { scale: 'none' });

/** No more parameters than both layers at a quarter have; validation images decide. */
const greedy: Arm = {
  name: 'structural dropout, a width for each layer',
  after: [unscaled.name],
  async run(context) {
    const network = await context.networkOf(unscaled.name);
    const data = await context.data.open(network);
    const goal = { parameters: parametersOf(makeNetwork(context, quarter)), higherIsBetter: true };
    const chosen = await chooseWidths(network, (graph) => evaluateGraph(graph, data.validation, top1), goal);
    return {
      network: chosen.graph,
      figures: {
        [`accuracy ${quarter}`]: await accuracyOf(chosen.graph, data),
        parameters: parametersOf(chosen.graph),
        widths: Object.values(chosen.widths),
      },
    };
  },
};

const sameSize: Arm = {
  name: `${quarter} wide, from scratch`,
  async run(context) {
    const { network, data } = await trained(makeNetwork(context, quarter), context, []);
    const accuracy = await accuracyOf(network, data);
    return { network, figures: { [`accuracy ${quarter}`]: accuracy, parameters: parametersOf(network) } };
  },
};

/**
 * The arms of papers.md 2.4 but ordinary dropout, cut: what a method draws before a step is one for the whole batch, and
 * dropout needs a mask for each sample.
 */
export const structuralDropoutStudy: Study = {
  name: 'structural-dropout',
  title:
    'Structural Dropout: 784-256-256-10, both hidden layers cut to their first units, no retraining (papers.md 7.2)',
  runs: [
    { data: 'mnist', seeds: [1, 2, 3] },
    { data: 'fashion-mnist', seeds: [1] },
  ],
  arms: [
    plain,
    cut('plain, cut', (network) => network),
    cut('plain, sorted by the norm of their weights, cut', sortUnits),
    unscaled,
    structural("structural dropout, the paper's scaling", { scale: 'inverse' }),
    greedy,
    sameSize,
  ],
  columns: [
    ...widths.map((width) => ({
      figure: `accuracy ${width}`,
      title: `${width} wide`,
      print: (v: number) => `${v.toFixed(2)} %`,
    })),
    { figure: 'parameters', title: 'parameters', print: (v) => String(Math.round(v)) },
    { figure: 'widths', title: 'widths', print: (v) => String(v) },
  ],
  goals: dropoutGoals,
};

function dropoutGoals(results: Results): readonly StudyGoal[] {
  const [ordinary, family] = [results.get(plain.name) ?? [], results.get(unscaled.name) ?? []];
  if (ordinary.length === 0 || family.length === 0) return [];
  const mean = (all: readonly Figures[], width: number): number =>
    meanOf(all.map((one) => Number(one[`accuracy ${width}`])));
  const lost = mean(family, whole) - mean(family, quarter);
  const below = mean(ordinary, whole) - mean(family, whole);
  return [
    {
      goal: 'at a quarter of the width at most 1.5 points below its full width',
      measured: lost.toFixed(2),
      isMet: lost <= 1.5,
    },
    { goal: 'full width at most 1.2 points below plain', measured: below.toFixed(2), isMet: below <= 1.2 },
  ];
}
