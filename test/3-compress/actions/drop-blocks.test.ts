import { beforeEach, describe, expect, test } from 'vitest';
import { dropBlocks } from '../../../compiler/3-compress/actions/drop-blocks.ts';
import { optimise } from '../../../compiler/3-compress/pipeline.ts';
import type { Graph, ValueId } from '../../../compiler/ir/graph.ts';
import { makeRandom } from '../../harness/random.ts';
import { graphOf, type Sketch } from '../pass-case.ts';
import { levelLabelled, levelsOf, outputError, samplesFor, take, weightsIn } from './cut-case.ts';

let random = makeRandom(11);
beforeEach(() => {
  random = makeRandom(11);
});

const numbers = (count: number, size = 1): number[] => [...random.reals(count, -size, size)];

const linear = (g: Sketch, x: ValueId, n: number, k: number, size = 1): ValueId =>
  g.add('linear', [x, g.constant([n, k], numbers(n * k, size)), g.constant([n], numbers(n, size))]);
const conv = (g: Sketch, x: ValueId, sizes: readonly number[], pads = 0): ValueId => {
  const count = sizes.reduce((all, size) => all * size, 1);
  return g.add('conv', [x, g.constant(sizes, numbers(count, 0.3)), g.constant([sizes[0]!], numbers(sizes[0]!))], {
    pads: new Array<number>(4).fill(pads),
  });
};

/** x + W2 relu(W1 x), on a sum of a stem that nothing merges with. */
const mlpBlock = (g: Sketch, x: ValueId, width: number, hidden: number, size: number): ValueId =>
  g.add('add', [x, linear(g, g.add('relu', [linear(g, x, hidden, width)]), width, hidden, size)]);

const stem = (g: Sketch): ValueId => g.add('tanh', [linear(g, g.input([1, 5]), 8, 5)]);

describe('dropped', () => {
  test('the predicted error is the measured one, and the mean stays', () => {
    const graph = graphOf((g) => mlpBlock(g, stem(g), 8, 12, 0.2));
    const samples = samplesFor(graph, 300);
    const [found] = levelsOf(graph, dropBlocks, samples);
    expect(found!.candidate).toMatchObject({ pass: 'drop-blocks', axis: 1, parameters: 192, macs: 192 });
    const level = levelLabelled(found!, 'dropped');
    expect(level).toMatchObject({ parameters: 0, macs: 0 });
    const dropped = take(graph, [found!.candidate, level]);
    expect(outputError(graph, dropped, samples, 1)).toBeCloseTo(level.error, 4);
    expect(level.error).toBeGreaterThan(1e-3);
    expect(weightsIn(dropped)).toBe(40);
  });

  test('a block that adds nothing leaves no trace', () => {
    const graph = graphOf((g) => {
      const x = stem(g);
      const hidden = g.add('relu', [linear(g, x, 12, 8)]);
      const nothing = g.add('linear', [hidden, g.constant([8, 12], 0)]);
      return g.add('softmax', [g.add('add', [nothing, x])], { axis: 1 });
    });
    const samples = samplesFor(graph, 60);
    const [found] = levelsOf(graph, dropBlocks, samples);
    const level = levelLabelled(found!, 'dropped');
    expect(level.error).toBe(0);
    const dropped = take(graph, [found!.candidate, level]);
    expect(dropped.nodes.map(({ op }) => op)).toEqual(['linear', 'tanh', 'softmax']);
    expect(outputError(graph, dropped, samples, 1)).toBe(0);
  });

  test('a constant branch becomes its mean, also of an image', () => {
    const graph = graphOf((g) => {
      const x = g.add('tanh', [conv(g, g.input([1, 2, 5, 5]), [4, 2, 1, 1])]);
      const still = g.add('conv', [x, g.constant([4, 4, 3, 3], 0), g.constant([4], [1, -2, 3, 0.5])], {
        pads: [1, 1, 1, 1],
      });
      return g.add('relu', [g.add('add', [x, still])]);
    });
    const samples = samplesFor(graph, 20);
    const [found] = levelsOf(graph, dropBlocks, samples);
    expect(found!.candidate).toMatchObject({ axis: 1, parameters: 144, macs: 144 * 25 });
    const level = levelLabelled(found!, 'dropped');
    expect(level.error).toBeLessThan(1e-12);
    expect(outputError(graph, take(graph, [found!.candidate, level]), samples, 1)).toBeLessThan(1e-10);
  });

  test('several blocks in one rebuild, whichever side of the sum x is on', () => {
    const graph = graphOf((g) => {
      const x = mlpBlock(g, stem(g), 8, 12, 0.02);
      const y = g.add('add', [linear(g, g.add('gelu', [linear(g, x, 12, 8)]), 8, 12, 0.02), x]);
      return mlpBlock(g, y, 8, 12, 0.02);
    });
    const samples = samplesFor(graph, 100);
    const found = levelsOf(graph, dropBlocks, samples);
    expect(found.length).toBe(3);
    const dropped = take(graph, ...found.map((f) => [f.candidate, levelLabelled(f, 'dropped')] as const));
    expect(weightsIn(dropped)).toBe(40);
    expect(outputError(graph, dropped, samples, 1)).toBeLessThan(0.05);
  });
});

