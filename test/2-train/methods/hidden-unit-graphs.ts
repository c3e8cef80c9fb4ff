import { models } from '../../../compiler/2-train/models/index.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { graphOf } from '../../3-compress/pass-case.ts';

const inverted = () =>
  graphOf((g) => {
    const wide = g.add('conv', [g.input([1, 2, 5, 5]), g.constant([12, 2, 1, 1])]);
    const standard = g.add('batchNorm', [wide, ...[0, 1, 2, 3].map(() => g.constant([12]))]);
    const filters = g.constant([12, 1, 3, 3]);
    const filtered = g.add('conv', [g.add('sigmoid', [standard]), filters, g.constant([12])], { group: 12 });
    return g.add('conv', [g.add('tanh', [filtered]), g.constant([3, 12, 1, 1])]);
  });
const gated = () =>
  graphOf((g) => {
    const x = g.input([1, 4]);
    const gate = g.add('sigmoid', [g.add('linear', [x, g.constant([10, 4])])]);
    const both = g.add('mul', [gate, g.add('linear', [x, g.constant([10, 4])])]);
    return g.add('linear', [both, g.constant([3, 10])]);
  });
const joined = () =>
  graphOf((g) => {
    const x = g.input([1, 4]);
    const parts = [6, 9].map((n) => g.add('softplus', [g.add('linear', [x, g.constant([n, 4])])]));
    return g.add('linear', [g.add('concat', parts, { axis: 1 }), g.constant([3, 15])]);
  });

/** The second layer reads the first, and the third both of them. */
const dense = () =>
  graphOf((g) => {
    const one = g.add('relu', [g.add('linear', [g.input([1, 4]), g.constant([9, 4])])]);
    const two = g.add('sigmoid', [g.add('linear', [one, g.constant([7, 9])])]);
    return g.add('linear', [g.add('concat', [one, two], { axis: 1 }), g.constant([3, 16])]);
  });
/** Channels by a gate made of their means (Hu et al. 2018). */
const squeezed = () =>
  graphOf((g) => {
    const x = g.add('conv', [g.input([1, 2, 3, 3]), g.constant([8, 2, 1, 1])]);
    const mean = g.add('reduce', [x], { kind: 'mean', axes: [2, 3], keepDims: true });
    const inner = g.add('relu', [g.add('conv', [mean, g.constant([5, 8, 1, 1])])]);
    const gate = g.add('sigmoid', [g.add('conv', [inner, g.constant([8, 5, 1, 1])])]);
    return g.add('conv', [g.add('mul', [x, gate]), g.constant([3, 8, 1, 1])]);
  });

/** Networks whose hidden units are made and read in ways of their own. */
export const hiddenUnitGraphs: readonly [string, Graph][] = [
  ['linear layers', models.mlp({ inputs: 2, hidden: [16, 12], classes: 2, batchNorm: true })(3)],
  ['a convolution, flattened', models.cnn({ inputs: [1, 8, 8], channels: [12], dense: [40], classes: 3 })(1)],
  ['blocks of a ResNet', models.resNet({ inputs: [1, 8, 8], channels: [8], blocks: 2, classes: 3 })(1)],
  ['a depthwise convolution behind a norm', inverted()],
  ['a gate', gated()],
  ['a concatenation', joined()],
  ['a concatenation around a layer', dense()],
  ['a gate made of what it multiplies', squeezed()],
  ['the networks of a ViT', models.vit({ inputs: [1, 8, 8], patch: 4, width: 8, heads: 2, depth: 1, hidden: 20 })(1)],
];
