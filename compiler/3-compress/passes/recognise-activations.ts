import type { ValueId } from '../../ir/graph.ts';
import { addedTo, factorsOf, isAbout, otherInput, producerOf, productOf, scalarOf } from '../../rewrite/match.ts';
import type { Rewriter, Rule } from '../../rewrite/rebuild.ts';

/** The two factors of a node that is scale * a * b, both ways round; none for any other node. */
function pairsOf(
  { node, inputs }: Parameters<Rule>[0],
  scale: number,
  rewriter: Rewriter,
): readonly { readonly x: ValueId; readonly gate: ValueId }[] {
  const product = factorsOf(rewriter, node.op, inputs);
  const [a, b] = product?.factors ?? [];
  if (product?.factors.length !== 2 || a === undefined || b === undefined) return [];
  if (!isAbout(product.scale, scale)) return [];
  return [
    { x: a, gate: b },
    { x: b, gate: a },
  ];
}

const isSingle = (id: ValueId, rewriter: Rewriter): boolean => rewriter.uses(id) === 1;

/** x sigmoid(x) -> silu(x), x sigmoid(a x) -> swish(x), x tanh(softplus(x)) -> mish(x). */
export const recogniseSilu: Rule = (visit, rewriter) => {
  const { name } = visit.node;
  for (const { x, gate } of [...pairsOf(visit, 1, rewriter), ...quotientOf(visit)]) {
    if (!isSingle(gate, rewriter)) continue;
    const argument = sigmoidArgument(gate, visit.node.op === 'div', rewriter);
    if (argument === x) return [rewriter.add('silu', [x], {}, name)];
    const product = argument === undefined ? undefined : productOf(rewriter, argument);
    if (product?.factors.length === 1 && product.factors[0] === x)
      return [rewriter.add('swish', [x], { alpha: product.scale }, name)];
    const softplus = producerOf(rewriter, producerOf(rewriter, gate, 'tanh')?.inputs[0], 'softplus');
    if (softplus?.inputs[0] === x) return [rewriter.add('mish', [x], {}, name)];
  }
  return undefined;
};

const quotientOf = ({
  node,
  inputs,
}: Parameters<Rule>[0]): readonly { readonly x: ValueId; readonly gate: ValueId }[] => {
  const [x, gate] = inputs;
  return node.op === 'div' && x !== undefined && gate !== undefined ? [{ x, gate }] : [];
};

/** y of sigmoid(y), 1 / (1 + exp(-y)); of 1 + exp(-y) where that is the divisor. */
function sigmoidArgument(gate: ValueId, isDivisor: boolean, rewriter: Rewriter): ValueId | undefined {
  if (isDivisor) return negated(producerOf(rewriter, addedTo(rewriter, gate, 1), 'exp')?.inputs[0], rewriter);
  const sigmoid = producerOf(rewriter, gate, 'sigmoid');
  if (sigmoid) return sigmoid.inputs[0];
  const quotient = producerOf(rewriter, gate, 'div');
  const divisor =
    scalarOf(rewriter, quotient?.inputs[0]) === 1
      ? quotient?.inputs[1]
      : producerOf(rewriter, gate, 'reciprocal')?.inputs[0];
  return divisor === undefined ? undefined : sigmoidArgument(divisor, true, rewriter);
}

function negated(id: ValueId | undefined, rewriter: Rewriter): ValueId | undefined {
  const negation = producerOf(rewriter, id, 'neg');
  return negation
    ? negation.inputs[0]
    : otherInput(producerOf(rewriter, id, 'mul'), (other) => scalarOf(rewriter, other) === -1);
}

