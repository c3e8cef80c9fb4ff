import { describe, expect, test } from 'vitest';
import { collapseLayers } from '../../../compiler/3-compress/actions/collapse-layers.ts';
import { optimise } from '../../../compiler/3-compress/pipeline.ts';
import type { Graph, ValueId } from '../../../compiler/ir/graph.ts';
import type { Attributes } from '../../../compiler/ops/index.ts';
import { makeRandom } from '../../harness/random.ts';
import { graphOf, type Sketch } from '../pass-case.ts';
import { levelsOf, makeSamples, measuredError, measureErrors, take, weightCount } from './level-case.ts';

/** Seeded weights of the size that keeps activations near 1. */
function sketchWith(seed: number) {
  const random = makeRandom(seed);
  const weights = (g: Sketch, sizes: readonly number[], gain = 1): ValueId => {
    const fan = sizes.slice(1).reduce((a, b) => a * b, 1);
    const limit = gain * Math.sqrt(3 / fan);
    return g.constant(sizes, [
      ...random.reals(
        sizes.reduce((a, b) => a * b, 1),
        -limit,
        limit,
      ),
    ]);
  };
  const vector = (g: Sketch, n: number, low = -0.5, high = 0.5): ValueId =>
    g.constant([n], [...random.reals(n, low, high)]);
  return {
    weights,
    vector,
    linear: (g: Sketch, x: ValueId, n: number, k: number, gain = 1): ValueId =>
      g.add('linear', [x, weights(g, [n, k], gain), vector(g, n)]),
    conv: (g: Sketch, x: ValueId, sizes: readonly number[], attributes: Attributes = {}): ValueId =>
      g.add('conv', [x, weights(g, sizes), vector(g, sizes[0]!)], attributes),
  };
}

type Between = (g: Sketch, z: ValueId) => ValueId;

/** Linear 8 -> 32, something, linear 32 -> 6. */
const mlp = (between: Between, { seed = 1, gain = 1 } = {}): Graph => {
  const { linear } = sketchWith(seed);
  return graphOf((g) => linear(g, between(g, linear(g, g.input([1, 8]), 32, 8, gain)), 6, 32));
};

const relu: Between = (g, z) => g.add('relu', [z]);
const only = <T>(list: readonly T[]): T => {
  expect(list).toHaveLength(1);
  return list[0]!;
};
/** Of normal inputs slopes are least squares already (Bussgang); these come in eight clusters. */
const skew = (z: Float32Array, sample: number): Float32Array =>
  z.map((v, i) => 0.3 * v + ((3 * i + (sample >> 1)) % 8 < 2 ? 2 : -0.7));

const denseOf = (graph: Graph, count: number, of = skew) => {
  const { candidate, levels } = only(levelsOf(collapseLayers, graph, makeSamples(graph, count, 5, of)));
  const level = levels[0]!;
  return { candidate, levels, level, after: take(graph, [{ candidate, level }]) };
};

