import type { ValueId } from '../../ir/graph.ts';
import { otherInput, producerOf, scalarOf } from '../../rewrite/match.ts';
import type { Rewriter, Rule } from '../../rewrite/rebuild.ts';
import { sizesOf } from '../../tensor/shape.ts';

/**
 * matmul(softmax(matmul(q, k^T) * scale + mask), v) -> attention(q, k, v, mask) with the scale as an attribute. Scales on
 * q, on k and on the product all count.
 */
export const recogniseAttention: Rule = ({ node, inputs }, rewriter) => {
  const [probabilities, v] = inputs;
  if (node.op !== 'matmul' || v === undefined || !isSingle(probabilities, rewriter)) return undefined;
  const softmax = producerOf(rewriter, probabilities, 'softmax');
  const rank = probabilities === undefined ? 0 : rewriter.typeOf(probabilities).shape.length;
  if (!softmax || softmax.attributes.axis !== rank - 1 || rank < 2) return undefined;
  const scores = scoresOf(softmax.inputs[0], rewriter);
  if (!scores || rewriter.typeOf(v).shape.length !== rank) return undefined;
  const product = producerOf(rewriter, scores.product, 'matmul');
  const [left, right] = product?.inputs ?? [];
  const q = unscaled(left, rewriter);
  const turned = unscaled(right, rewriter);
  const k = keysOf(turned.id, rewriter);
  if (q.id === undefined || k.id === undefined || rewriter.typeOf(q.id).shape.length !== rank) return undefined;
  const scale = scores.scale * q.factor * turned.factor * k.factor;
  const mask = scores.mask === undefined ? [] : [scores.mask];
  const attention = rewriter.add('attention', [q.id, k.id, v, ...mask], { scale }, node.name);
  const isSame = sizesOf(rewriter.typeOf(attention).shape).join() === outputSizes(probabilities, v, rewriter);
  return isSame ? [attention] : undefined;
};

const isSingle = (id: ValueId | undefined, rewriter: Rewriter): boolean => id !== undefined && rewriter.uses(id) === 1;

function outputSizes(probabilities: ValueId | undefined, v: ValueId, rewriter: Rewriter): string {
  const rows = probabilities === undefined ? [] : sizesOf(rewriter.typeOf(probabilities).shape).slice(0, -1);
  return [...rows, sizesOf(rewriter.typeOf(v).shape).at(-1)].join();
}

interface Scores {
  readonly product: ValueId;
  readonly scale: number;
  readonly mask: ValueId | undefined;
}

/** product * scale + mask, either part optional. */
function scoresOf(id: ValueId | undefined, rewriter: Rewriter): Scores | undefined {
  if (id === undefined) return undefined;
  const isScores = (x: ValueId): boolean => producerOf(rewriter, unscaled(x, rewriter).id, 'matmul') !== undefined;
  const sum = producerOf(rewriter, id, 'add');
  const mask = sum && otherInput(sum, (x) => isScores(x) && isSingle(x, rewriter));
  const base = sum && mask !== undefined ? sum.inputs.find((x) => x !== mask) : id;
  const { id: product, factor } = unscaled(base, rewriter);
  return product !== undefined && producerOf(rewriter, product, 'matmul')
    ? { product, scale: factor, mask }
    : undefined;
}

/** x and c of x * c or x / (1 / c), read nowhere else; any other value is itself times 1. */
function unscaled(
  id: ValueId | undefined,
  rewriter: Rewriter,
): { readonly id: ValueId | undefined; readonly factor: number } {
  const plain = { id, factor: 1 };
  if (!isSingle(id, rewriter)) return plain;
  const product = producerOf(rewriter, id, 'mul');
  const x = otherInput(product, (other) => scalarOf(rewriter, other) !== undefined);
  const factor = scalarOf(
    rewriter,
    product?.inputs.find((other) => other !== x),
  );
  if (x !== undefined && factor !== undefined && keepsShape(x, id, rewriter)) return { id: x, factor };
  const division = producerOf(rewriter, id, 'div');
  const divisor = scalarOf(rewriter, division?.inputs[1]);
  const isScaled = divisor !== undefined && divisor !== 0 && keepsShape(division?.inputs[0], id, rewriter);
  return isScaled ? { id: division?.inputs[0], factor: 1 / divisor } : plain;
}

const keepsShape = (x: ValueId | undefined, scaled: ValueId | undefined, rewriter: Rewriter): boolean =>
  x !== undefined && scaled !== undefined && rewriter.typeOf(x).shape.length === rewriter.typeOf(scaled).shape.length;

/** k of k^T (the last two dimensions exchanged), scaled or not. */
function keysOf(
  id: ValueId | undefined,
  rewriter: Rewriter,
): { readonly id: ValueId | undefined; readonly factor: number } {
  const node = producerOf(rewriter, id, 'transpose');
  const perm = node?.attributes.perm;
  if (!node || !Array.isArray(perm)) return { id: undefined, factor: 1 };
  const rank = perm.length;
  const exchanges = perm.every((from, to) => from === (to === rank - 1 ? rank - 2 : to === rank - 2 ? rank - 1 : to));
  return exchanges ? unscaled(node.inputs[0], rewriter) : splitTranspose(node.inputs[0], perm, id, rewriter);
}

/** A k^T that a single permutation makes from [..., S, heads, d]: the transposition is taken back out of it. */
function splitTranspose(
  source: ValueId | undefined,
  perm: readonly number[],
  turned: ValueId | undefined,
  rewriter: Rewriter,
): { readonly id: ValueId | undefined; readonly factor: number } {
  if (source === undefined || turned === undefined || rewriter.typeOf(turned).shape.length < 3)
    return { id: undefined, factor: 1 };
  const [last, beforeLast] = [perm.at(-1), perm.at(-2)];
  if (last === undefined || beforeLast === undefined) return { id: undefined, factor: 1 };
  const straight = [...perm.slice(0, -2), last, beforeLast];
  return { id: rewriter.add('transpose', [source], { perm: straight }, 'keys'), factor: 1 };
}
