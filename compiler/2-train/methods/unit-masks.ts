import type { Graph, ValueId } from '../../ir/graph.ts';
import type { UnitReader } from '../../rewrite/channel-groups.ts';
import { placesOf } from '../../rewrite/cut-prefix.ts';
import { type Rule, rebuild } from '../../rewrite/rebuild.ts';
import { tensorOf } from '../../tensor/convert.ts';
import type { HiddenGroup } from '../hidden-groups.ts';
import type { Role } from '../roles.ts';

/** Hidden units, and a mask for each value through which layers read them. */
export interface MaskedUnits {
  readonly hidden: HiddenGroup;
  readonly masks: readonly UnitMask[];
}

/** What a value is multiplied by before layers read it. */
export interface UnitMask {
  /** of the constant */
  readonly name: string;
  readonly value: ValueId;
  /** along the features of the value: [units], of channels [C, 1, 1] */
  readonly shape: readonly number[];
  /** in prefix order, of the unit of each feature */
  readonly places: readonly number[];
}

/** Masks named for the group and their kind: `fc1.prefix`, `fc1.prefix2`. */
export function maskUnits(graph: Graph, hidden: HiddenGroup, kind: string): MaskedUnits {
  const { name, group } = hidden;
  const places = placesOf(group);
  const read = new Map(group.readers.map((reader) => [reader.x.value, reader]));
  const masks = [...read.values()].map(
    ({ x }: UnitReader, i): UnitMask => ({
      name: i === 0 ? `${name}.${kind}` : `${name}.${kind}${i + 1}`,
      value: x.value,
      shape: [x.units.length, ...(graph.values.get(x.value)?.type.shape ?? []).slice(x.axis + 1).map(() => 1)],
      places: x.units.map((unit) => places[unit] ?? 0),
    }),
  );
  return { hidden, masks };
}

/** Readers of a masked value read its product with the mask, which starts as ones. */
export function addMasks(graph: Graph, groups: readonly MaskedUnits[]): Graph {
  const masks = new Map(groups.flatMap(({ masks }) => masks.map((mask) => [mask.value, mask])));
  const readers = new Set(groups.flatMap(({ hidden }) => hidden.group.readers.map(({ layer }) => layer.node)));
  const products = new Map<ValueId, ValueId>();
  const rule: Rule = ({ node, inputs: [x, ...rest] }, rewriter) => {
    const mask = masks.get(node.inputs[0] ?? -1);
    if (!mask || x === undefined || !readers.has(node)) return undefined;
    const { name, value, shape, places } = mask;
    const ones = tensorOf('float32', [...shape], new Array<number>(places.length).fill(1));
    const product = products.get(value) ?? rewriter.add('mul', [x, rewriter.constant(ones, name)], {}, name);
    products.set(value, product);
    return [rewriter.add(node.op, [product, ...rest], node.attributes, node.name)];
  };
  return rebuild(graph, [rule]).graph;
}

/** Layers read the values themselves again. */
export function removeMasks(graph: Graph, groups: readonly MaskedUnits[]): Graph {
  const names = new Set(groups.flatMap(({ masks }) => masks.map(({ name }) => name)));
  const rule: Rule = ({ node, inputs: [x, mask] }, rewriter) =>
    node.op === 'mul' && x !== undefined && mask !== undefined && names.has(rewriter.nameOf(mask)) ? [x] : undefined;
  return rebuild(graph, [rule]).graph;
}

/** Nothing learns a mask. */
export const rolesOfMasks = (groups: readonly MaskedUnits[]): ReadonlyMap<string, Role> =>
  new Map(groups.flatMap(({ masks }) => masks.map(({ name }): [string, Role] => [name, { kind: 'fixed' }])));
