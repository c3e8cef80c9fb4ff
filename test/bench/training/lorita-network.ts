import { lorita } from '../../../compiler/2-train/methods/lorita.ts';
import { optimise } from '../../../compiler/3-compress/pipeline.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import type { Arm, ArmContext, ArmResult } from './study.ts';
import { accuracyOf, parametersOf, type TrainingSettings, trainArm } from './train-arm.ts';

/** A network and how it is trained from the beginning: what differs between the studies of LoRITa. */
export interface LoritaNetwork {
  /** of all layers' widths, which go with it */
  readonly units: number;
  /** of any width, drawn by the seed */
  make(context: ArmContext, units: number): Graph;
  /** as large as `make` is once it is trained and its norms are folded */
  makeFolded(context: ArmContext, units: number): Graph;
  /** the decay is coupled, as LoRITa needs it */
  readonly training: Omit<TrainingSettings, 'methods'>;
}

/** Trained as products of N, drawn as the paper does, and multiplied out. */
export const trainedWithFactors = (network: LoritaNetwork, factors: number): Arm => ({
  name: `N = ${factors}`,
  async run(context) {
    const graph = network.make(context, network.units);
    const methods = [lorita({ factors, start: 'anew', seed: context.seed })];
    return trained(graph, context, { ...network.training, methods });
  },
});

/** A network of any width by the same settings, without factors. */
export const trainedPlainly = (
  { make, training }: LoritaNetwork,
  units: number,
  context: ArmContext,
  epochs = training.epochs,
): Promise<Trained> => trained(make(context, units), context, { ...training, epochs });

type Trained = ArmResult & { readonly network: Graph };

async function trained(graph: Graph, context: ArmContext, settings: TrainingSettings): Promise<Trained> {
  const data = await context.data.open(graph);
  const { graph: network } = await trainArm(graph, data, context, settings);
  const figures = { accuracy: await accuracyOf(network, data), parameters: parametersOf(optimise(network).graph) };
  return { network, figures };
}

/** The most units of a layer at which the folded network is allowed, narrower ones being smaller. */
export function mostUnits(
  { units, makeFolded }: LoritaNetwork,
  context: ArmContext,
  isAllowed: (folded: Graph) => boolean,
): number {
  let [fits, above] = [0, units + 1];
  while (above - fits > 1) {
    const middle = Math.floor((fits + above) / 2);
    if (isAllowed(makeFolded(context, middle))) fits = middle;
    else above = middle;
  }
  if (fits === 0) throw new Error('no width is small enough');
  return fits;
}
