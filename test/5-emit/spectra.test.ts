import { describe, expect, it } from 'vitest';
import { findSpectra } from '../../compiler/5-emit/spectra.ts';
import { GraphBuilder } from '../../compiler/ir/build.ts';
import type { ActionReport } from '../../compiler/ir/report.ts';
import { makeMatrix } from '../../compiler/linalg/matrix.ts';
import { svd } from '../../compiler/linalg/svd.ts';
import { findLayers } from '../../compiler/rewrite/layers.ts';
import { shapeOf } from '../../compiler/tensor/shape.ts';
import { makeTensor, tensorType } from '../../compiler/tensor/tensor.ts';
import { makeNormal, smallNetwork, weightsOf } from '../harness/small-network.ts';

const action = (pass: string, place: string, level: string): ActionReport => ({
  pass,
  place,
  level,
  error: 0,
  bits: { before: 0, after: 0 },
});

/** x -> linear `sizes` -> y, its node named `node`. */
function linear(sizes: readonly [outputs: number, inputs: number], fill: (i: number) => number) {
  const builder = new GraphBuilder('one');
  const x = builder.input('x', tensorType('float32', shapeOf([1, sizes[1]])));
  const weights = Float32Array.from({ length: sizes[0] * sizes[1] }, (_, i) => fill(i));
  const w = builder.constant(makeTensor('float32', shapeOf(sizes), weights), 'w');
  const y = builder.add('linear', [x, w], {}, 'fc');
  builder.rename(y, 'fc_output_0');
  builder.output('y', y);
  return builder.build();
}

describe('spectra', () => {
  it('hold the singular values of every layer over the largest, convolutions as channels times taps', () => {
    const graph = smallNetwork();
    const spectra = findSpectra(graph, []);
    expect(spectra.map(({ name, outputs, inputs }) => [name, outputs, inputs])).toEqual([
      ['conv', 8, 36],
      ['hidden', 24, 72],
      ['out', 5, 24],
    ]);
    for (const [i, { outputs, inputs, weights }] of findLayers(graph).entries()) {
      const { singular } = svd(makeMatrix(outputs, inputs, Float64Array.from(weights.data, Number)));
      const { values } = spectra[i]!;
      expect(values!.map(({ index }) => index)).toEqual([...singular.keys()].map((k) => k + 1));
      for (const { index, value } of values!) expect(value / (singular[index - 1]! / singular[0]!)).toBeCloseTo(1, 3);
    }
  });

  it('name the rank that was chosen, also where an earlier step rebuilt the layer', () => {
    const graph = linear([8, 8], makeNormal(1));
    const rankAt = (...actions: ActionReport[]) => findSpectra(graph, actions)[0]!.rank;
    expect(rankAt()).toBeUndefined();
    expect(rankAt(action('truncate-rank', 'fc_output_0', 'rank 3'))).toBe(3);
    expect(rankAt(action('trim-width', 'fc_output_0', '4 of 8'), action('truncate-rank', 'fc_29', 'rank 2'))).toBe(2);
    expect(rankAt(action('truncate-rank', 'fc_other', 'rank 2'))).toBeUndefined();
    expect(rankAt(action('trim-width', 'fc_output_0', 'rank 2'))).toBeUndefined();
  });

  it('are thinned, the first and the last value kept', () => {
    const [spectrum] = findSpectra(linear([200, 300], makeNormal(2)), []);
    const indices = spectrum!.values!.map(({ index }) => index);
    expect(indices).toHaveLength(32);
    expect([indices[0], indices.at(-1)]).toEqual([1, 200]);
  });

  it('are left out of the largest matrices where they take long, of zeros and of what is not finite', () => {
    const normal = makeNormal(3);
    const builder = new GraphBuilder('large');
    const x = builder.input('x', tensorType('float32', shapeOf([1, 1600])));
    const first = builder.add('linear', [x, builder.constant(weightsOf(normal, [1600, 1600], 1), 'w1')], {}, 'large');
    builder.output(
      'y',
      builder.add('linear', [first, builder.constant(weightsOf(normal, [4, 1600], 1), 'w2')], {}, 'small'),
    );
    expect(findSpectra(builder.build(), []).map(({ values }) => values?.length)).toEqual([undefined, 4]);
    for (const value of [0, Number.NaN, Number.POSITIVE_INFINITY])
      expect(
        findSpectra(
          linear([4, 4], () => value),
          [],
        )[0]!.values,
      ).toBeUndefined();
  });
});
