import type { Node, ValueId } from '../../ir/graph.ts';
import type { OpName } from '../../ops/index.ts';
import { uniformOf } from '../../rewrite/match.ts';
import type { Rewriter, Rule } from '../../rewrite/rebuild.ts';
import { isFloat } from '../../tensor/dtype.ts';

/**
 * An interpolated activation at its linear end, as sums spell it, is its input: x + 0 f(x), and max(x, 0) + min(x, 0),
 * also as relu(x) - relu(-x). For sums x only, which are never -0: these turn it to 0, or the reverse.
 */
export const removeLinearEnds: Rule = ({ node, inputs }, rewriter) => {
  const [a, b] = inputs;
  if ((node.op !== 'add' && node.op !== 'sub') || a === undefined || b === undefined) return undefined;
  if (!isFloat(rewriter.typeOf(a).dtype)) return undefined;
  const x =
    withoutNothing(a, b, rewriter) ??
    (node.op === 'add' ? withoutNothing(b, a, rewriter) : undefined) ??
    joinHalves(halfOf(a, rewriter), halfOf(b, rewriter), node.op === 'add' ? 1 : -1);
  return x !== undefined && isSum(rewriter.producer(x)) ? [x] : undefined;
};

const sums: ReadonlySet<OpName> = new Set(['linear', 'matmul', 'conv', 'convTranspose', 'batchNorm', 'add']);
const isSum = (node: Node | undefined): boolean => node !== undefined && sums.has(node.op);

/** x, where nothing is 0 f(x). */
function withoutNothing(x: ValueId, nothing: ValueId, rewriter: Rewriter): ValueId | undefined {
  const product = rewriter.producer(nothing);
  const [a, b] = product?.op === 'mul' ? product.inputs : [];
  const f = isZero(uniformOf(rewriter, b)) ? a : isZero(uniformOf(rewriter, a)) ? b : undefined;
  return f !== undefined && isTame(f, x, rewriter, longest) ? x : undefined;
}

const isZero = (value: number | undefined): boolean => value === 0;

/** Nodes between x and f(x) at most. */
const longest = 8;

/** Functions that are finite wherever their operands are. */
const tame: ReadonlySet<OpName> = new Set([
  ...(['relu', 'leakyRelu', 'prelu', 'elu', 'selu', 'celu', 'gelu', 'silu', 'swish', 'hardSwish', 'mish'] as const),
  ...(['sigmoid', 'hardSigmoid', 'tanh', 'erf', 'softplus', 'softsign', 'abs', 'neg', 'clip', 'identity'] as const),
  ...(['add', 'sub', 'mul', 'min', 'max'] as const),
]);

/** f is a function of x and finite constants that is finite where x is. */
function isTame(f: ValueId, x: ValueId, rewriter: Rewriter, left: number): boolean {
  if (f === x) return true;
  const constant = rewriter.known(f);
  if (constant) return constant.data.every((v: number | bigint) => Number.isFinite(Number(v)));
  const node = rewriter.producer(f);
  return (
    left > 0 && node !== undefined && tame.has(node.op) && node.inputs.every((id) => isTame(id, x, rewriter, left - 1))
  );
}

/** scale * max(x, 0), or scale * min(x, 0). */
interface Half {
  readonly x: ValueId;
  readonly scale: number;
  readonly side: 'above' | 'below';
}

/** x, where the first + sign * the second are its two halves. */
const joinHalves = (a: Half | undefined, b: Half | undefined, sign: number): ValueId | undefined =>
  a && b && a.x === b.x && a.side !== b.side && a.scale === 1 && sign * b.scale === 1 ? a.x : undefined;

function halfOf(id: ValueId, rewriter: Rewriter): Half | undefined {
  const node = rewriter.producer(id);
  const [a, b] = node?.inputs ?? [];
  if (!node || a === undefined) return undefined;
  const { min = -Infinity, max = Infinity } = node.attributes;
  const scaledBy = (of: ValueId | undefined, scale: number | undefined): Half | undefined => {
    const half = of !== undefined && scale !== undefined ? halfOf(of, rewriter) : undefined;
    return half && { ...half, scale: half.scale * (scale ?? 1) };
  };
  switch (node.op) {
    case 'relu':
      return aboveOf(a, rewriter);
    case 'clip':
      if (min === 0 && max === Infinity) return aboveOf(a, rewriter);
      return min === -Infinity && max === 0 ? { x: a, scale: 1, side: 'below' } : undefined;
    case 'max':
      return isZero(uniformOf(rewriter, b)) ? aboveOf(a, rewriter) : undefined;
    case 'min':
      return isZero(uniformOf(rewriter, b)) ? { x: a, scale: 1, side: 'below' } : undefined;
    case 'neg':
      return scaledBy(a, -1);
    case 'mul':
      return scaledBy(a, uniformOf(rewriter, b)) ?? scaledBy(b, uniformOf(rewriter, a));
    default:
      return undefined;
  }
}

/** max(x, 0); max(-x, 0) is -min(x, 0). */
function aboveOf(x: ValueId, rewriter: Rewriter): Half {
  const node = rewriter.producer(x);
  const [a, b] = node?.inputs ?? [];
  const isTurned = node?.op === 'neg' || (node?.op === 'mul' && uniformOf(rewriter, b) === -1);
  return isTurned && a !== undefined ? { x: a, scale: -1, side: 'below' } : { x, scale: 1, side: 'above' };
}