describe('which map', () => {
  test('an activation that is linear: exact, without statistics', () => {
    const graph = mlp((g, z) => g.add('leakyRelu', [z], { alpha: 1 }));
    const [candidate] = collapseLayers(graph);
    const [level] = candidate!.levels(new Map());
    expect(level).toMatchObject({ label: 'linear as it is', error: 0, parameters: 48, macs: 48 });
    const after = take(graph, [{ candidate: candidate!, level: level! }]);
    expect(after.nodes.map(({ op }) => op)).toEqual(['linear']);
    expect(measuredError(graph, after, makeSamples(graph, 50, 3), 1)).toBeLessThan(1e-12);
  });

  test('exact with a batch norm, scales and a prelu of slope 1 between', () => {
    const { linear, vector } = sketchWith(2);
    const graph = graphOf((g) => {
      const z = linear(g, g.input([3, 8]), 32, 8);
      const p = [vector(g, 32, 0.5, 2), vector(g, 32), vector(g, 32), vector(g, 32, 0.5, 2)];
      const n = g.add('batchNorm', [g.add('neg', [z]), ...p], { epsilon: 1e-3 });
      const a = g.add('prelu', [n, g.constant([32], 1)]);
      const h = g.add('sub', [g.constant([1, 32]), g.add('div', [a, g.constant([], 3)])]);
      return linear(g, h, 6, 32);
    });
    const [candidate] = collapseLayers(graph);
    const [level] = candidate!.levels(new Map());
    const after = take(graph, [{ candidate: candidate!, level: level! }]);
    expect(after.nodes).toHaveLength(1);
    expect(measuredError(graph, after, makeSamples(graph, 50, 3), 1)).toBeLessThan(1e-12);
  });

  test('a slope near 1 is corrected by the expected value', () => {
    // 24 rows are too few for least squares of 16 inputs, and noise moves the fitted slopes.
    const { linear } = sketchWith(3);
    const graph = graphOf((g) =>
      linear(g, g.add('leakyRelu', [linear(g, g.input([1, 16]), 32, 16)], { alpha: 0.97 }), 6, 32),
    );
    const { level, after } = denseOf(graph, 24);
    expect(level.label).toMatch(/^linear (at the end of its activation|by slopes)$/);
    const many = makeSamples(graph, 2000, 9, skew);
    const error = measuredError(graph, after, many, 1);
    expect(error).toBeLessThan(2e-4);
    // (1 - a) W2 E relu(-z) is most of what the blind product misses.
    const blind = graphOf((g) => {
      const again = sketchWith(3);
      return again.linear(g, again.linear(g, g.input([1, 16]), 32, 16), 6, 32);
    });
    expect(measuredError(graph, blind, many, 1)).toBeGreaterThan(4 * error);
  });

  test('the end of the activation wins where negative parts cancel', () => {
    // y = phi(x0) - phi(x1), and x0 = x1 wherever either is negative: y = x0 - x1, though no unit has slope 1.
    const graph = graphOf((g) => {
      const z = g.add('linear', [g.input([1, 2]), g.constant([2, 2], [1, 0, 0, 1])]);
      return g.add('linear', [g.add('leakyRelu', [z], { alpha: 0.1 }), g.constant([1, 2], [1, -1])]);
    });
    const paired = ([a = 0, b = 0]: Float32Array): Float32Array =>
      Float32Array.from(a > 0 ? [a, Math.abs(b)] : [-Math.abs(b), -Math.abs(b)]);
    const { level } = denseOf(graph, 200, paired);
    expect(level.label).toBe('linear at the end of its activation');
    expect(level.error).toBeLessThan(1e-6);
  });

  test('too few samples: slopes of each unit', () => {
    const graph = mlp(relu);
    const { level, after } = denseOf(graph, 15);
    expect(level.label).toBe('linear by slopes');
    expect(measuredError(graph, after, makeSamples(graph, 2000, 9, skew), 1)).toBeLessThan(0.7);
  });

  test('enough samples: least squares, better than slopes on fresh data', () => {
    const few = denseOf(mlp(relu, { gain: 2 }), 15);
    const graph = mlp(relu, { gain: 2 });
    const { level, after } = denseOf(graph, 1000);
    expect(level.label).toBe('linear by least squares');
    const fresh = makeSamples(graph, 2000, 9, skew);
    expect(measuredError(graph, after, fresh, 1)).toBeLessThan(measuredError(graph, few.after, fresh, 1));
    const normal = denseOf(graph, 1000, (z) => z);
    expect(normal.level.label).toBe('linear by slopes');
  });

  test('one sample cannot be checked against another: slopes', () => {
    const { conv } = sketchWith(4);
    const graph = graphOf((g) =>
      conv(g, g.add('relu', [conv(g, g.input([1, 4, 9, 9]), [16, 4, 1, 1])]), [3, 16, 1, 1]),
    );
    expect(denseOf(graph, 1).level.label).toBe('linear by slopes');
    expect(denseOf(graph, 2).level.label).toBe('linear by least squares');
  });
});

