import type { Node, ValueId } from '../ir/graph.ts';
import type { OpName } from '../ops/index.ts';
import { decodeData, numbersOf } from '../tensor/convert.ts';
import { elementCount } from '../tensor/shape.ts';
import type { Rewriter } from './rebuild.ts';

/** The producer of a value when it is that op. */
export function producerOf(rewriter: Rewriter, id: ValueId | undefined, op: OpName): Node | undefined {
  const node = id === undefined ? undefined : rewriter.producer(id);
  return node?.op === op ? node : undefined;
}

/** The number that a constant of one element holds. */
export function scalarOf(rewriter: Rewriter, id: ValueId | undefined): number | undefined {
  const tensor = id === undefined ? undefined : rewriter.known(id);
  if (tensor === undefined || elementCount(tensor.shape) !== 1) return undefined;
  return numbersOf(tensor)[0];
}

/** The number that every element of a constant is; 0 and -0 are two. */
export function uniformOf(rewriter: Rewriter, id: ValueId | undefined): number | undefined {
  const tensor = id === undefined ? undefined : rewriter.known(id);
  const data = tensor && decodeData(tensor);
  if (!data || data.length === 0) return undefined;
  const first = Number(data[0]);
  for (let i = 1; i < data.length; i++) if (!Object.is(Number(data[i]), first)) return undefined;
  return first;
}

/** Equal as far as float32 constants written in decimal are: within 1e-6 relative. */
export const isAbout = (x: number | undefined, expected: number): boolean =>
  x !== undefined && Math.abs(x - expected) <= 1e-6 * Math.abs(expected);

/** For a commutative node: the other input when one input satisfies `test`. */
export function otherInput(node: Node | undefined, test: (id: ValueId) => boolean): ValueId | undefined {
  const [a, b] = node?.inputs ?? [];
  if (a === undefined || b === undefined) return undefined;
  if (test(b)) return a;
  return test(a) ? b : undefined;
}

/** x of x + value, the constant on either side. */
export const addedTo = (rewriter: Rewriter, id: ValueId | undefined, value: number): ValueId | undefined =>
  otherInput(producerOf(rewriter, id, 'add'), (other) => isAbout(scalarOf(rewriter, other), value));

/** scale * the product of all factors. */
export interface Product {
  readonly scale: number;
  readonly factors: readonly ValueId[];
}

/**
 * A value as a product: multiplications, divisions by constants and powers of 2 and 3, through every value that is read
 * only here. Any other value is a product of one factor.
 */
export function productOf(rewriter: Rewriter, id: ValueId): Product {
  const node = rewriter.uses(id) === 1 ? rewriter.producer(id) : undefined;
  return (node && factorsOf(rewriter, node.op, node.inputs)) ?? leaf(rewriter, id);
}

/** The same for a node that is about to be copied; undefined for anything but a product. */
export function factorsOf(rewriter: Rewriter, op: OpName, inputs: readonly ValueId[]): Product | undefined {
  const [a, b] = inputs;
  if (a === undefined || b === undefined) return undefined;
  if (op === 'mul') {
    const [left, right] = [productOf(rewriter, a), productOf(rewriter, b)];
    return { scale: left.scale * right.scale, factors: [...left.factors, ...right.factors] };
  }
  const constant = scalarOf(rewriter, b);
  if (op === 'div' && constant !== undefined && constant !== 0) {
    const { scale, factors } = productOf(rewriter, a);
    return { scale: scale / constant, factors };
  }
  return op === 'pow' && (constant === 2 || constant === 3)
    ? { scale: 1, factors: new Array<ValueId>(constant).fill(a) }
    : undefined;
}

function leaf(rewriter: Rewriter, id: ValueId): Product {
  const constant = scalarOf(rewriter, id);
  return constant === undefined ? { scale: 1, factors: [id] } : { scale: constant, factors: [] };
}