describe('the linear patch', () => {
  test('a branch that is linear on this data is replaced exactly', () => {
    // the bias keeps every unit above zero
    const graph = graphOf((g) => {
      const x = stem(g);
      const w = g.constant([20, 8], numbers(160, 0.1));
      const hidden = g.add('relu', [g.add('linear', [x, w, g.constant([20], 5)])]);
      return g.add('tanh', [g.add('add', [x, linear(g, hidden, 8, 20, 0.5)])]);
    });
    const samples = samplesFor(graph, 200);
    const [found] = levelsOf(graph, dropBlocks, samples);
    expect(found!.levels.map(({ label }) => label)).toEqual(['linear patch', 'dropped']);
    const level = levelLabelled(found!, 'linear patch');
    expect(level.error).toBeLessThan(1e-6);
    expect(level).toMatchObject({ parameters: 64, macs: 64 });
    const patched = take(graph, [found!.candidate, level]);
    expect(patched.nodes.map(({ op }) => op)).toEqual(['linear', 'tanh', 'linear', 'tanh']);
    expect(outputError(graph, patched, samplesFor(graph, 50, 3), 1)).toBeLessThan(1e-6);
    expect(levelLabelled(found!, 'dropped').error).toBeGreaterThan(100 * level.error);
  });

  test('the predicted error is that on samples that the fit did not see', () => {
    const graph = graphOf((g) => mlpBlock(g, stem(g), 8, 24, 0.4));
    const [found] = levelsOf(graph, dropBlocks, samplesFor(graph, 400));
    const level = levelLabelled(found!, 'linear patch');
    const measured = outputError(graph, take(graph, [found!.candidate, level]), samplesFor(graph, 400, 3), 1);
    expect(measured / level.error).toBeGreaterThan(0.8);
    expect(measured / level.error).toBeLessThan(1.25);
    expect(level.error).toBeLessThan(levelLabelled(found!, 'dropped').error);
  });

  test('a pointwise convolution for an image, merged with the layer behind it', () => {
    const graph = graphOf((g) => {
      const x = g.add('relu', [conv(g, g.input([1, 2, 6, 6]), [6, 2, 3, 3])]);
      const y = g.add('add', [x, conv(g, g.add('relu', [conv(g, x, [6, 6, 3, 3], 1)]), [6, 6, 3, 3], 1)]);
      return conv(g, y, [3, 6, 1, 1]);
    });
    const samples = samplesFor(graph, 60);
    const [found] = levelsOf(graph, dropBlocks, samples);
    const level = levelLabelled(found!, 'linear patch');
    expect(level).toMatchObject({ parameters: 36, macs: 36 * 16 });
    const patched = take(graph, [found!.candidate, level]);
    expect(patched.nodes.map(({ op }) => op)).toEqual(['conv', 'relu', 'conv', 'conv']);
    expect(optimise(patched).graph.nodes.map(({ op }) => op)).toEqual(['conv', 'relu', 'conv']);
  });

  test.each([
    ['no smaller than the block', 3],
    ['more than half the block, with no layer to merge with', 7],
  ])('is not offered where it is %s', (_, hidden) => {
    const graph = graphOf((g) => mlpBlock(g, stem(g), 8, hidden, 0.1));
    const [found] = levelsOf(graph, dropBlocks, samplesFor(graph, 200));
    expect(found!.levels.map(({ label }) => label)).toEqual(['dropped']);
  });

  test.each([
    ['behind', (g: Sketch) => linear(g, mlpBlock(g, stem(g), 8, 7, 0.1), 3, 8)],
    ['before', (g: Sketch) => g.add('tanh', [mlpBlock(g, linear(g, g.input([1, 5]), 8, 5), 8, 7, 0.1)])],
  ])('is offered from half the block on where the layer %s merges with it', (_, draw) => {
    const graph = graphOf(draw);
    const [found] = levelsOf(graph, dropBlocks, samplesFor(graph, 200));
    expect(found!.levels.map(({ label }) => label)).toEqual(['linear patch', 'dropped']);
  });

  test('is not offered for too few samples', () => {
    const graph = graphOf((g) => mlpBlock(g, stem(g), 8, 24, 0.1));
    const [found] = levelsOf(graph, dropBlocks, samplesFor(graph, 10));
    expect(found!.levels.map(({ label }) => label)).toEqual(['dropped']);
  });
});

