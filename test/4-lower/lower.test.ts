import { describe, expect, test } from 'vitest';
import type { Graph, ValueId } from '../../compiler/ir/graph.ts';
import { printProgram } from '../../compiler/ir/print-program.ts';
import type { Program } from '../../compiler/ir/program.ts';
import { graphOf, type Sketch } from '../3-compress/pass-case.ts';
import { lowerAgreeing, stepsOf } from './agreement.ts';

type Draw = (g: Sketch) => ValueId;

const lowered = (draw: Draw): Program => lowerAgreeing(graphOf(draw));
const steps = (draw: Draw): string[] => stepsOf(lowered(draw));
const same = { strides: [1, 1], dilations: [1, 1], group: 1 };
const padded = { ...same, pads: [1, 1, 1, 1] };
const conv3 = (g: Sketch, x: ValueId, m: number, c: number): ValueId =>
  g.add('conv', [x, g.constant([m, c, 3, 3])], padded);

test('a program in print', () => {
  const program = lowered((g) => {
    const y = g.add('conv', [g.input([1, 2, 3, 3]), g.constant([2, 2, 3, 3]), g.constant([2])], padded);
    return g.add('softmax', [g.add('relu', [y])], { axis: 1 });
  });
  expect(printProgram(program)).toMatchInlineSnapshot(`
    "program "case": 324 multiply-adds, 640 bytes of constants, arena of 384
      input "x0" float32[1,2,3,3] a256+72
      constant "constant_1" float32 panels-of-8 c0+608
      kernel 0: nest "halo [1,2,3,3]"
        copy: float32 write
        for d1 < 2
          for i < 6
            copy[i + 25*d1] = 0
        for d1 < 2
          for row < 2
            for i < 2
              copy[i + 25*d1 + 5*row + 9] = 0
        for d1 < 2
          for i < 6
            copy[i + 25*d1 + 19] = 0
      kernel 1: nest "copy [1,2,3,3]"
        copy: float32 write, x0: float32 read
        for d1 < 2
          for d2 < 3
            for d3 < 3
              copy[25*d1 + 5*d2 + d3] = x0[9*d1 + 3*d2 + d3]
      kernel 2: contraction "conv+relu [1,2,3,3]"
        conv+relu: float32 write, copy: float32 read, constant_1: float32 read
        dense: batch (), m (d2 < 3, d3 < 3), n (d1 < 2), k (c < 2, k0 < 3, k1 < 3)
        a at 25*c + 5*d2 + 5*k0 + d3 + k1, b packed, 0 per batch
        conv+relu[d1 + 6*d2 + 2*d3] = max(acc, 0)
      kernel 3: nest "softmax [1,2,3,3]"
        softmax: float32 write, relu_4: float32 read
        for d2d3 < 9
          t0 = max over (r < 2) of relu_4[r + 2*d2d3]
          t1 = sum over (k < 2) of exp((relu_4[k + 2*d2d3] - t0))
          t2 = (1 / t1)
          for d1 < 2
            softmax[9*d1 + d2d3] = (exp((relu_4[d1 + 2*d2d3] - t0)) * t2)
      step 0: 0 "halo [1,2,3,3]" a0+200 <- nothing
      step 1: 1 "copy [1,2,3,3]" a24+152 <- a256+72
      step 2: 2 "conv+relu [1,2,3,3]" a256+72 <- a0+200, c0+608
      step 3: 3 "softmax [1,2,3,3]" a0+72 <- a256+72
      output "y0" float32[1,2,3,3] a0+72
    "
  `);
});

describe('ports', () => {
  const portOf = (program: Program, name: string) => program.outputs.find((o) => o.name === name)!.location;

  test('an input that is an output stays where it is', () => {
    const program = lowered((g) => g.input([2, 3]));
    expect(program.steps).toEqual([]);
    expect(program.outputs[0]?.location).toEqual(program.inputs[0]?.location);
  });

  test('one value under two names has one place', () => {
    const program = lowered((g) => {
      const y = g.add('relu', [g.input([2])]);
      g.output(y);
      return y;
    });
    expect(program.steps).toHaveLength(1);
    expect(portOf(program, 'y0')).toEqual(portOf(program, 'y1'));
  });

  test('constant outputs are written by a step, two names of one once', () => {
    const program = lowered((g) => {
      const c = g.constant([2, 3]);
      g.output(c);
      g.output(g.constant([], 7));
      return c;
    });
    expect(stepsOf(program)).toEqual(['identity [2,3]', 'identity []']);
    expect(portOf(program, 'y0')).toEqual(portOf(program, 'y2'));
  });

  test('an output that is read on keeps its row-major order', () => {
    expect(
      steps((g) => {
        const y = conv3(g, g.input([1, 2, 5, 5]), 4, 2);
        g.output(y);
        return conv3(g, y, 3, 4);
      }),
    ).toEqual([
      'halo [1,2,5,5]',
      'copy [1,2,5,5]',
      'conv [1,4,5,5]',
      'halo [1,4,5,5]',
      'copy [1,4,5,5]',
      'conv [1,3,5,5]',
    ]);
  });
});

