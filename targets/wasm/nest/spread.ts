import binaryen from 'binaryen';
import type { Axis } from '../../../compiler/kernel/index-expr.ts';
import type { StoreStmt } from '../../../compiler/kernel/nest.ts';
import type { Dependences } from '../dependence.ts';
import { laneBytes } from '../fetches.ts';
import { resolveAddress } from '../indices.ts';
import { atOffset } from '../kernels/code.ts';
import type { PlainLoop } from './normalise.ts';
import type { Plan } from './plan.ts';
import type { NestWriter } from './writer.ts';

/** Values along `axis` of which each is stored `copies.extent` times side by side, as an image is enlarged. */
export interface Spread {
  readonly axis: Axis;
  readonly copies: Axis;
  readonly statement: StoreStmt;
}

const fewestValues = 4;
const mostCopies = 8;
const vectorBytes = 16;

/** The spread that `loop` and the one loop inside it spell. */
export function findSpread(loop: PlainLoop, plan: Plan, dependences: Dependences): Spread | undefined {
  const [inner, ...others] = loop.body;
  if (inner?.kind !== 'loop' || others.length > 0 || loop.axis.extent.size < fewestValues) return undefined;
  const [statement, ...more] = inner.body;
  if (statement?.kind !== 'store' || more.length > 0) return undefined;
  const { size } = inner.axis.extent;
  const isSpread =
    size <= mostCopies &&
    plan.stride(statement.offset, inner.axis) === 1 &&
    plan.stride(statement.offset, loop.axis) === size &&
    !dependences.of(statement.value).has(inner.axis);
  return isSpread ? { axis: loop.axis, copies: inner.axis, statement } : undefined;
}

/** Four values at a time: lane j of the k-th vector of their copies is value (4k + j) / copies. */
export function writeSpread(writer: NestWriter, { axis, copies, statement }: Spread): void {
  const { renderer, code } = writer;
  const { module } = code;
  const { size } = copies.extent;
  writer.repeat(copies, 0, 1, 1, () =>
    writer.alongLanes(axis, 1, (count) => {
      const values = code.local(binaryen.v128);
      renderer.scope.statements.push(module.local.set(values.index, writer.vectorOf(statement.value)));
      const target = resolveAddress(renderer, renderer.slot(statement.slot), statement.offset);
      for (let first = 0; first < count * size; first += 4) {
        const lanes = [0, 1, 2, 3].map((j) => Math.min(3, Math.floor((first + j) / size)));
        const copied = code.local(binaryen.v128);
        const spread = module.i8x16.shuffle(code.get(values), code.get(values), laneBytes(lanes));
        renderer.scope.statements.push(module.local.set(copied.index, spread));
        writer.storeDense(atOffset(target, (first / 4) * vectorBytes), copied, Math.min(4, count * size - first));
      }
    }),
  );
}