describe('predicted and measured error', () => {
  const activations: readonly [string, Between][] = [
    ['relu', relu],
    ['prelu with its own slopes', (g, z) => g.add('prelu', [z, g.constant([32])])],
    ['gelu', (g, z) => g.add('gelu', [z])],
    ['silu', (g, z) => g.add('silu', [z])],
    ['hardSwish', (g, z) => g.add('hardSwish', [z])],
    ['tanh', (g, z) => g.add('tanh', [z])],
    ['sigmoid', (g, z) => g.add('sigmoid', [z])],
    [
      'exp, spelt into a swish',
      (g, z) => {
        const e = g.add('exp', [g.add('mul', [z, g.constant([], -1.5)])]);
        return g.add('div', [z, g.add('add', [g.constant([1], 1), e])]);
      },
    ],
    [
      'a x + (1 - a) relu(x)',
      (g, z) => g.add('add', [g.add('mul', [z, g.constant([], 0.6)]), g.add('mul', [relu(g, z), g.constant([], 0.4)])]),
    ],
    [
      'a scale and a shift behind',
      (g, z) => g.add('add', [g.add('mul', [relu(g, z), g.constant([32])]), g.constant([32])]),
    ],
  ];
  test.each(activations)('%s', (_, between) => {
    const graph = mlp(between);
    const samples = makeSamples(graph, 4000, 5, skew);
    const { candidate, levels } = only(levelsOf(collapseLayers, graph, samples));
    const fresh = makeSamples(graph, 4000, 6, skew);
    expect(levels.length).toBeGreaterThan(1);
    for (const level of levels) {
      const measured = measuredError(graph, take(graph, [{ candidate, level }]), fresh, 1);
      expect(measured, level.label).toBeGreaterThan(0.9 * level.error - 1e-9);
      expect(measured, level.label).toBeLessThan(1.1 * level.error + 1e-9);
    }
  });

  test('levels shrink, are smaller than the place, and count their weights', () => {
    const { linear } = sketchWith(1);
    const graph = graphOf((g) => linear(g, relu(g, linear(g, g.input([7, 24]), 64, 24)), 24, 64));
    const { candidate, levels } = denseOf(graph, 400);
    expect(candidate).toMatchObject({ parameters: 2 * 24 * 64, macs: 7 * 2 * 24 * 64, axis: 1 });
    let last = candidate.parameters;
    for (const level of levels) {
      expect(level.parameters).toBeLessThan(last);
      last = level.parameters;
      expect(level.macs).toBe(7 * level.parameters);
      expect(weightCount(take(graph, [{ candidate, level }]))).toBe(level.parameters);
    }
    expect(levels.map(({ label }) => label)).toEqual([
      'linear by least squares',
      'linear by least squares, rank 8',
      'linear by least squares, rank 6',
      'linear by least squares, rank 4',
      'linear by least squares, rank 3',
      'linear by least squares, rank 1',
    ]);
  });

  test('a bottleneck is offered as two factors only', () => {
    const { linear } = sketchWith(1);
    const graph = graphOf((g) => linear(g, relu(g, linear(g, g.input([1, 24]), 6, 24)), 24, 6));
    const { candidate, levels } = denseOf(graph, 1500);
    expect(levels.map(({ parameters }) => parameters / 48)).toEqual([5, 4, 3, 2, 1]);
    const fresh = makeSamples(graph, 3000, 6, skew);
    for (const level of levels) {
      const measured = measuredError(graph, take(graph, [{ candidate, level }]), fresh, 1);
      expect(measured / level.error).toBeGreaterThan(0.9);
      expect(measured / level.error).toBeLessThan(1.1);
    }
  });
});