describe('shapes at the edge', () => {
  const shapes: readonly [string, Draw, readonly string[]][] = [
    ['a scalar', (g) => g.add('exp', [g.input([])]), ['exp []']],
    ['nothing', (g) => g.add('exp', [g.input([2, 0])]), []],
    [
      'nothing joined to something',
      (g) => g.add('concat', [g.input([2, 0]), g.input([2, 3])], { axis: 1 }),
      ['concat [2,3]'],
    ],
    [
      'a sum of nothing',
      (g) => g.add('reduce', [g.input([2, 0])], { kind: 'sum', axes: [1], keepDims: false }),
      ['reduce [2]'],
    ],
    ['a product over nothing', (g) => g.add('linear', [g.input([2, 0]), g.constant([3, 0])]), ['linear [2,3]']],
    ['a dot product', (g) => g.add('matmul', [g.input([5]), g.input([5])]), ['matmul []']],
    ['a matrix and a vector', (g) => g.add('matmul', [g.input([4, 5]), g.constant([5])]), ['matmul [4]']],
    ['a vector and a matrix', (g) => g.add('matmul', [g.input([5]), g.constant([5, 9])]), ['matmul [9]']],
    [
      'one channel',
      (g) => g.add('conv', [g.input([1, 1, 4, 4]), g.constant([1, 1, 1, 1])], { ...same, pads: [0, 0, 0, 0] }),
      ['conv [1,1,4,4]'],
    ],
  ];
  test.each(shapes)('%s', (_, draw, expected) => expect(steps(draw)).toEqual(expected));
});

describe('convolutions', () => {
  const forms: readonly [string, Draw, string][] = [
    ['of several images', (g) => conv3(g, g.input([3, 2, 5, 4]), 4, 2), 'dense'],
    ['in one dimension', (g) => g.add('conv', [g.input([2, 3, 9]), g.constant([4, 3, 3])], { pads: [2, 0] }), 'dense'],
    [
      'in groups',
      (g) => g.add('conv', [g.input([1, 6, 4, 4]), g.constant([4, 3, 3, 3])], { ...padded, group: 2 }),
      'dense',
    ],
    [
      'depthwise',
      (g) => g.add('conv', [g.input([2, 5, 4, 4]), g.constant([5, 1, 3, 3])], { ...padded, group: 5 }),
      'channelwise',
    ],
    [
      'with dilations and strides',
      (g) =>
        g.add('conv', [g.input([1, 2, 9, 9]), g.constant([3, 2, 3, 3])], {
          pads: [2, 1, 0, 2],
          strides: [2, 3],
          dilations: [2, 1],
        }),
      'dense',
    ],
    [
      'transposed',
      (g) =>
        g.add('convTranspose', [g.input([2, 3, 4, 4]), g.constant([3, 2, 3, 3])], {
          strides: [2, 2],
          pads: [1, 1, 1, 1],
        }),
      'dense',
    ],
  ];
  const formsOf = (program: Program): string[] =>
    program.kernels.flatMap((k) => (k.kind === 'contraction' ? [k.form] : []));
  test.each(forms)('%s', (_, draw, form) => expect(formsOf(lowered(draw))).toEqual([form]));

  test('depthwise with a multiplier', () => {
    lowered((g) => g.add('conv', [g.input([2, 3, 4, 4]), g.constant([6, 1, 3, 3])], { ...padded, group: 3 }));
  });

  test('with live weights and bias', () => {
    lowered((g) => g.add('conv', [g.input([1, 2, 4, 4]), g.input([3, 2, 3, 3]), g.input([3])], padded));
  });

  test('transposed with dilations is a nest of its own', () => {
    const draw: Draw = (g) =>
      g.add('convTranspose', [g.input([1, 3, 4]), g.constant([3, 2, 2])], { strides: [2], dilations: [2] });
    expect(formsOf(lowered(draw))).toEqual([]);
  });

  test('padding before is padding within', () =>
    expect(
      steps((g) => {
        const y = g.add('pad', [g.add('relu', [g.input([1, 2, 4, 4])])], { pads: [0, 0, 1, 2, 0, 0, 1, 2] });
        return g.add('conv', [y, g.constant([3, 2, 3, 3])], same);
      }),
    ).toEqual(['halo [1,2,4,4]', 'relu [1,2,4,4]', 'pad+conv [1,3,4,6]']));

  test('padding with another value is written out', () =>
    expect(
      steps((g) => {
        const y = g.add('pad', [g.input([1, 2, 4, 4])], { pads: [0, 0, 1, 1, 0, 0, 1, 1], value: 2 });
        return g.add('conv', [y, g.constant([3, 2, 3, 3])], same);
      }),
    ).toEqual(['pad [1,2,6,6]', 'conv [1,3,4,4]']));

  test('images from sequences have no neighbours where the padding is', () => {
    lowered((g) => conv3(g, g.add('reshape', [g.input([1, 2, 16])], { shape: [1, 2, 4, 4] }), 3, 2));
  });
});

