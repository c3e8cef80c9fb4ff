import { adam } from '../../../../compiler/2-train/optimisers/index.ts';
import { cosine } from '../../../../compiler/2-train/schedules.ts';
import { optimise } from '../../../../compiler/3-compress/pipeline.ts';
import type { Graph } from '../../../../compiler/ir/graph.ts';
import type { OpenStudyData } from '../data.ts';
import { loritaMlp as mlp } from '../lorita-mlp.ts';
import { mostUnits, trainedPlainly, trainedWithFactors } from '../lorita-network.ts';
import { buildStored, floatBytes, type StoredKind, storedBytes } from '../stored-weights.ts';
import type { Arm, ArmContext, Figures, Results, Study, StudyGoal } from '../study.ts';
import { meanOf } from '../summary.ts';
import { accuracyOf, trainArm } from '../train-arm.ts';
import { type Truncated, truncateByPrice } from '../truncate.ts';

/** Of training with labels after the truncation. */
const tuneEpochs = 3;

/** A form of the weights, and how many times fewer bytes than float32 of the dense network they have to take. */
interface Stage {
  readonly kind: StoredKind;
  readonly timesFewer: number;
  /** points of accuracy that it may lose */
  readonly allowed: number;
}

const stages: readonly Stage[] = [
  { kind: 'int8', timesFewer: 20, allowed: 0.5 },
  { kind: 'int4', timesFewer: 40, allowed: 0.8 },
];

const nameOf = ({ kind, timesFewer }: Stage): string => `${kind}, ${timesFewer}x fewer weight bytes`;

/** The next share is a little less than what should fit. */
const margin = 0.998;

/** Truncated until `kind` takes few enough bytes; ranks come in steps, so that somewhat fewer than allowed are left. */
function truncateFor(network: Graph, { train }: OpenStudyData, { kind, timesFewer }: Stage): Truncated {
  const allowed = floatBytes(network) / timesFewer;
  let share = 32 / (kind === 'int8' ? 8 : 4) / timesFewer;
  for (;;) {
    const truncated = truncateByPrice(network, train, share);
    const bytes = storedBytes(truncated.graph, kind);
    if (bytes <= allowed) return truncated;
    share *= (margin * allowed) / bytes;
  }
}

const compressed = (dense: string, stage: Stage): Arm => ({
  name: `${dense}, ${nameOf(stage)}`,
  after: [dense],
  async run(context) {
    const network = await context.networkOf(dense);
    const data = await context.data.open(network);
    const { graph, share } = truncateFor(network, data, stage);
    const truncated = await accuracyOf(graph, data);
    const settings = { optimiser: adam(), schedule: cosine(), epochs: tuneEpochs };
    const tuned = await trainArm(graph, data, context, settings);
    return {
      network: tuned.graph,
      figures: {
        'share of the weights': 100 * share,
        truncated,
        'fine-tuned': await accuracyOf(tuned.graph, data),
        ...(await storedFigures(tuned.graph, stage, context)),
      },
    };
  },
});

/** The widest ordinary network whose weights fit as they are, trained for as many epochs. */
const sameSize = (stage: Stage): Arm => ({
  name: `same size from scratch, ${nameOf(stage)}`,
  async run(context) {
    const allowed = wholeBytes(context) / stage.timesFewer;
    const units = mostUnits(mlp, context, (folded) => storedBytes(folded, stage.kind) <= allowed);
    const { network } = await trainedPlainly(mlp, units, context, mlp.training.epochs + tuneEpochs);
    const data = await context.data.open(network);
    const float = { 'fine-tuned': await accuracyOf(network, data) };
    return { network, figures: { ...float, ...(await storedFigures(network, stage, context)) } };
  },
});

/** Of the dense network. */
const wholeBytes = (context: ArmContext): number => floatBytes(mlp.makeFolded(context, mlp.units));

async function storedFigures(network: Graph, { kind }: Stage, context: ArmContext): Promise<Figures> {
  const data = await context.data.open(network);
  const { bytes, accuracy } = await buildStored(optimise(network).graph, kind, data);
  return { accuracy, 'weight bytes': bytes, 'times fewer': wholeBytes(context) / bytes };
}

const [ordinary, factored] = [trainedWithFactors(mlp, 1), trainedWithFactors(mlp, 3)];
const percent = (v: number): string => `${v.toFixed(2)} %`;

export const pipelineStudy: Study = {
  name: 'pipeline',
  title: 'LoRITa, whitened truncation, fine-tuning and integers: 784-256-256-256-10 with norms (papers.md 7.5)',
  runs: [{ data: 'mnist', seeds: [1, 2, 3] }],
  arms: [
    factored,
    ...stages.map((stage) => compressed(factored.name, stage)),
    ordinary,
    ...stages.map((stage) => compressed(ordinary.name, stage)),
    ...stages.map(sameSize),
  ],
  columns: [
    { figure: 'share of the weights', title: 'weights left', print: (v) => `${v.toFixed(1)} %` },
    { figure: 'truncated', title: 'truncated', print: percent },
    { figure: 'fine-tuned', title: 'trained, as float32', print: percent },
    { figure: 'accuracy', title: 'accuracy', print: percent },
    { figure: 'weight bytes', title: 'weight bytes', print: (v) => String(Math.round(v)) },
    { figure: 'times fewer', title: 'fewer', print: (v) => `${v.toFixed(2)}x` },
  ],
  goals: (results) => stages.flatMap((stage) => stageGoal(results, stage)),
};

function stageGoal(results: Results, stage: Stage): readonly StudyGoal[] {
  const dense = results.get(factored.name) ?? [];
  const built = results.get(`${factored.name}, ${nameOf(stage)}`) ?? [];
  if (dense.length === 0 || built.length === 0) return [];
  const numbers = (all: readonly Figures[], figure: string): number[] => all.map((one) => Number(one[figure]));
  const lost = meanOf(numbers(dense, 'accuracy')) - meanOf(numbers(built, 'accuracy'));
  const fewer = Math.min(...numbers(built, 'times fewer'));
  return [
    {
      goal: `at most ${stage.allowed} points lost at ${stage.timesFewer}x fewer weight bytes`,
      measured: `${lost.toFixed(2)} at ${fewer.toFixed(2)}x`,
      isMet: lost <= stage.allowed && fewer >= stage.timesFewer,
    },
  ];
}
