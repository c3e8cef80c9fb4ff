import * as tf from '@tensorflow/tfjs';
import { methodFindsNothing, methodOptionsInvalid } from '../../diagnostics/train.ts';
import type { Graph, ValueId } from '../../ir/graph.ts';
import { isTableOf, isWeightOf } from '../../rewrite/tied-constants.ts';
import { elementCount, shapeOf } from '../../tensor/shape.ts';
import { makeTensor } from '../../tensor/tensor.ts';
import type { Parameters } from '../parameters.ts';
import { rolesOf } from '../roles.ts';
import { InputCodes, withInputCodes, withoutInputCodes } from './input-codes.ts';
import type { Method, Seen } from './method.ts';
import { passThrough } from './pass-through.ts';
import { entriesOf, makeRounding, type WeightForm, type WeightRounding } from './weight-rounding.ts';

/**
 * Quantisation-aware training (Jacob et al., arXiv 1712.05877): the network sees weights of layers and rows of tables rounded as
 * a bundle will store them (papers.md 5.5), and the gradient passes through the rounding to the float ones. Palettes are made
 * anew after each epoch by k-means over the weights. In the end the rounded weights are the network's: storing them in the same
 * form changes nothing, as long as no pass changes them first. A batch normalisation behind a layer is such a pass: folding it
 * scales rows, which int8 and int4 take up in their scales to within bfloat16, and a palette does not.
 */
export interface QatOptions {
  /** int8 has a scale for each output, int4 for each 32 inputs of an output */
  readonly weights?: WeightForm;
  /** also round what layers read to 7 bits of a running range, as layers in integers do; its gradient ends beyond the range */
  readonly activations?: boolean;
}

/** Trains with weights rounded as a bundle stores them (`QatOptions`). @throws LccError LCC8007 */
export function qat({ weights: form = 'int8', activations = false }: QatOptions = {}): Method {
  requireForm(form);
  return {
    name: 'qat',
    settings: { weights: form, activations },
    prepare(graph) {
      const roundings = findRoundings(graph, form);
      if (roundings.size === 0) throw methodFindsNothing('qat', 'weights of 64 elements or more in a layer or table');
      const coded = activations ? withInputCodes(graph) : { graph, inputs: [] };
      const codes = new InputCodes(coded.inputs);
      const refresh = (parameters: Parameters): void => {
        for (const [name, rounding] of roundings) rounding.refresh(weightsOf(parameters.named(name)));
      };
      return {
        graph: coded.graph,
        roles: codes.roles,
        begin(parameters, epoch) {
          refresh(parameters);
          codes.begin(epoch > 0);
        },
        see(name, seen) {
          const rounding = roundings.get(name);
          return rounding ? seeRounded(seen, rounding) : seen;
        },
        ...(activations && { look: (parameters, batch) => codes.observe(parameters, batch) }),
        afterEpoch(parameters) {
          refresh(parameters);
          codes.begin(true);
        },
        finish: (trained) => ({
          graph: withoutInputCodes(roundConstants(trained, roundings), coded.inputs),
          notes: [],
        }),
      };
    },
  };
}

const sizes = [2, 4, 8, 16, 32, 64, 128, 256];

function requireForm(form: WeightForm): void {
  const entries = entriesOf(form);
  const isKnown = entries === undefined ? ['int8', 'int4', 'int4 by output'].includes(form) : sizes.includes(entries);
  const remedy = `Give int8, int4, int4 by output, or a palette of ${sizes.slice(0, -1).join(', ')} or ${sizes.at(-1)}.`;
  if (!isKnown) throw methodOptionsInvalid('qat', `weights cannot be stored as "${form}"`, remedy);
}

/** Smaller constants are stored as they are. */
const fewestElements = 64;

/** By name: learnt weights of layers, and tables that rows are gathered from. */
function findRoundings(graph: Graph, form: WeightForm): Map<string, WeightRounding> {
  const roles = rolesOf(graph);
  const isRounded = (id: ValueId): boolean =>
    roles.get(id)?.kind === 'learnt' && graph.nodes.some((node) => isWeightOf(node, id) || isTableOf(graph, node, id));
  return new Map(
    [...graph.constants].flatMap(([id, { shape }]): [string, WeightRounding][] => {
      const isSmall = elementCount(shape) < fewestElements;
      return isSmall || !isRounded(id) ? [] : [[graph.values.get(id)?.name ?? '', makeRounding(form, shape)]];
    }),
  );
}

const weightsOf = ({ shape, values }: { readonly shape: readonly number[]; readonly values: Float32Array }) =>
  makeTensor('float32', shapeOf(shape), values);

function seeRounded({ tensor, values }: Seen, rounding: WeightRounding): Seen {
  const { shape } = tensor;
  const rounded = rounding.round(weightsOf({ shape, values: values() }));
  return { tensor: passThrough(() => tf.tensor(rounded, shape))(tensor), values: () => rounded };
}

/** The same of the graph: palettes are those of these weights, as the last evaluation saw them. */
function roundConstants(graph: Graph, roundings: ReadonlyMap<string, WeightRounding>): Graph {
  const constants = new Map(
    [...graph.constants].map(([id, tensor]) => {
      const rounding = roundings.get(graph.values.get(id)?.name ?? '');
      if (!rounding) return [id, tensor];
      rounding.refresh(tensor);
      return [id, makeTensor('float32', tensor.shape, rounding.round(tensor))];
    }),
  );
  return { ...graph, constants };
}