describe('layouts', () => {
  const channelsLast = (program: Program): number[] =>
    program.kernels.flatMap((k) =>
      (k.kind === 'contraction' ? k.store.offset.terms : []).flatMap(({ atom, factor }) =>
        atom.kind === 'axis' && atom.name === 'd1' ? [factor] : [],
      ),
    );

  test('channels are innermost inside, outermost at the edge', () =>
    expect(channelsLast(lowered((g) => conv3(g, conv3(g, g.input([1, 2, 5, 5]), 4, 2), 3, 4)))).toEqual([1, 25]));

  test('what a depthwise convolution reads has its channels innermost', () =>
    expect(
      steps((g) => {
        const y = g.add('relu', [g.input([1, 4, 5, 5])]);
        return g.add('conv', [y, g.constant([4, 1, 3, 3])], { ...padded, group: 4 });
      }),
    ).toEqual(['halo [1,4,5,5]', 'relu [1,4,5,5]', 'conv [1,4,5,5]']));

  test('two readers that need other dimensions innermost have a copy each', () =>
    expect(
      steps((g) => {
        const x = g.input([1, 4, 5, 4]);
        const depthwise = (v: ValueId): ValueId =>
          g.add('conv', [v, g.constant([4, 1, 3, 3])], { ...padded, group: 4 });
        const turned = depthwise(g.add('transpose', [x], { perm: [0, 3, 2, 1] }));
        return g.add('add', [depthwise(x), g.add('transpose', [turned], { perm: [0, 3, 2, 1] })]);
      }).filter((name) => name.startsWith('copy')),
    ).toHaveLength(2));

  test('a flattening reads what a convolution wrote as it lies', () =>
    expect(
      steps((g) => {
        const y = conv3(g, g.add('relu', [g.input([2, 2, 4, 4])]), 3, 2);
        return g.add('linear', [g.add('reshape', [y], { shape: [2, 48] }), g.constant([5, 48])]);
      }).at(-1),
    ).toBe('reshape+linear [2,5]'));
});

describe('fusion', () => {
  const chains: readonly [string, Draw, readonly string[]][] = [
    [
      'a chain of element-wise work is one kernel',
      (g) => g.add('exp', [g.add('mul', [g.add('neg', [g.input([2, 3])]), g.input([3])])]),
      ['neg+mul+exp [2,3]'],
    ],
    [
      'a value with two readers is computed once',
      (g) => {
        const y = g.add('exp', [g.input([4])]);
        return g.add('add', [g.add('reduce', [y], { kind: 'sum', axes: [0] }), y]);
      },
      ['exp [4]', 'reduce [1]', 'add [4]'],
    ],
    [
      'heavy work is not repeated where it is broadcast',
      (g) => g.add('add', [g.add('exp', [g.input([1, 3])]), g.input([8, 3])]),
      ['exp [1,3]', 'add [8,3]'],
    ],
    [
      'movement is in the indices',
      (g) => {
        const turned = g.add('transpose', [g.input([2, 3, 4])], { perm: [2, 0, 1] });
        const part = g.add('slice', [turned], { starts: [3, 0, 0], steps: [-1, 1, 1], sizes: [4, 1, 3] });
        return g.add('relu', [g.add('reshape', [part], { shape: [12] })]);
      },
      ['transpose+slice+reshape+relu [12]'],
    ],
    [
      'movement that would leave divisions is a copy',
      (g) => {
        const turned = g.add('transpose', [g.input([3, 4])], { perm: [1, 0] });
        return g.add('relu', [g.add('reshape', [turned], { shape: [3, 4] })]);
      },
      ['transpose+reshape [3,4]', 'relu [3,4]'],
    ],
    [
      'residual and activation are in the epilogue',
      (g) => {
        const x = g.input([2, 4]);
        return g.add('relu', [g.add('add', [x, g.add('linear', [x, g.constant([4, 4]), g.constant([4])])])]);
      },
      ['linear+add+relu [2,4]'],
    ],
    [
      'a layer that two sums read is computed once',
      (g) => {
        const y = g.add('linear', [g.input([2, 4]), g.constant([4, 4])]);
        return g.add('sub', [y, g.add('add', [y, g.constant([4])])]);
      },
      ['linear+add+sub [2,4]'],
    ],
    [
      'an activation stays out of the windows of a pool',
      (g) => {
        const y = g.add('relu', [g.add('conv', [g.input([1, 2, 6, 6]), g.constant([3, 2, 1, 1])], same)]);
        return g.add('maxPool', [y], { kernel: [3, 3], strides: [1, 1] });
      },
      ['conv+relu [1,3,6,6]', 'maxPool [1,3,4,4]'],
    ],
  ];
  test.each(chains)('%s', (_, draw, expected) => expect(steps(draw)).toEqual(expected));
});

