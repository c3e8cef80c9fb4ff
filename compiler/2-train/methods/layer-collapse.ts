import * as tf from '@tensorflow/tfjs';
import { methodFindsNothing, methodOptionsInvalid } from '../../diagnostics/train.ts';
import { countReaders } from '../../ir/count-readers.ts';
import type { Graph, Node, ValueId } from '../../ir/graph.ts';
import { activations } from '../../ops/elementwise/activations.ts';
import { dropUnused, type Rule, rebuild } from '../../rewrite/rebuild.ts';
import { tensorOf } from '../../tensor/convert.ts';
import type { Parameters } from '../parameters.ts';
import type { Role } from '../roles.ts';
import type { Finished, Method } from './method.ts';

/**
 * LayerCollapse (Zibakhsh Shabgahi, Shariff, Koushanfar, arXiv 2311.17943; papers.md 1).
 *
 * Between two layers the activation becomes a x + (1 - a) act(x) with one slope a for each block (for ReLU that is PReLU; at
 * its start the network is the one that came). R = sum of (1 - a)^2 draws a to 1 beside Adam's moments,
 *
 *     a -= rate strength 2 (a - 1),       then the optimiser's own step,
 *
 * since moments would normalise the pull away. A slope within the tolerance is set to 1 and stays; the two layers are one
 * linear map then, which the exact passes merge.
 */
export interface LayerCollapseOptions {
  /** of the pull; the papers' `gp` */
  readonly strength?: number;
  /** slopes at most this far from 1 collapse */
  readonly tolerance?: number;
  /** where slopes start */
  readonly slope?: number;
  /** activations by the names of their nodes, the first to collapse first (`measureCollapseOrder`); by default all, from the last on */
  readonly layers?: readonly string[];
  /** how many of them, from the first to collapse on; all by default */
  readonly blocks?: number;
  /** one block more every so many epochs; all at once by default */
  readonly stage?: number;
  /** at the end of each epoch slopes within the tolerance are set to 1, so that what follows adapts to that; else when it ends */
  readonly settles?: boolean;
  /** add the penalty to the loss instead of pulling beside the optimiser, as the paper writes it: a negative control */
  readonly coupled?: number;
}

/** Draws activations to the identity until the layers around are one (`LayerCollapseOptions`). @throws LccError LCC8007 */
export function layerCollapse(options: LayerCollapseOptions = {}): Method {
  const { strength = 10, tolerance = 0.05, slope = 0, stage, settles = true, coupled } = options;
  requireOptions(options);
  return {
    name: 'layer-collapse',
    settings: options,
    prepare(graph) {
      const chosen = chooseActivations(graph, options);
      const names = chosen.map(({ output }) => slopeName(graph, output));
      const roles = new Map(names.map((name): [string, Role] => [name, { kind: 'learnt', decays: false }]));
      const pulledIn = (epoch: number): string[] =>
        stage === undefined ? names : names.slice(0, 1 + Math.floor(epoch / stage));
      let pulled = pulledIn(0);
      const settled = new Set<string>();
      return {
        graph: interpolate(graph, new Set(chosen.map(({ node }) => node)), slope),
        roles,
        ...(coupled !== undefined && {
          penalty: (parameters: Parameters) =>
            penaltyOf(
              pulled.map((name) => parameters.named(name).variable),
              coupled,
            ),
        }),
        begin(parameters, epoch) {
          pulled = pulledIn(epoch);
          for (const name of names) if (parameters.named(name).values[0] === 1) settled.add(name);
        },
        afterStep(parameters, rate) {
          for (const name of coupled === undefined ? pulled : names) {
            const parameter = parameters.named(name);
            const value = parameter.values[0] ?? 0;
            const moved = coupled === undefined ? value - rate * strength * 2 * (value - 1) : value;
            parameter.values[0] = settled.has(name) ? 1 : moved;
            parameters.update(parameter);
          }
        },
        afterEpoch(parameters, epoch) {
          pulled = pulledIn(epoch);
          for (const name of names) {
            const parameter = parameters.named(name);
            if (!settles || !isCollapsible(parameter.values[0], tolerance)) continue;
            settled.add(name);
            parameter.values[0] = 1;
            parameters.update(parameter);
          }
        },
        status: (parameters) =>
          Object.fromEntries(names.map((name) => [name, parameters.named(name).values[0] ?? Number.NaN])),
        finish: (trained) => removeSlopes(trained, names, tolerance),
      };
    },
  };
}

function requireOptions(options: LayerCollapseOptions): void {
  const { strength = 0, tolerance = 0, slope = 0, coupled = 0, blocks = 1, stage = 1 } = options;
  for (const [name, value] of Object.entries({ strength, tolerance, coupled }))
    if (!(value >= 0)) throw methodOptionsInvalid('layer-collapse', `${name} is ${value}`, `Give a ${name} from 0 on.`);
  for (const [name, value] of Object.entries({ blocks, stage }))
    if (!(Number.isSafeInteger(value) && value > 0))
      throw methodOptionsInvalid('layer-collapse', `${name} is ${value}`, `Give ${name} as a whole number above 0.`);
  if (!Number.isFinite(slope))
    throw methodOptionsInvalid('layer-collapse', `slope is ${slope}`, 'Give a slope from 0 to 1, such as 0.01.');
}

/** In the order in which they collapse. @throws LccError LCC8003, LCC8007 */
function chooseActivations(graph: Graph, { layers, blocks }: LayerCollapseOptions): readonly Activation[] {
  const all = findActivations(graph).reverse();
  if (all.length === 0) throw methodFindsNothing('layer-collapse', 'an activation between two layers (linear, conv)');
  const named = layers?.map((layer) => {
    const found = all.find(({ output }) => nameOfPlace(graph, output) === layer);
    const known = all.map(({ output }) => nameOfPlace(graph, output)).join(', ');
    if (!found)
      throw methodOptionsInvalid('layer-collapse', `there is no activation "${layer}"`, `Name some of ${known}.`);
    return found;
  });
  return (named ?? all).slice(0, blocks);
}

