import { GraphBuilder } from '../../compiler/ir/build.ts';
import type { Graph } from '../../compiler/ir/graph.ts';
import type { Feeds } from '../../compiler/ir/trial.ts';
import { verifyGraph } from '../../compiler/ir/verify.ts';
import { shapeOf } from '../../compiler/tensor/shape.ts';
import { makeTensor, tensorType } from '../../compiler/tensor/tensor.ts';
import { makeRandom } from './random.ts';

/** Normal enough: sums of four uniform numbers, of variance 1. */
export function makeNormal(seed: number): () => number {
  const { real } = makeRandom(seed);
  return () => (real() + real() + real() + real() - 2) * Math.sqrt(3);
}

export const weightsOf = (normal: () => number, sizes: readonly number[], scale: number) =>
  makeTensor(
    'float32',
    shapeOf(sizes),
    Float32Array.from({ length: sizes.reduce((a, b) => a * b, 1) }, () => scale * normal()),
  );

/** image [1,4,6,6] -> conv 3x3 padded, strided -> relu -> flatten -> linear 24 -> relu -> linear 5. */
export function smallNetwork(): Graph {
  const normal = makeNormal(5);
  const builder = new GraphBuilder('small');
  const image = builder.input('image', tensorType('float32', shapeOf([1, 4, 6, 6])));
  const constant = (name: string, sizes: number[], scale: number) =>
    builder.constant(weightsOf(normal, sizes, scale), name);
  const conv = builder.add(
    'conv',
    [image, constant('conv.w', [8, 4, 3, 3], 0.2), constant('conv.b', [8], 0.1)],
    { pads: [1, 1, 1, 1], strides: [2, 2], dilations: [1, 1], group: 1 },
    'conv',
  );
  builder.rename(conv, 'conv');
  const flat = builder.add('reshape', [builder.add('relu', [conv])], { shape: [1, 72] });
  const hidden = builder.add('linear', [flat, constant('hidden.w', [24, 72], 0.15), constant('hidden.b', [24], 0.1)]);
  builder.rename(hidden, 'hidden');
  const out = builder.add('linear', [
    builder.add('relu', [hidden]),
    constant('out.w', [5, 24], 0.3),
    constant('out.b', [5], 0.1),
  ]);
  builder.rename(out, 'out');
  builder.output('logits', out);
  return verifyGraph(builder.build());
}

/** Images that lie near an 8-dimensional subspace, as real ones do. */
export function smallImages(count: number): Feeds[] {
  const normal = makeNormal(6);
  const bases = Array.from({ length: 8 }, () => Float32Array.from({ length: 144 }, normal));
  return Array.from({ length: count }, () => {
    const image = new Float32Array(144);
    for (const basis of bases) {
      const weight = normal();
      for (let i = 0; i < image.length; i++) image[i]! += weight * basis[i]!;
    }
    for (let i = 0; i < image.length; i++) image[i]! = image[i]! / 3 + 0.02 * normal();
    return { image };
  });
}
