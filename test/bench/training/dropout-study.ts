import { evaluateGraph } from '../../../compiler/2-train/evaluate.ts';
import { dropout } from '../../../compiler/2-train/methods/dropout.ts';
import type { Method } from '../../../compiler/2-train/methods/method.ts';
import {
  type StructuralDropoutOptions,
  structuralDropout,
} from '../../../compiler/2-train/methods/structural-dropout.ts';
import { chooseWidths, type FamilyOptions, measureWidths } from '../../../compiler/2-train/width-table.ts';
import { top1 } from '../../../compiler/data/metrics/top-k.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { sortUnits } from './sort-units.ts';
import type { Arm, ArmContext, Figures, Study } from './study.ts';
import { accuracyOf, parametersOf, type TrainingSettings, trainArm } from './train-arm.ts';

/** A network, its data and how it is trained: what differs between the studies of Structural Dropout. */
export interface DropoutStudy extends Pick<Study, 'name' | 'title' | 'runs' | 'goals'> {
  /** the network with its hidden layers that wide, drawn by the seed; without norms, whose statistics are of one width */
  readonly make: (context: ArmContext, width: number) => Graph;
  /** hidden layers are cut to these, all by the same factor */
  readonly widths: readonly number[];
  /** of the network as it is trained */
  readonly whole: number;
  readonly training: Omit<TrainingSettings, 'methods'>;
  /** whether the paper's scaling is tried too */
  readonly hasScaling: boolean;
}

/** Arms of papers.md 2.4 and 7.2. */
export function makeDropoutStudy(of: DropoutStudy): Study {
  const { name, title, runs, goals, widths, hasScaling } = of;
  const plain = wholeArm(of, 'plain');
  const dropped = wholeArm(of, 'dropout 0.5', [dropout({ rate: 0.5 })]);
  const unscaled = structuralArm(of, 'structural dropout', { scale: 'none' });
  const scaled = structuralArm(of, "structural dropout, the paper's scaling", { scale: 'inverse' });
  return {
    name,
    title,
    runs,
    arms: [
      ...[plain, dropped].flatMap((arm) => [
        arm,
        cutArm(of, arm, `${arm.name}, cut`, (network) => network),
        cutArm(of, arm, `${arm.name}, sorted by the norm of their weights, cut`, sortUnits),
      ]),
      unscaled,
      ...(hasScaling ? [scaled] : []),
      greedyArm(of, unscaled),
      sameSizeArm(of),
    ],
    columns: [
      ...widths.map((width) => ({
        figure: accuracyAt(width),
        title: `${width} wide`,
        print: (v: number) => `${v.toFixed(2)} %`,
      })),
      { figure: 'parameters', title: 'parameters', print: (v) => String(Math.round(v)) },
      { figure: 'widths', title: 'widths', print: (v) => String(v) },
    ],
    goals,
  };
}

/** The figure of a network at one width. */
export const accuracyAt = (width: number): string => `accuracy ${width}`;

const quarterOf = ({ whole }: DropoutStudy): number => whole / 4;

const wholeArm = (of: DropoutStudy, name: string, methods: readonly Method[] = []): Arm => ({
  name,
  run: (context) => trainedAt(of, context, of.whole, methods),
});

const sameSizeArm = (of: DropoutStudy): Arm => ({
  name: `${quarterOf(of)} wide, from scratch`,
  run: (context) => trainedAt(of, context, quarterOf(of)),
});

/** Trained and measured at one width. */
async function trainedAt(of: DropoutStudy, context: ArmContext, width: number, methods: readonly Method[] = []) {
  const graph = of.make(context, width);
  const data = await context.data.open(graph);
  const { graph: network } = await trainArm(graph, data, context, { ...of.training, methods });
  const accuracy = await accuracyOf(network, data);
  return { network, figures: { [accuracyAt(width)]: accuracy, parameters: parametersOf(network) } };
}

const cutArm = (of: DropoutStudy, trained: Arm, name: string, prepare: (network: Graph) => Graph): Arm => ({
  name,
  after: [trained.name],
  async run(context) {
    return { figures: await atAllWidths(of, prepare(await context.networkOf(trained.name)), context) };
  },
});

const structuralArm = (of: DropoutStudy, name: string, options: StructuralDropoutOptions): Arm => ({
  name,
  async run(context) {
    const graph = of.make(context, of.whole);
    const data = await context.data.open(graph);
    const settings = { ...of.training, methods: [structuralDropout(options)] };
    const { graph: network } = await trainArm(graph, data, context, settings);
    const figures = await atAllWidths(of, network, context, options);
    return { network, figures: { ...figures, parameters: parametersOf(network) } };
  },
});

/** Accuracy of one network at every width, cut to the first units of its layers. */
async function atAllWidths(
  { widths, whole }: DropoutStudy,
  network: Graph,
  context: ArmContext,
  options: FamilyOptions = {},
): Promise<Figures> {
  const data = await context.data.open(network);
  const fractions = widths.map((width) => width / whole);
  const rows = await measureWidths(network, fractions, (graph) => accuracyOf(graph, data), options);
  return Object.fromEntries(widths.map((width, i) => [accuracyAt(width), rows[i]?.value ?? Number.NaN]));
}

/** No more parameters than all layers at a quarter have; validation images decide. */
const greedyArm = (of: DropoutStudy, unscaled: Arm): Arm => ({
  name: 'structural dropout, a width for each layer',
  after: [unscaled.name],
  async run(context) {
    const network = await context.networkOf(unscaled.name);
    const data = await context.data.open(network);
    const goal = { parameters: parametersOf(of.make(context, quarterOf(of))), higherIsBetter: true };
    const chosen = await chooseWidths(network, (graph) => evaluateGraph(graph, data.validation, top1), goal);
    return {
      network: chosen.graph,
      figures: {
        [accuracyAt(quarterOf(of))]: await accuracyOf(chosen.graph, data),
        parameters: parametersOf(chosen.graph),
        widths: Object.values(chosen.widths),
      },
    };
  },
});