/**
 * Activations from the one whose collapse alone harms least on, as `evaluate` measures it on validation data: the order for
 * `layers` (papers.md 1.7: last to first is not universal).
 */
export async function measureCollapseOrder(
  graph: Graph,
  evaluate: (graph: Graph) => Promise<number>,
  higherIsBetter = true,
): Promise<readonly { readonly layer: string; readonly value: number }[]> {
  const measured: { layer: string; value: number }[] = [];
  for (const { output } of chooseActivations(graph, {})) {
    const layer = nameOfPlace(graph, output);
    const { graph: prepared, finish } = layerCollapse({ layers: [layer], slope: 1 }).prepare(graph);
    measured.push({ layer, value: await evaluate(finish(prepared).graph) });
  }
  return measured.sort((a, b) => (higherIsBetter ? b.value - a.value : a.value - b.value));
}

const isCollapsible = (slope: number | undefined, tolerance: number): boolean =>
  slope !== undefined && Math.abs(slope - 1) <= tolerance;

const slopeName = (graph: Graph, output: ValueId): string => `${nameOfPlace(graph, output)}.slope`;

/** The node's, where no other has it. */
function nameOfPlace(graph: Graph, output: ValueId): string {
  const node = graph.nodes.find(({ outputs }) => outputs.includes(output));
  const isUnique = graph.nodes.filter(({ name }) => name === node?.name).length === 1;
  return (isUnique && node?.name) || (graph.values.get(output)?.name ?? '');
}

/** strength sum of (1 - a)^2 */
const penaltyOf = (slopes: readonly tf.Variable[], strength: number): tf.Scalar =>
  tf.mul(tf.addN(slopes.map((slope) => tf.sum(tf.square(tf.sub(1, slope))))), strength);

interface Activation {
  readonly node: Node;
  readonly output: ValueId;
}

/** Activations that a layer or its norm leads to, and only one layer reads. */
function findActivations(graph: Graph): Activation[] {
  const readers = countReaders(graph);
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((id) => [id, node] as const)));
  return graph.nodes.flatMap((node): Activation[] => {
    const [z] = node.inputs;
    const [output] = node.outputs;
    if (!Object.hasOwn(activations, node.op) || z === undefined || output === undefined) return [];
    const before = producers.get(z);
    const inner = before?.op === 'batchNorm' ? producers.get(before.inputs[0] ?? -1) : before;
    const outer = graph.nodes.find((one) => one.inputs[0] === output);
    const isBetween = isLayer(inner) && isLayer(outer) && readers.get(output) === 1;
    return isBetween ? [{ node, output }] : [];
  });
}

const isLayer = (node: Node | undefined): boolean => node?.op === 'linear' || node?.op === 'conv';

/** act(z) + a (z - act(z)) in the place of act(z) */
function interpolate(graph: Graph, chosen: ReadonlySet<Node>, slope: number): Graph {
  const rule: Rule = ({ node, inputs }, rewriter) => {
    const [z] = inputs;
    const [output] = node.outputs;
    if (!chosen.has(node) || z === undefined || output === undefined) return undefined;
    const a = rewriter.constant(tensorOf('float32', [1], [slope]), slopeName(graph, output));
    const active = rewriter.add(node.op, inputs, node.attributes, node.name);
    const rest = rewriter.add('sub', [z, active], {}, `${node.name}.rest`);
    return [
      rewriter.add('add', [active, rewriter.add('mul', [rest, a], {}, `${node.name}.share`)], {}, `${node.name}.mix`),
    ];
  };
  return rebuild(graph, [rule]).graph;
}

/** z in the place of the mixture where the slope is 1 or near enough; else the mixture stays. */
function removeSlopes(graph: Graph, names: readonly string[], tolerance: number): Finished {
  const slopes = new Map(
    [...graph.constants].flatMap(([id, { data }]) => {
      const name = graph.values.get(id)?.name ?? '';
      return names.includes(name) ? [[id, { name, value: Number(data[0]) }] as const] : [];
    }),
  );
  const zOf = new Map<ValueId, ValueId>();
  for (const share of graph.nodes) {
    const slope = slopes.get(share.inputs[1] ?? -1);
    if (share.op !== 'mul' || !slope || !isCollapsible(slope.value, tolerance)) continue;
    const rest = graph.nodes.find((node) => node.outputs[0] === share.inputs[0]);
    const mix = graph.nodes.find((node) => node.op === 'add' && node.inputs[1] === share.outputs[0]);
    const [z, y] = [rest?.inputs[0], mix?.outputs[0]];
    if (z !== undefined && y !== undefined) zOf.set(y, z);
  }
  const notes = [...slopes.values()]
    .filter(({ value }) => !isCollapsible(value, tolerance))
    .map(({ name, value }) => `${name} is ${value.toFixed(3)}, further than ${tolerance} from 1: not collapsed.`);
  return { graph: redirect(graph, zOf), notes };
}

/** Reads the second value of each pair wherever the first is read. */
function redirect(graph: Graph, pairs: ReadonlyMap<ValueId, ValueId>): Graph {
  const now = (id: ValueId): ValueId => {
    const next = pairs.get(id);
    return next === undefined ? id : now(next);
  };
  return dropUnused({
    ...graph,
    nodes: graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(now) })),
    outputs: graph.outputs.map((output) => ({ ...output, value: now(output.value) })),
  });
}
