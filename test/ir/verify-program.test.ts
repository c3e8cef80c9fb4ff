import { expect, test } from 'vitest';
import { lower } from '../../compiler/4-lower/lower.ts';
import { GraphBuilder } from '../../compiler/ir/build.ts';
import type { Program, Step } from '../../compiler/ir/program.ts';
import { verifyProgram } from '../../compiler/ir/verify-program.ts';
import type { ContractionKernel } from '../../compiler/kernel/nest.ts';
import { tensorOf } from '../../compiler/tensor/convert.ts';
import { shapeOf } from '../../compiler/tensor/shape.ts';

/** A depthwise convolution: one call of one channelwise contraction over three slots. */
function program(): Program {
  const builder = new GraphBuilder('p');
  const x = builder.input('x', { dtype: 'float32', shape: shapeOf([1, 2, 4]) });
  const w = builder.constant(tensorOf('float32', [2, 1, 1], [1, 2]));
  builder.output('y', builder.add('conv', [builder.add('relu', [x]), w], { group: 2 }));
  return lower(builder.build());
}

const call = (p: Program): Extract<Step, { kind: 'call' }> => {
  const last = p.steps.at(-1)!;
  if (last.kind !== 'call') throw new Error('no call');
  return last;
};

const withCall = (change: (step: Extract<Step, { kind: 'call' }>) => Partial<Step>): Program => {
  const p = program();
  const step = call(p);
  return { ...p, steps: [{ kind: 'repeat', count: 2, steps: [{ ...step, ...change(step) } as Step] }] };
};

const withKernel = (change: (kernel: ContractionKernel) => Partial<ContractionKernel>): Program => {
  const p = program();
  return { ...p, kernels: p.kernels.map((k) => (k.kind === 'contraction' ? { ...k, ...change(k) } : k)) };
};

test('a lowered program is accepted', () => expect(() => verifyProgram(program())).not.toThrow());

const broken: readonly [string, () => Program, RegExp][] = [
  ['a kernel that is not there', () => withCall(() => ({ kernel: 9 })), /calls kernel 9 of 2/],
  ['places missing', () => withCall((s) => ({ arguments: s.arguments.slice(1) })), /has 3 slots and is given 2 places/],
  [
    'a place outside the arena',
    () => withCall((s) => ({ arguments: s.arguments.with(0, { space: 'arena', offset: 1e6, bytes: 32 }) })),
    /32 bytes at 1000000 of the \d+ of the arena/,
  ],
  [
    'a place between elements',
    () => withCall((s) => ({ arguments: s.arguments.with(0, { space: 'arena', offset: 2, bytes: 32 }) })),
    /at 2 of/,
  ],
  [
    'a slot too small',
    () => withCall((s) => ({ arguments: s.arguments.with(1, { ...s.arguments[1]!, bytes: 16 }) })),
    /reaches elements 0 to 7 of the 4 of/,
  ],
  [
    'channels apart',
    () => withKernel((k) => ({ a: { offset: { offset: 0, terms: [{ factor: 4, atom: k.n }] } } })),
    /channelwise and its channels are 4 apart/,
  ],
  ['a dense A that varies along n', () => withKernel(() => ({ form: 'dense' })), /dense and its A varies along n/],
  [
    'channelwise weights that are live',
    () => withKernel((k) => ({ b: { kind: 'live', offset: k.a.offset } })),
    /are live/,
  ],
  [
    'an index that is not affine',
    () =>
      withKernel((k) => ({
        store: {
          offset: { offset: 0, terms: [{ factor: 1, atom: { kind: 'div', index: k.store.offset, by: 2 } }] },
        },
      })),
    /not affine/,
  ],
];

test.each(broken)('refuses %s', (_, make, message) => expect(() => verifyProgram(make())).toThrow(message));