describe('convolutions', () => {
  const shapes: readonly [string, readonly number[], Attributes, readonly number[]][] = [
    ['pointwise', [16, 4, 1, 1], {}, [2, 4, 6, 5]],
    ['a window of 3, padded', [16, 4, 3, 3], { pads: [1, 1, 1, 1] }, [1, 4, 9, 9]],
    ['strides, one dimension', [16, 4, 3], { strides: [2], pads: [1, 0] }, [1, 4, 60]],
  ];
  test.each(shapes)('%s, then pointwise', (_, sizes, attributes, input) => {
    const { conv } = sketchWith(7);
    const ones = sizes.slice(2).map(() => 1);
    const graph = graphOf((g) => conv(g, relu(g, conv(g, g.input(input), sizes, attributes)), [2, 16, ...ones]));
    const { candidate, level, after } = denseOf(graph, 300);
    expect(after.nodes.map(({ op }) => op)).toEqual(['conv']);
    expect(level.parameters).toBe(
      (candidate.parameters * (sizes[1]! * sizes.slice(2).reduce((a, b) => a * b, 1) * 2)) /
        (16 * (sizes[1]! * sizes.slice(2).reduce((a, b) => a * b, 1) + 2)),
    );
    const measured = measuredError(graph, after, makeSamples(graph, 300, 8, skew), 1);
    expect(measured / level.error).toBeGreaterThan(0.9);
    expect(measured / level.error).toBeLessThan(1.1);
  });

  test('a wide input: statistics of the hidden values', () => {
    const { linear } = sketchWith(8);
    const graph = graphOf((g) => linear(g, relu(g, linear(g, g.input([1, 5000]), 8, 5000)), 4, 8));
    const { candidate, level, after } = denseOf(graph, 300);
    expect(candidate.requests[0]!.values[0]!.id).toBe(graph.nodes[0]!.outputs[0]);
    const measured = measuredError(graph, after, makeSamples(graph, 300, 9, skew), 1);
    expect(measured / level.error).toBeGreaterThan(0.85);
    expect(measured / level.error).toBeLessThan(1.15);
  });
});

describe('must not fire', () => {
  const { linear, conv, weights } = sketchWith(1);
  const cases: readonly [string, (g: Sketch) => ValueId][] = [
    [
      'hidden values read elsewhere',
      (g) => {
        const h = relu(g, linear(g, g.input([1, 4]), 16, 4));
        g.output(h);
        return linear(g, h, 3, 16);
      },
    ],
    [
      'values before the activation read elsewhere',
      (g) => {
        const z = linear(g, g.input([1, 4]), 16, 4);
        return g.add('concat', [linear(g, relu(g, z), 3, 16), z], { axis: 1 });
      },
    ],
    [
      'a product of two layers',
      (g) => {
        const x = g.input([1, 4]);
        return linear(g, g.add('mul', [relu(g, linear(g, x, 16, 4)), linear(g, x, 16, 4)]), 3, 16);
      },
    ],
    ['softmax between', (g) => linear(g, g.add('softmax', [linear(g, g.input([1, 4]), 16, 4)], { axis: 1 }), 3, 16)],
    [
      'a constant that varies over positions',
      (g) => linear(g, relu(g, g.add('add', [linear(g, g.input([5, 4]), 16, 4), g.constant([5, 1])])), 3, 16),
    ],
    [
      'tied weights',
      (g) => {
        const w = weights(g, [8, 8]);
        return g.add('linear', [relu(g, g.add('linear', [g.input([1, 8]), w])), w]);
      },
    ],
    ['a window behind', (g) => conv(g, relu(g, conv(g, g.input([1, 4, 9]), [16, 4, 1])), [3, 16, 3])],
    ['padding behind', (g) => conv(g, relu(g, conv(g, g.input([1, 4, 9]), [16, 4, 1])), [3, 16, 1], { pads: [1, 1] })],
    ['groups before', (g) => conv(g, relu(g, conv(g, g.input([1, 4, 9]), [16, 2, 1], { group: 2 })), [3, 16, 1])],
    ['nothing between', (g) => linear(g, linear(g, g.input([1, 4]), 16, 4), 3, 16)],
  ];
  test.each(cases)('%s', (_, draw) => expect(collapseLayers(graphOf(draw))).toEqual([]));

  test('no level where one hidden unit leaves nothing to save', () => {
    const graph = graphOf((g) => linear(g, relu(g, linear(g, g.input([1, 4]), 1, 4)), 3, 1));
    expect(only(levelsOf(collapseLayers, graph, makeSamples(graph, 100, 1))).levels).toEqual([]);
  });

  test('a constant output has no levels', () => {
    const graph = graphOf((g) => g.add('linear', [relu(g, linear(g, g.input([1, 4]), 16, 4)), g.constant([3, 16], 0)]));
    expect(only(levelsOf(collapseLayers, graph, makeSamples(graph, 100, 1))).levels).toEqual([]);
  });
});