test('pre-norm blocks and attention are blocks', () => {
  const graph = graphOf((g) => {
    const x = g.add('tanh', [linear(g, g.input([1, 6, 5]), 8, 5)]);
    const norm = (v: ValueId) =>
      g.add('layerNorm', [v, g.constant([8], 1), g.constant([8], 0)], { axis: 2, epsilon: 1e-5 });
    const n = norm(x);
    const heads = (v: ValueId) =>
      g.add('transpose', [g.add('reshape', [linear(g, v, 8, 8)], { shape: [1, 6, 2, 4] })], { perm: [0, 2, 1, 3] });
    const mixed = g.add('attention', [heads(n), heads(n), heads(n)], { scale: 0.5 });
    const joined = g.add('reshape', [g.add('transpose', [mixed], { perm: [0, 2, 1, 3] })], { shape: [1, 6, 8] });
    const y = g.add('add', [x, linear(g, joined, 8, 8, 0.1)]);
    return g.add('add', [y, linear(g, g.add('gelu', [linear(g, norm(y), 16, 8)]), 8, 16, 0.1)]);
  });
  const samples = samplesFor(graph, 60);
  const found = levelsOf(graph, dropBlocks, samples);
  expect(found.map(({ candidate: { parameters, macs } }) => ({ parameters, macs }))).toEqual([
    { parameters: 4 * 64, macs: 6 * 4 * 64 + 2 * 6 * 6 * (4 + 4) },
    { parameters: 256, macs: 6 * 256 },
  ]);
  const level = levelLabelled(found[1]!, 'dropped');
  expect(outputError(graph, take(graph, [found[1]!.candidate, level]), samples, 2)).toBeCloseTo(level.error, 4);
});

describe('what is no block', () => {
  const cases: readonly [string, (g: Sketch) => ValueId][] = [
    ['a sum with another branch', (g) => g.add('add', [stem(g), linear(g, g.input([1, 4]), 8, 4)])],
    [
      'a branch without weights',
      (g) => {
        const x = stem(g);
        return g.add('add', [x, g.add('relu', [x])]);
      },
    ],
    [
      'another shape',
      (g) => {
        const x = linear(g, g.input([1, 3]), 1, 3);
        return g.add('add', [x, linear(g, x, 8, 1)]);
      },
    ],
    [
      'a value between that is read elsewhere',
      (g) => {
        const x = stem(g);
        const hidden = g.add('relu', [linear(g, x, 8, 8)]);
        g.output(hidden);
        return g.add('add', [x, linear(g, hidden, 8, 8)]);
      },
    ],
    [
      'a branch with a second entry',
      (g) => {
        const x = stem(g);
        const gated = g.add('mul', [linear(g, x, 8, 8), g.input([1, 8])]);
        return g.add('add', [x, linear(g, gated, 8, 8)]);
      },
    ],
    [
      'a value and itself',
      (g) => {
        const x = stem(g);
        return g.add('add', [x, x]);
      },
    ],
    ['a shift', (g) => g.add('add', [stem(g), g.constant([1, 8])])],
  ];
  test.each(cases)('%s', (_, draw) => {
    const graph: Graph = graphOf(draw);
    expect(dropBlocks(graph)).toEqual([]);
  });
});
