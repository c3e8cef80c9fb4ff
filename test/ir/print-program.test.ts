import { expect, test } from 'vitest';
import { lower } from '../../compiler/4-lower/lower.ts';
import { GraphBuilder } from '../../compiler/ir/build.ts';
import { printProgram } from '../../compiler/ir/print-program.ts';
import { tensorOf } from '../../compiler/tensor/convert.ts';
import { shapeOf } from '../../compiler/tensor/shape.ts';

test('ports, constants, kernels, steps and their places', () => {
  const builder = new GraphBuilder('two');
  const x = builder.input('x', { dtype: 'float32', shape: shapeOf([1, 3]) });
  const w = builder.constant(tensorOf('float32', [2, 3], [1, 2, 3, 4, 5, 6]), 'w');
  builder.output('y', builder.add('softmax', [builder.add('linear', [x, w])], { axis: 1 }));
  expect(printProgram(lower(builder.build()))).toMatchInlineSnapshot(`
    "program "two": 6 multiply-adds, 128 bytes of constants, arena of 128
      input "x" float32[1,3] a0+12
      constant "w" float32 panels-of-8 c0+128
      kernel 0: contraction "linear [1,2]"
        linear: float32 write, x: float32 read, w: float32 read
        dense: batch (), m (), n (d1 < 2), k (k < 3)
        a at k, b packed, 0 per batch
        linear[d1] = acc
      kernel 1: nest "softmax [1,2]"
        softmax: float32 write, linear_2: float32 read
        t0 = max over (r < 2) of linear_2[r]
        t1 = sum over (k < 2) of exp((linear_2[k] - t0))
        t2 = (1 / t1)
        for d1 < 2
          softmax[d1] = (exp((linear_2[d1] - t0)) * t2)
      step 0: 0 "linear [1,2]" a64+8 <- a0+12, c0+128
      step 1: 1 "softmax [1,2]" a0+8 <- a64+8
      output "y" float32[1,2] a0+8
    "
  `);
});

test('repeated steps are indented', () => {
  const builder = new GraphBuilder('again');
  const x = builder.input('x', { dtype: 'float32', shape: shapeOf([2]) });
  builder.output('y', builder.add('exp', [x]));
  const program = lower(builder.build());
  const steps = printProgram({ ...program, steps: [{ kind: 'repeat', count: 3, steps: program.steps }] });
  expect(steps.split('\n').filter((line) => line.includes('step'))).toEqual([
    '  step 0: 3 times',
    '    step 0: 0 "exp [2]" a64+8 <- a0+8',
  ]);
});
