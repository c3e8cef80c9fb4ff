import { GraphBuilder } from '../../compiler/ir/build.ts';
import type { Graph } from '../../compiler/ir/graph.ts';
import { groupByChannel, groupByInputs, groupByRow } from '../../compiler/tensor/groups.ts';
import { elementCount, shapeOf } from '../../compiler/tensor/shape.ts';
import { type PaletteForm, storeCodes, storeFloat16, storeInteger } from '../../compiler/tensor/stored.ts';
import type { Tensor } from '../../compiler/tensor/tensor.ts';
import { makeRandom, type Random } from './random.ts';

export const randomTensor = (random: Random, sizes: readonly number[], limit = 0.3): Tensor => ({
  dtype: 'float32',
  shape: shapeOf(sizes),
  data: random.reals(elementCount(shapeOf(sizes)), -limit, limit),
});

/** The nearest of evenly spaced entries, none of them 0. */
export function storeEvenly(tensor: Tensor, bits: PaletteForm['bits'], limit = 0.3): Tensor {
  const count = 2 ** bits;
  const entries = Float32Array.from({ length: count }, (_, i) => limit * ((2 * i + 1) / count - 1));
  const codes = Uint8Array.from(tensor.data as Float32Array, (v) =>
    Math.min(count - 1, Math.max(0, Math.floor(((v / limit + 1) * count) / 2))),
  );
  return storeCodes(tensor.shape, { kind: 'palette', bits, codes, entries });
}

/** Every way to store a tensor of weights, by name. */
export const storings: Readonly<Record<string, (tensor: Tensor) => Tensor>> = {
  float16: storeFloat16,
  'int8 by channel': (w) => storeInteger(w, 8, groupByChannel(w.shape)),
  'int8 by row': (w) => storeInteger(w, 8, groupByRow(w.shape)),
  'int4 in groups of 32': (w) => storeInteger(w, 4, groupByInputs(w.shape, 32)),
  'int4 in groups of 5': (w) => storeInteger(w, 4, groupByInputs(w.shape, 5)),
  'palette of 2': (w) => storeEvenly(w, 1),
  'palette of 4': (w) => storeEvenly(w, 2),
  'palette of 8': (w) => storeEvenly(w, 3),
  'palette of 16': (w) => storeEvenly(w, 4),
  'palette of 256': (w) => storeEvenly(w, 8),
};

/**
 * Convolutions (plain, depthwise, grouped), linear layers, tables and an element-wise constant, of sizes that are no
 * multiples of 8 or 32, each constant stored by the next of `stores`.
 */
export function storedModel(stores: readonly ((tensor: Tensor) => Tensor)[]): Graph {
  const random = makeRandom(11);
  const builder = new GraphBuilder('stored');
  let next = 0;
  const weights = (name: string, sizes: readonly number[]) => {
    const store = stores[next++ % stores.length]!;
    return builder.constant(store(randomTensor(random, sizes)), name);
  };
  const bias = (size: number) => builder.constant(randomTensor(random, [size]));
  const window = (pads: readonly number[]) => ({ strides: [1, 1], dilations: [1, 1], pads });

  const image = builder.input('image', { dtype: 'float32', shape: shapeOf([1, 5, 6, 7]) });
  const plain = builder.add('conv', [image, weights('plain', [12, 5, 3, 3]), bias(12)], window([1, 1, 1, 1]));
  const relu = builder.add('relu', [plain]);
  const depthwise = builder.add('conv', [relu, weights('depthwise', [12, 1, 3, 3])], {
    ...window([1, 1, 1, 1]),
    group: 12,
  });
  const grouped = builder.add('conv', [depthwise, weights('grouped', [18, 4, 3, 3]), bias(18)], {
    ...window([0, 0, 0, 0]),
    group: 3,
  });
  const again = builder.add('conv', [grouped, weights('again', [9, 18, 3, 3])], window([1, 1, 1, 1]));
  const flat = builder.add('reshape', [again], { shape: [1, 180] });
  const clipped = builder.add('max', [flat, weights('floor', [1, 180])]);
  const hidden = builder.add('relu', [builder.add('linear', [clipped, weights('hidden', [37, 180]), bias(37)])]);
  builder.output('logits', builder.add('linear', [hidden, weights('last', [10, 37])]));

  const tokens = builder.input('tokens', { dtype: 'int64', shape: shapeOf([4]) });
  builder.output('words', builder.add('gather', [weights('table', [71, 33]), tokens], { axis: 0 }));
  builder.output('taps', builder.add('gather', [weights('deep table', [3, 7, 11]), tokens], { axis: 2 }));
  return builder.build();
}