describe('several places in one rebuild', () => {
  test('layers that share a hidden layer: the later one follows by its slopes', () => {
    const deep = graphOf((g) => {
      const s = sketchWith(3);
      const a = relu(g, s.linear(g, g.input([1, 6]), 24, 6));
      const b = relu(g, s.linear(g, a, 24, 24));
      return s.linear(g, b, 5, 24);
    });
    const found = levelsOf(collapseLayers, deep, makeSamples(deep, 600, 2));
    expect(found).toHaveLength(2);
    const after = take(
      deep,
      found.map(({ candidate, levels }) => ({ candidate, level: levels[0]! })),
    );
    expect(after.nodes.map(({ op }) => op)).toEqual(['linear']);
    expect(measuredError(deep, after, makeSamples(deep, 1000, 4), 1)).toBeLessThan(0.6);
  });
});

describe('residual networks', () => {
  const width = 16;
  const blocks = 4;
  /** papers.md 7.1 in small: linear, four times x + W2 leaky(W1 x), linear. */
  const residual = (alpha: number): Graph => {
    const { linear } = sketchWith(11);
    return graphOf((g) => {
      let x = linear(g, g.input([1, 20]), width, 20);
      for (let i = 0; i < blocks; i++) {
        const h = g.add('leakyRelu', [linear(g, x, 4 * width, width)], { alpha });
        x = g.add('add', [x, linear(g, h, width, 4 * width, 0.7)]);
      }
      return linear(g, x, 10, width);
    });
  };

  test('four blocks collapse and fold to one layer', () => {
    const graph = optimise(residual(0.01)).graph;
    const found = levelsOf(collapseLayers, graph, makeSamples(graph, 1500, 2, skew));
    expect(found).toHaveLength(blocks);
    const after = take(
      graph,
      found.map(({ candidate, levels }) => ({ candidate, level: levels[0]! })),
    );
    expect(found.map(({ levels }) => levels[0]!.label)).toEqual(new Array(blocks).fill('linear by least squares'));
    const folded = optimise(after).graph;
    expect(folded.nodes.map(({ op }) => op)).toEqual(['linear']);
    expect(weightCount(folded)).toBe(200);
    const fresh = makeSamples(graph, 2000, 3, skew);
    const error = measuredError(graph, folded, fresh, 1);
    // Slope 1 without a look at the data, and without its bias.
    const blind = measuredError(graph, optimise(residual(1)).graph, fresh, 1);
    expect(error).toBeLessThan(blind / 4);
    expect(measuredError(graph, after, fresh, 1)).toBeCloseTo(error, 5);
  });

  test('slope 1 everywhere: exact to the last layer', () => {
    const graph = residual(1);
    const found = levelsOf(collapseLayers, graph, []);
    const folded = optimise(
      take(
        graph,
        found.map(({ candidate, levels }) => ({ candidate, level: levels[0]! })),
      ),
    ).graph;
    expect(folded.nodes).toHaveLength(1);
    expect(measuredError(graph, folded, makeSamples(graph, 100, 3), 1)).toBeLessThan(1e-11);
  });

  /** Pre-norm attention and MLP. */
  const transformer = (): Graph => {
    const { linear, vector } = sketchWith(13);
    const [length, d] = [12, 8];
    return graphOf((g) => {
      const x = g.input([1, length, d]);
      const norm = (v: ValueId): ValueId =>
        g.add('layerNorm', [v, vector(g, d, 0.5, 1.5), vector(g, d)], { axis: 2, epsilon: 1e-5 });
      const n = norm(x);
      const [q, k, v] = [linear(g, n, d, d), linear(g, n, d, d), linear(g, n, d, d)];
      const a = g.add('attention', [q!, k!, v!], { scale: 0.35 });
      const r = g.add('add', [x, linear(g, a, d, d)]);
      return g.add('add', [r, linear(g, g.add('gelu', [linear(g, norm(r), 4 * d, d)]), d, 4 * d)]);
    });
  };

  test('attention as a branch, the MLP as a pair', () => {
    const graph = transformer();
    const samples = makeSamples(graph, 200, 5);
    const found = levelsOf(collapseLayers, graph, samples);
    expect(found.map(({ candidate }) => candidate.parameters)).toEqual([2 * 4 * 64, 4 * 64]);
    const [, branch] = found;
    expect(branch!.candidate.macs).toBe(12 * 4 * 64 + 12 * 12 * 16);
    expect([...new Set(branch!.levels.map(({ label }) => label.replace(/, rank.*/, '')))].sort()).toEqual([
      'linear',
      'linear after its norm',
    ]);
    for (const { candidate, levels } of found) {
      const after = take(graph, [{ candidate, level: levels[0]! }]);
      expect(after.nodes.length).toBeLessThan(graph.nodes.length);
      expect(after.nodes.some(({ op }) => op === 'attention')).toBe(candidate !== branch!.candidate);
    }
    const whole = take(
      graph,
      found.map(({ candidate, levels }) => ({
        candidate,
        level: levels.find(({ label }) => label.startsWith('linear'))!,
      })),
    );
    expect(optimise(whole).graph.nodes.map(({ op }) => op)).toEqual(
      found[1]!.levels[0]!.label === 'linear'
        ? ['linear', 'layerNorm', 'linear', 'add']
        : ['layerNorm', 'linear', 'add', 'layerNorm', 'linear', 'add'],
    );
    expect(measuredError(graph, whole, samples, 2)).toBeLessThan(0.3);
  });

  test('predicted and measured error of a branch', () => {
    const d = 8;
    const draw = (g: Sketch): { x: ValueId; y: ValueId } => {
      const { linear, vector } = sketchWith(13);
      const x = g.input([1, 12, d]);
      const n = g.add('layerNorm', [x, vector(g, d, 0.5, 1.5), vector(g, d)], { axis: 2, epsilon: 1e-5 });
      const a = g.add('attention', [linear(g, n, d, d), linear(g, n, d, d), linear(g, n, d, d)], { scale: 0.35 });
      return { x, y: linear(g, a, d, d) };
    };
    const whole = graphOf((g) => {
      const { x, y } = draw(g);
      return g.add('add', [x, y]);
    });
    const branch = graphOf((g) => draw(g).y);
    const { candidate, levels } = only(levelsOf(collapseLayers, whole, makeSamples(whole, 800, 5, skew)));
    const fresh = makeSamples(whole, 800, 6, skew);
    const { variance } = measureErrors(branch, branch, fresh, 2);
    expect(levels.length).toBeGreaterThan(4);
    for (const level of levels) {
      const { error } = measureErrors(whole, take(whole, [{ candidate, level }]), fresh, 2);
      expect(error / variance / level.error, level.label).toBeGreaterThan(0.9);
      expect(error / variance / level.error, level.label).toBeLessThan(1.1);
    }
  });

  test('weights that other layers share are not saved', () => {
    const { linear } = sketchWith(3);
    const graph = graphOf((g) => {
      const x = g.input([1, 8]);
      const w = g.constant([8, 8]);
      const h = g.add('softmax', [linear(g, x, 24, 8)], { axis: 1 });
      const y = g.add('linear', [g.add('tanh', [linear(g, h, 8, 24)]), w]);
      return g.add('linear', [g.add('tanh', [g.add('add', [x, y])]), w]);
    });
    const { candidate, levels } = only(levelsOf(collapseLayers, graph, makeSamples(graph, 200, 5)));
    expect(candidate.parameters).toBe(2 * 8 * 24);
    for (const level of levels)
      expect(weightCount(graph) - weightCount(take(graph, [{ candidate, level }]))).toBe(
        candidate.parameters - level.parameters,
      );
  });

  test('what is no branch of its own', () => {
    const { linear } = sketchWith(1);
    const shared = graphOf((g) => {
      const x = g.input([1, 8]);
      const h = g.add('softmax', [linear(g, x, 8, 8)], { axis: 1 });
      g.output(h);
      return g.add('add', [x, linear(g, h, 8, 8)]);
    });
    expect(collapseLayers(shared)).toEqual([]);
    const second = graphOf((g) => {
      const [x, other] = [g.input([1, 8]), g.input([1, 8])];
      return g.add('add', [
        x,
        linear(g, g.add('softmax', [g.add('add', [linear(g, x, 8, 8), other])], { axis: 1 }), 8, 8),
      ]);
    });
    expect(collapseLayers(second)).toEqual([]);
  });
});
