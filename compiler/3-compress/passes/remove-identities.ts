import type { Node, ValueId } from '../../ir/graph.ts';
import { producerOf, uniformOf } from '../../rewrite/match.ts';
import type { Rewriter, Rule } from '../../rewrite/rebuild.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { sizesOf } from '../../tensor/shape.ts';

/**
 * Nodes whose output is their input: identity, casts, reshapes, permutations, slices, pads, arithmetic and activations that
 * change nothing, and choices between a value and itself.
 */
export const removeIdentities: Rule = ({ node, inputs }, rewriter) => {
  const [x] = inputs;
  const [output] = node.outputs;
  if (x === undefined || output === undefined || node.outputs.length !== 1) return undefined;
  return keeps(node, inputs, rewriter);
};

function keeps(node: Node, inputs: readonly ValueId[], rewriter: Rewriter): readonly ValueId[] | undefined {
  const [x, y] = inputs;
  if (x === undefined) return undefined;
  const type = rewriter.typeOf(x);
  const list = (name: string): readonly number[] => {
    const value = node.attributes[name];
    return Array.isArray(value) ? value : [];
  };
  const isSame = ((): boolean => {
    switch (node.op) {
      case 'identity':
        return true;
      case 'cast':
        return node.attributes.to === type.dtype;
      case 'reshape':
      case 'expand':
        return list('shape').join() === sizesOf(type.shape).join();
      case 'transpose':
        return list('perm').every((d, i) => d === i);
      case 'tile':
        return list('repeats').every((r) => r === 1);
      case 'pad':
        return list('pads').every((p) => p === 0);
      case 'slice':
        return list('steps').every((s) => s === 1) && list('sizes').join() === sizesOf(type.shape).join();
      case 'concat':
        return inputs.length === 1;
      case 'clip':
        return (node.attributes.min ?? -Infinity) === -Infinity && (node.attributes.max ?? Infinity) === Infinity;
      case 'leakyRelu':
        return node.attributes.alpha === 1;
      case 'prelu':
        return uniformOf(rewriter, y) === 1;
      case 'max':
      case 'min':
        return x === y;
      case 'resize':
        return keepsGrid(node.attributes) && list('sizes').join() === sizesOf(type.shape).join();
      default:
        return false;
    }
  })();
  if (isSame) return [x];
  const [, chosen, other] = inputs;
  if (node.op === 'where' && chosen !== undefined && chosen === other) return [chosen];
  return y === undefined ? undefined : neutral(node, x, y, rewriter);
}

const neutralElements: ReadonlyMap<Node['op'], number> = new Map([
  ['add', -0],
  ['sub', 0],
  ['mul', 1],
  ['div', 1],
]);

/** Every output position is an input position. */
const keepsGrid = ({ scales, coordinates }: Node['attributes']): boolean =>
  Array.isArray(scales) && scales.every((s) => s === 1) && coordinates !== 'tf_crop_and_resize';

/**
 * x + -0, x - 0, x * 1, x / 1 and their mirrors, the constant being one number or many. x + 0 stays: it turns -0 to 0, and
 * 1 / x to its opposite.
 */
function neutral(node: Node, x: ValueId, y: ValueId, rewriter: Rewriter): readonly ValueId[] | undefined {
  const element = neutralElements.get(node.op);
  if (element === undefined) return undefined;
  const [a, b] = [rewriter.typeOf(x), rewriter.typeOf(y)];
  const fits = (kept: typeof a, other: typeof a): boolean =>
    other.shape.length <= kept.shape.length && isFloat(kept.dtype) && kept.dtype === other.dtype;
  if (Object.is(uniformOf(rewriter, y), element) && fits(a, b)) return [x];
  const commutes = node.op === 'add' || node.op === 'mul';
  return commutes && Object.is(uniformOf(rewriter, x), element) && fits(b, a) ? [y] : undefined;
}

/** reshape(reshape(x)) and transpose(transpose(x)) as one. */
export const joinMovement: Rule = ({ node, inputs }, rewriter) => {
  const [x] = inputs;
  if (node.op === 'reshape') {
    const inner = producerOf(rewriter, x, 'reshape')?.inputs[0];
    return inner === undefined ? undefined : [rewriter.add('reshape', [inner], node.attributes, node.name)];
  }
  if (node.op !== 'transpose') return undefined;
  const inner = producerOf(rewriter, x, 'transpose');
  const [source] = inner?.inputs ?? [];
  const [first, second] = [inner?.attributes.perm, node.attributes.perm];
  if (source === undefined || !Array.isArray(first) || !Array.isArray(second)) return undefined;
  const perm = second.map((d: number) => Number(first[d]));
  const isIdentity = perm.every((d, i) => d === i);
  return [isIdentity ? source : rewriter.add('transpose', [source], { perm }, node.name)];
};
