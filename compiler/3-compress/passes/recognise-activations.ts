import type { ValueId } from '../../ir/graph.ts';
import { isAbout, otherInput, producerOf, scalarOf } from '../../rewrite/match.ts';
import type { Rewriter, Rule } from '../../rewrite/rebuild.ts';

const isScalar =
  (rewriter: Rewriter, value: number) =>
  (id: ValueId): boolean =>
    isAbout(scalarOf(rewriter, id), value);

/** x sigmoid(x) -> silu(x). */
export const recogniseSilu: Rule = ({ node, inputs }, rewriter) => {
  if (node.op !== 'mul') return undefined;
  const gate = inputs.find((id) => producerOf(rewriter, id, 'sigmoid'));
  const x = gate === undefined ? undefined : rewriter.producer(gate)?.inputs[0];
  return x !== undefined && inputs.some((id) => id === x) ? [rewriter.add('silu', [x], {}, node.name)] : undefined;
};

/** x clip(x + 3, 0, 6) / 6 and x hardSigmoid(x; 1/6, 1/2) -> hardSwish(x). */
export const recogniseHardSwish: Rule = ({ node, inputs }, rewriter) => {
  const x = node.op === 'mul' ? gatedInput(inputs, rewriter) : scaledInput(node.op, inputs, rewriter);
  return x === undefined ? undefined : [rewriter.add('hardSwish', [x], {}, node.name)];
};

/** The x of x * gate where gate is relu6(x + 3) / 6 or the hard sigmoid. */
function gatedInput(inputs: readonly ValueId[], rewriter: Rewriter): ValueId | undefined {
  for (const gate of inputs) {
    const x = inputs.find((id) => id !== gate);
    const producer = rewriter.producer(gate);
    if (x === undefined || producer === undefined) continue;
    const { alpha, beta } = producer.attributes;
    const isHard =
      producer.op === 'hardSigmoid' && isAbout(Number(alpha ?? 0.2), 1 / 6) && isAbout(Number(beta ?? 0.5), 0.5);
    if (isHard && producer.inputs[0] === x) return x;
    if (relu6Input(sixthOf(gate, rewriter), rewriter) === x) return x;
  }
  return scaledProduct(inputs, rewriter);
}

/** (x relu6(x + 3)) * (1/6). */
const scaledProduct = (inputs: readonly ValueId[], rewriter: Rewriter): ValueId | undefined => {
  const [a, b] = inputs;
  const product =
    a !== undefined && b !== undefined && isScalar(rewriter, 1 / 6)(b)
      ? a
      : b !== undefined && a !== undefined && isScalar(rewriter, 1 / 6)(a)
        ? b
        : undefined;
  return productInput(product, rewriter);
};

/** (x relu6(x + 3)) / 6. */
function scaledInput(op: string, inputs: readonly ValueId[], rewriter: Rewriter): ValueId | undefined {
  const [product, six] = inputs;
  return op === 'div' && six !== undefined && isScalar(rewriter, 6)(six) ? productInput(product, rewriter) : undefined;
}

function productInput(product: ValueId | undefined, rewriter: Rewriter): ValueId | undefined {
  const factors = producerOf(rewriter, product, 'mul')?.inputs ?? [];
  return factors.find((x) => factors.some((gate) => gate !== x && relu6Input(gate, rewriter) === x));
}

function sixthOf(id: ValueId, rewriter: Rewriter): ValueId | undefined {
  const division = producerOf(rewriter, id, 'div');
  if (division?.inputs[1] !== undefined && isScalar(rewriter, 6)(division.inputs[1])) return division.inputs[0];
  return otherInput(producerOf(rewriter, id, 'mul'), isScalar(rewriter, 1 / 6));
}

/** The x of clip(x + 3, 0, 6). */
function relu6Input(id: ValueId | undefined, rewriter: Rewriter): ValueId | undefined {
  const clip = producerOf(rewriter, id, 'clip');
  if (Number(clip?.attributes.min) !== 0 || Number(clip?.attributes.max) !== 6) return undefined;
  return otherInput(producerOf(rewriter, clip?.inputs[0], 'add'), isScalar(rewriter, 3));
}

/** 0.5 x (1 + erf(x / sqrt 2)) and 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) -> gelu(x), in any order of the factors. */
export const recogniseGelu: Rule = ({ node, inputs }, rewriter) => {
  if (node.op !== 'mul') return undefined;
  const factors = productFactors(inputs, rewriter);
  const half = factors.findIndex((id) => isScalar(rewriter, 0.5)(id));
  if (half < 0 || factors.length !== 3) return undefined;
  const rest = factors.filter((_, i) => i !== half);
  for (const [x, gate] of [rest, [...rest].reverse()]) {
    if (x === undefined || gate === undefined) continue;
    const inner = otherInput(producerOf(rewriter, gate, 'add'), isScalar(rewriter, 1));
    if (isErfOf(inner, x, rewriter)) return [rewriter.add('gelu', [x], { approximate: 'none' }, node.name)];
    if (isTanhOf(inner, x, rewriter)) return [rewriter.add('gelu', [x], { approximate: 'tanh' }, node.name)];
  }
  return undefined;
};

/** Factors of a product of up to three; a division by 2 counts as 0.5. */
function productFactors(inputs: readonly ValueId[], rewriter: Rewriter): readonly ValueId[] {
  for (const id of inputs) {
    const inner = producerOf(rewriter, id, 'mul');
    const other = inputs.find((o) => o !== id);
    if (inner && other !== undefined && rewriter.uses(id) === 1) return [...inner.inputs, other];
  }
  return inputs;
}

function isErfOf(id: ValueId | undefined, x: ValueId, rewriter: Rewriter): boolean {
  const argument = producerOf(rewriter, id, 'erf')?.inputs[0];
  const division = producerOf(rewriter, argument, 'div');
  if (division) return division.inputs[0] === x && isAbout(scalarOf(rewriter, division.inputs[1]), Math.SQRT2);
  return otherInput(producerOf(rewriter, argument, 'mul'), isScalar(rewriter, Math.SQRT1_2)) === x;
}

function isTanhOf(id: ValueId | undefined, x: ValueId, rewriter: Rewriter): boolean {
  const argument = producerOf(rewriter, id, 'tanh')?.inputs[0];
  const sum = producerOf(
    rewriter,
    otherInput(producerOf(rewriter, argument, 'mul'), isScalar(rewriter, Math.sqrt(2 / Math.PI))),
    'add',
  );
  const cubic = otherInput(sum, (term) => term === x);
  const cube = otherInput(producerOf(rewriter, cubic, 'mul'), isScalar(rewriter, 0.044715));
  const power = producerOf(rewriter, cube, 'pow');
  if (power) return power.inputs[0] === x && isAbout(scalarOf(rewriter, power.inputs[1]), 3);
  const square = otherInput(producerOf(rewriter, cube, 'mul'), (factor) => factor === x);
  return producerOf(rewriter, square, 'mul')?.inputs.every((factor) => factor === x) ?? false;
}
