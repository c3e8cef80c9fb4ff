import { lower } from '../../compiler/4-lower/lower.ts';
import { GraphBuilder } from '../../compiler/ir/build.ts';
import type { Program } from '../../compiler/ir/program.ts';
import { shapeOf } from '../../compiler/tensor/shape.ts';
import { tensorType } from '../../compiler/tensor/tensor.ts';
import { makeNormal, weightsOf } from './small-network.ts';

/** Three layers over 64 rows, the middle one by far the largest. */
export function largeProgram(): Program {
  const normal = makeNormal(8);
  const builder = new GraphBuilder('large');
  let value = builder.input('x', tensorType('float32', shapeOf([64, 32])));
  for (const sizes of [
    [512, 32],
    [512, 512],
    [8, 512],
  ])
    value = builder.add('linear', [value, builder.constant(weightsOf(normal, sizes, 0.05))]);
  builder.output('y', value);
  return lower(builder.build());
}
