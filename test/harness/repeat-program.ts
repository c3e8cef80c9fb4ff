import type { Program } from '../../compiler/ir/program.ts';
import { add, constant } from '../../compiler/kernel/expr.ts';
import { addIndex, makeAxis } from '../../compiler/kernel/index-expr.ts';
import type { NestKernel } from '../../compiler/kernel/nest.ts';
import { dim } from '../../compiler/tensor/shape.ts';

export const repeatSize = 10;

/** y = x + plus. */
function addTo(name: string, plus: number): NestKernel {
  const i = makeAxis('i', dim(repeatSize));
  const x = { kind: 'fetch', dtype: 'float32', slot: 1, offset: addIndex(i), guards: [], fill: 0 } as const;
  const value = add(x, constant('float32', plus));
  return {
    kind: 'nest',
    name,
    slots: [
      { name: 'y', dtype: 'float32', access: 'write' },
      { name: 'x', dtype: 'float32', access: 'read' },
    ],
    body: [{ kind: 'loop', axis: i, body: [{ kind: 'store', slot: 0, offset: addIndex(i), value }] }],
  };
}

/** As a recurrent network is: y = x + 1, then 5 times y += 1, 10 and 10; the first and the second kernel share a function. */
export function repeatProgram(): Program {
  const bytes = 4 * repeatSize;
  const at = (offset: number) => ({ space: 'arena', offset, bytes }) as const;
  const call = (kernel: number, to: number, from: number) =>
    ({ kind: 'call', kernel, arguments: [at(to), at(from)] }) as const;
  const port = (name: string, offset: number) =>
    ({ name, dtype: 'float32', shape: [repeatSize], location: at(offset) }) as const;
  return {
    name: 'repeat',
    kernels: [addTo('first', 1), addTo('one', 1), addTo('ten', 10)],
    steps: [
      call(0, 64, 0),
      { kind: 'repeat', count: 5, steps: [call(1, 64, 64), { kind: 'repeat', count: 2, steps: [call(2, 64, 64)] }] },
    ],
    constants: { entries: [], size: 0 },
    inputs: [port('x', 0)],
    outputs: [port('y', 64)],
    arenaBytes: 128,
    buffers: [],
    macs: 0,
  };
}
