import type { Node, ValueId } from '../ir/graph.ts';
import type { OpName } from '../ops/index.ts';
import { numbersOf } from '../tensor/convert.ts';
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

/** Equal as float32 constants written in decimal are: within 1e-4 relative. */
export const isAbout = (x: number | undefined, expected: number): boolean =>
  x !== undefined && Math.abs(x - expected) <= 1e-4 * Math.abs(expected);

/** For a commutative node: the other input when one input satisfies `test`. */
export function otherInput(node: Node | undefined, test: (id: ValueId) => boolean): ValueId | undefined {
  const [a, b] = node?.inputs ?? [];
  if (a === undefined || b === undefined) return undefined;
  if (test(b)) return a;
  return test(a) ? b : undefined;
}
