import { lorita } from '../../../compiler/2-train/methods/lorita.ts';
import { models } from '../../../compiler/2-train/models/index.ts';
import { sgd } from '../../../compiler/2-train/optimisers/index.ts';
import { cosine } from '../../../compiler/2-train/schedules.ts';
import { optimise } from '../../../compiler/3-compress/pipeline.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import type { Arm, ArmContext, ArmResult } from './study.ts';
import { accuracyOf, parametersOf, trainArm } from './train-arm.ts';

/** Of a training from the beginning. */
export const denseEpochs = 10;
const width = 256;

const make = ({ seed, data }: ArmContext, units: number, batchNorm: boolean): Graph =>
  models.mlp({ inputs: data.sizes, hidden: [units, units, units], classes: data.classes, batchNorm })(seed);

/** 784, three hidden layers of as many units, 10; a norm and ReLU behind each hidden layer. */
export const makeNetwork = (context: ArmContext, units = width): Graph => make(context, units, true);

/** As large as `makeNetwork` is once it is trained and its norms are folded: biases stand for them. */
export const makeFolded = (context: ArmContext, units = width): Graph => make(context, units, false);

/** The decay is coupled, as LoRITa needs it. */
const settings = {
  optimiser: sgd({ rate: 0.02, momentum: 0.9, weightDecay: 1e-3 }),
  schedule: cosine(),
};

/** Trained as products of N, drawn as the paper does, and multiplied out. */
export const trainedWithFactors = (factors: number): Arm => ({
  name: `N = ${factors}`,
  async run(context) {
    const graph = makeNetwork(context);
    const methods = [lorita({ factors, start: 'anew', seed: context.seed })];
    return trained(graph, context, { epochs: denseEpochs, methods });
  },
});

/** A network of any width by the same settings, without factors. */
export const trainedPlainly = (graph: Graph, context: ArmContext, epochs: number): Promise<Trained> =>
  trained(graph, context, { epochs, methods: [] });

type Trained = ArmResult & { readonly network: Graph };

async function trained(
  graph: Graph,
  context: ArmContext,
  how: Pick<Parameters<typeof trainArm>[3], 'epochs' | 'methods'>,
): Promise<Trained> {
  const data = await context.data.open(graph);
  const { graph: network } = await trainArm(graph, data, context, { ...settings, ...how });
  const figures = { accuracy: await accuracyOf(network, data), parameters: parametersOf(optimise(network).graph) };
  return { network, figures };
}

/** The most units of a layer at which the folded network is allowed, narrower ones being smaller. */
export function mostUnits(context: ArmContext, isAllowed: (folded: Graph) => boolean): number {
  let [fits, above] = [0, width + 1];
  while (above - fits > 1) {
    const middle = Math.floor((fits + above) / 2);
    if (isAllowed(makeFolded(context, middle))) fits = middle;
    else above = middle;
  }
  if (fits === 0) throw new Error('no width is small enough');
  return fits;
}