describe('concat', () => {
  const joins: readonly [string, Draw, readonly string[]][] = [
    [
      'operands are written in place',
      (g) => {
        const x = g.input([2, 3]);
        return g.add('concat', [g.add('exp', [x]), g.add('sin', [x])], { axis: 1 });
      },
      ['exp [2,3]', 'sin [2,3]'],
    ],
    [
      'inputs, constants and repeated operands are copied',
      (g) => {
        const y = g.add('exp', [g.input([2, 3])]);
        return g.add('concat', [g.input([2, 1]), y, g.constant([2, 2]), y], { axis: 1 });
      },
      ['exp [2,3]', 'concat [2,1]', 'concat [2,3]', 'concat [2,2]', 'concat [2,3]'],
    ],
    [
      'one inside the other, an operand of both',
      (g) => {
        const x = g.input([1, 2]);
        const [a, b] = [g.add('exp', [x]), g.add('sin', [x])];
        const inner = g.add('concat', [a, a, b], { axis: 0 });
        return g.add('concat', [inner, a], { axis: 0 });
      },
      ['exp [1,2]', 'sin [1,2]', 'concat [1,2]', 'concat [1,2]'],
    ],
    [
      'an operand with a halo stays out of an output',
      (g) => {
        const x = g.add('relu', [g.input([1, 2, 4, 4])]);
        g.output(g.add('concat', [x, g.add('exp', [x])], { axis: 1 }));
        return conv3(g, x, 3, 2);
      },
      ['halo [1,2,4,4]', 'relu [1,2,4,4]', 'exp [1,2,4,4]', 'concat [1,2,4,4]', 'conv [1,3,4,4]'],
    ],
    [
      'an operand with a halo along the axis stays out',
      (g) => {
        const x = g.add('relu', [g.input([1, 2, 4, 4])]);
        const joined = g.add('exp', [g.add('concat', [x, g.add('sin', [x])], { axis: 2 })]);
        g.output(g.add('reduce', [joined], { kind: 'sum', axes: [2] }));
        return conv3(g, x, 3, 2);
      },
      [
        'halo [1,2,4,4]',
        'relu [1,2,4,4]',
        'sin [1,2,4,4]',
        'concat [1,2,4,4]',
        'exp [1,2,8,4]',
        'reduce [1,2,1,4]',
        'conv [1,3,4,4]',
      ],
    ],
  ];
  test.each(joins)('%s', (_, draw, expected) => expect([...steps(draw)].sort()).toEqual([...expected].sort()));
});

describe('sharing', () => {
  const twice = (second: readonly number[]): Graph =>
    graphOf((g) => {
      const layer = (x: ValueId, w: readonly number[]): ValueId =>
        g.add('tanh', [g.add('linear', [x, g.constant([2, 2], w)])]);
      return layer(layer(g.add('exp', [g.input([1, 2])]), [1, 2, 3, 4]), second);
    });

  test('equal layers share a kernel, not their weights', () => {
    const program = lowerAgreeing(twice([5, 6, 7, 8]));
    expect(program.kernels).toHaveLength(2);
    expect(program.steps).toHaveLength(3);
    expect(program.constants.entries).toHaveLength(2);
  });

  test('equal constants are stored once', () =>
    expect(lowerAgreeing(twice([1, 2, 3, 4])).constants.entries).toHaveLength(1));

  test('constants of one element are part of the kernel', () =>
    expect(lowered((g) => g.add('mul', [g.input([3]), g.constant([1, 1], 2)])).constants.entries).toEqual([]));

  test('integers and truth values travel as 32 bits', () => {
    lowered((g) => {
      const i = g.input([2, 3], 'int64');
      const low = g.add('less', [i, g.constant([3], 2, 'int64')]);
      g.output(low);
      g.output(g.add('cast', [i], { to: 'uint8' }));
      return g.add('where', [low, i, g.constant([], -5, 'int64')]);
    });
  });
});
