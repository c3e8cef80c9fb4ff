import binaryen from 'binaryen';
import type { NestKernel } from '../../compiler/kernel/nest.ts';
import type { Functions } from './functions.ts';
import { Code } from './kernels/code.ts';
import { normalise, type PlainStmt } from './nest/normalise.ts';
import { expressionsIn, storesIn } from './nest/plan.ts';
import { NestWriter } from './nest/writer.ts';
import { Renderer } from './render.ts';
import { rootScope } from './scope.ts';

/** Adds a function `name` that runs the nest: one i32 byte address per slot. Says whether it works on four lanes. */
export function addNest(functions: Functions, kernel: NestKernel, name: string): { readonly isVector: boolean } {
  const code = new Code(
    functions.module,
    kernel.slots.map(() => binaryen.i32),
  );
  const body = normalise(kernel.body);
  const slots = kernel.slots.map((_, i) => code.param(i));
  const scope = rootScope({ push: (statement) => code.emit(statement) });
  const renderer = new Renderer(code, functions, slots, scope, writtenSlots(body));
  for (const e of expressionsIn(body)) renderer.dependences.count(e);
  const writer = new NestWriter(renderer, functions.features !== 'scalar');
  writer.write(body);
  code.finish(name);
  return { isVector: writer.isVector };
}

const writtenSlots = (body: readonly PlainStmt[]): Set<number> =>
  new Set(storesIn(body, []).map(({ store }) => store.slot));