/** x relu6(x + 3) / 6, x clip(x / 6 + 1/2, 0, 1) and x hardSigmoid(x; 1/6, 1/2) -> hardSwish(x), in any order of the factors. */
export const recogniseHardSwish: Rule = (visit, rewriter) => {
  const found =
    pairsOf(visit, 1 / 6, rewriter).find(({ x, gate }) => addedTo(rewriter, clipped(gate, 6, rewriter), 3) === x) ??
    pairsOf(visit, 1, rewriter).find(({ x, gate }) => isHardSigmoid(gate, x, rewriter));
  if (!found || !isSingle(found.gate, rewriter)) return undefined;
  return [rewriter.add('hardSwish', [found.x], {}, visit.node.name)];
};

/** y of clip(y, 0, max), min(max(y, 0), max) and min(relu(y), max). */
function clipped(id: ValueId, max: number, rewriter: Rewriter): ValueId | undefined {
  const clip = producerOf(rewriter, id, 'clip');
  if (clip) return clip.attributes.min === 0 && clip.attributes.max === max ? clip.inputs[0] : undefined;
  const raised = otherInput(producerOf(rewriter, id, 'min'), (other) => scalarOf(rewriter, other) === max);
  const relu = producerOf(rewriter, raised, 'relu');
  return relu
    ? relu.inputs[0]
    : otherInput(producerOf(rewriter, raised, 'max'), (other) => scalarOf(rewriter, other) === 0);
}

function isHardSigmoid(gate: ValueId, x: ValueId, rewriter: Rewriter): boolean {
  const node = producerOf(rewriter, gate, 'hardSigmoid');
  if (node) {
    const { alpha, beta } = node.attributes;
    return node.inputs[0] === x && isAbout(Number(alpha ?? 0.2), 1 / 6) && isAbout(Number(beta ?? 0.5), 0.5);
  }
  const sixth = addedTo(rewriter, clipped(gate, 1, rewriter), 0.5);
  const product = sixth === undefined ? undefined : productOf(rewriter, sixth);
  return isPower(product, 1 / 6, x, 1);
}

/** 0.5 x (1 + erf(x / sqrt 2)) and 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) -> gelu(x), in any order of the factors. */
export const recogniseGelu: Rule = (visit, rewriter) => {
  for (const { x, gate } of pairsOf(visit, 0.5, rewriter)) {
    const inner = addedTo(rewriter, gate, 1);
    const erf = argumentOf(inner, 'erf', rewriter);
    const tanh = argumentOf(inner, 'tanh', rewriter);
    const approximate = isPower(erf, Math.SQRT1_2, x, 1) ? 'none' : isGeluTanh(tanh, x, rewriter) ? 'tanh' : undefined;
    if (approximate) return [rewriter.add('gelu', [x], { approximate }, visit.node.name)];
  }
  return undefined;
};

type Product = ReturnType<typeof productOf>;

function argumentOf(id: ValueId | undefined, op: 'erf' | 'tanh', rewriter: Rewriter): Product | undefined {
  const argument = producerOf(rewriter, id, op)?.inputs[0];
  return argument === undefined ? undefined : productOf(rewriter, argument);
}

/** scale * x^exponent */
const isPower = (product: Product | undefined, scale: number, x: ValueId, exponent: number): boolean =>
  product !== undefined &&
  isAbout(product.scale, scale) &&
  product.factors.length === exponent &&
  product.factors.every((factor) => factor === x);

/** sqrt(2 / pi) (x + 0.044715 x^3) or sqrt(2 / pi) x (1 + 0.044715 x^2) */
function isGeluTanh(product: Product | undefined, x: ValueId, rewriter: Rewriter): boolean {
  if (!product || !isAbout(product.scale, Math.sqrt(2 / Math.PI))) return false;
  const isTerm = (id: ValueId | undefined, exponent: number): boolean =>
    id !== undefined && isPower(productOf(rewriter, id), 0.044715, x, exponent);
  const [first, second] = product.factors;
  if (product.factors.length === 1) {
    const term = otherInput(producerOf(rewriter, first, 'add'), (id) => id === x);
    return isTerm(term, 3);
  }
  const gate = first === x ? second : second === x ? first : undefined;
  return product.factors.length === 2 && isTerm(addedTo(rewriter, gate, 1), 2);
}
