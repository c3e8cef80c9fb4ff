import { describe, expect, test } from 'vitest';
import { lower } from '../../compiler/4-lower/lower.ts';
import { groupsIn16Bits } from '../../compiler/4-lower/pack-codes.ts';
import { evaluateGraph } from '../../compiler/ir/evaluate.ts';
import type { ValueId } from '../../compiler/ir/graph.ts';
import { printProgram } from '../../compiler/ir/print-program.ts';
import type { Program } from '../../compiler/ir/program.ts';
import { verifyProgram } from '../../compiler/ir/verify-program.ts';
import { scaleIndex } from '../../compiler/kernel/index-expr.ts';
import type { ContractionKernel } from '../../compiler/kernel/nest.ts';
import { graphOf, type Sketch } from '../3-compress/pass-case.ts';
import { evaluateProgram } from '../harness/evaluate-program.ts';
import { arenaElements } from '../harness/op-program.ts';
import { makeRandom } from '../harness/random.ts';
import { allowRelaxedDots, hasRelaxedSimd } from '../harness/relaxed-simd.ts';
import { runWasm } from '../harness/run-wasm.ts';
import { lowerAgreeing, numbersIn, type Outputs, randomFeeds, stepsOf } from './agreement.ts';

allowRelaxedDots();

const random = makeRandom(7);
const codes = (g: Sketch, sizes: readonly number[]): ValueId => {
  const count = sizes.reduce((a, b) => a * b, 1);
  return g.constant(
    sizes,
    [...random.reals(count, -127, 127)].map((v) => Math.round(v)),
  );
};
const signed = { inputScale: 0.02, inputZero: 60 };
const window = (pad: number, group = 1) => ({ pads: [pad, pad, pad, pad], strides: [1, 1], dilations: [1, 1], group });
const conv = (g: Sketch, x: ValueId, sizes: readonly number[], pad = 0, group = 1): ValueId =>
  g.add('conv', [x, codes(g, sizes)], { ...window(pad, group), ...signed });

/** Lowers the graph and fails unless all executors give its integers exactly. */
function exactly(draw: (g: Sketch) => ValueId): Program {
  const graph = graphOf(draw);
  const feeds = randomFeeds(graph);
  const program = lower(graph);
  const wanted = numbersIn(evaluateGraph(graph, new Map(Object.entries(feeds)), 'float64'));
  const elements = Object.entries(feeds).map(([name, tensor]) => [name, arenaElements(tensor)] as const);
  const modules = (['scalar', 'simd', 'relaxed'] as const).filter((m) => m !== 'relaxed' || hasRelaxedSimd());
  const all: readonly Outputs[] = [
    evaluateProgram(program, Object.fromEntries(elements)),
    ...modules.map((features) => numbersIn(runWasm(program, features, feeds))),
  ];
  for (const given of all) {
    for (const [name, values] of wanted) expect(Array.from(given.get(name)!)).toEqual(Array.from(values));
  }
  return program;
}

const contractions = (program: Program): ContractionKernel[] =>
  program.kernels.filter((k): k is ContractionKernel => k.kind === 'contraction');
const kindsOfB = (program: Program): string[] => contractions(program).map((k) => k.b.kind);

test('a program of codes in print', () => {
  const program = exactly((g) => {
    const y = g.add(
      'linear',
      [g.input([3, 8]), g.constant([2, 8], [1, -2, 3, -4, 5, -6, 7, -8, 9, 0, 0, 0, 0, 0, 0, 127])],
      {
        inputScale: 0.25,
        inputZero: 60,
      },
    );
    return g.add('relu', [g.add('mul', [y, g.constant([2], [0.5, 2])])]);
  });
  expect(printProgram(program)).toMatchInlineSnapshot(`
    "program "case": 48 multiply-adds, 128 bytes of constants, arena of 192
      input "x0" float32[3,8] a0+96
      constant "constant_3" float32 row-major c0+8
      constant "constant_1" int8 groups-of-4 c64+64
      kernel 0: contraction "linear+mul+relu [3,2]"
        linear+mul+relu: float32 write, x0: float32 read, constant_1: int32 read, constant_3: float32 read
        dense: batch (), m (d0 < 3), n (d1 < 2), k (k < 8)
        a at 8*d0 + k, b packed8, 0 per batch; a quantised: times 4, plus 60
        linear+mul+relu[2*d0 + d1] = max((acc * constant_3[d1]), 0)
      step 0: 0 "linear+mul+relu [3,2]" a128+24 <- a0+96, c64+64, c0+8
      output "y0" float32[3,2] a128+24
    "
  `);
  const codesOfB = program.constants.entries.find((entry) => entry.encoding === 'groups-of-4');
  expect([...new Int8Array(codesOfB!.bytes)].slice(0, 36)).toEqual([
    ...[1, -2, 3, -4, 9, 0, 0, 0],
    ...new Array<number>(24).fill(0),
    ...[5, -6, 7, -8],
  ]);
});

describe('codes on every executor', () => {
  test.each([
    [1, 64, 40],
    [1, 512, 10],
    [7, 32, 13],
    [33, 64, 64],
    [5, 4, 1],
    [2, 100, 3],
  ])('linear %d x %d -> %d', (m, k, n) => {
    const program = exactly((g) => g.add('linear', [g.input([m, k]), codes(g, [n, k])], signed));
    expect(kindsOfB(program)).toEqual(['packed8']);
    expect(program.steps).toHaveLength(1);
  });

  test('a stack of convolutions with residual and relu, each one kernel', () => {
    const program = exactly((g) => {
      const x = g.add('relu', [conv(g, g.input([1, 4, 9, 7]), [8, 4, 1, 1])]);
      const scaled = g.add('mul', [x, g.constant([], 2 ** -12)]);
      const inner = g.add('relu', [conv(g, scaled, [8, 8, 3, 3], 1)]);
      return g.add('relu', [
        g.add('add', [conv(g, g.add('mul', [inner, g.constant([], 2 ** -14)]), [8, 8, 3, 3], 1), x]),
      ]);
    });
    expect(kindsOfB(program)).toEqual(['packed8', 'packed8', 'packed8']);
    expect(stepsOf(program).filter((name) => name.includes('conv'))).toHaveLength(3);
  });

  test('groups take their own panels', () => {
    const program = exactly((g) => conv(g, g.input([2, 8, 5, 6]), [12, 4, 3, 3], 1, 2));
    expect(contractions(program)[0]?.b).toMatchObject({ kind: 'packed8', batchStride: 72 });
  });

  test('a flattened image keeps its channels together', () => {
    const program = exactly((g) => {
      const image = g.add('mul', [conv(g, g.input([1, 4, 5, 4]), [8, 4, 1, 1]), g.constant([], 2 ** -12)]);
      const flat = g.add('reshape', [image], { shape: [1, 160] });
      return g.add('linear', [flat, codes(g, [6, 160])], signed);
    });
    expect(kindsOfB(program)).toEqual(['packed8', 'packed8']);
    expect(stepsOf(program).map((name) => name.split(' ')[0])).toEqual(['copy', 'conv+mul', 'reshape+linear']);
  });

  test('channels stay innermost where an image is wider than it has channels', () => {
    const program = exactly((g) => {
      const image = g.add('mul', [conv(g, g.input([1, 4, 8, 12]), [8, 4, 1, 1]), g.constant([], 2 ** -12)]);
      return g.add('linear', [g.add('reshape', [image], { shape: [1, 768] }), codes(g, [6, 768])], signed);
    });
    const [first] = contractions(program);
    expect(first!.store.offset.terms.find((t) => t.atom === first!.n)?.factor).toBe(1);
  });

  test('operands of a concat are read where they lie', () => {
    const program = exactly((g) => {
      const x = g.input([1, 4, 3, 3]);
      const [a, b] = [4, 12].map((m) => g.add('mul', [conv(g, x, [m, 4, 1, 1]), g.constant([], 2 ** -12)]));
      const joined = g.add('concat', [a!, b!], { axis: 1 });
      g.output(g.add('mul', [joined, g.constant([], 0.5)]));
      return conv(g, b!, [5, 12, 3, 3], 1);
    });
    expect(kindsOfB(program)).toEqual(['packed8', 'packed8', 'packed8']);
  });

  test('groups of four are filled up with zero codes', () => {
    const program = exactly((g) => conv(g, g.input([1, 3, 5, 5]), [6, 3, 3, 3], 1));
    expect(kindsOfB(program)).toEqual(['packed8']);
    // three rows of 3 x 3 inputs, 12 codes each for a panel of 8
    expect(program.constants.size).toBe(320);
    expect(kindsOfB(exactly((g) => g.add('linear', [g.input([3, 7]), codes(g, [5, 7])], signed)))).toEqual(['packed8']);
  });

  test('two values are quantised both', () => {
    const product = { ...signed, rightScale: 0.02 };
    const sizes = [
      [
        [5, 12],
        [12, 9],
      ],
      [
        [2, 3, 7, 10],
        [2, 3, 10, 6],
      ],
      [
        [4, 33],
        [33, 1],
      ],
    ] as const;
    for (const [a, b] of sizes)
      expect(kindsOfB(exactly((g) => g.add('matmul', [g.input(a), g.input(b)], product)))).toEqual(['live8']);
    const turned = exactly((g) => {
      const b = g.add('transpose', [g.input([2, 9, 8])], { perm: [0, 2, 1] });
      return g.add('mul', [g.add('matmul', [g.input([2, 5, 8]), b], product), g.constant([], 2 ** -12)]);
    });
    expect(kindsOfB(turned)).toEqual(['live8']);
  });

  test('what has no groups of four is a loop of the same meaning', () => {
    expect(kindsOfB(exactly((g) => conv(g, g.input([1, 4, 5, 5]), [4, 1, 3, 3], 1, 4)))).toEqual([]);
    expect(kindsOfB(exactly((g) => g.add('linear', [g.input([2, 8]), g.constant([3, 8], 0.5)], signed)))).toEqual([]);
    const live = graphOf((g) => g.add('linear', [g.input([2, 8]), g.input([3, 8])], signed));
    expect(kindsOfB(lowerAgreeing(live))).toEqual([]);
  });
});

test('codes take a byte each', () => {
  const program = exactly((g) => g.add('linear', [g.input([4, 64]), codes(g, [32, 64])], signed));
  expect(program.constants.entries).toEqual([
    expect.objectContaining({
      dtype: 'int8',
      encoding: 'groups-of-4',
      bytes: expect.objectContaining({ length: 2048 }),
    }),
  ]);
  expect(program.constants.size).toBe(2048);
});

test('a kernel whose codes could not be in groups is a bug', () => {
  const program = exactly((g) => g.add('linear', [g.input([4, 8]), codes(g, [3, 8])], signed));
  const [kernel] = contractions(program);
  const broken = { ...kernel!, a: { offset: scaleIndex(kernel!.a.offset, 2) } };
  expect(() => verifyProgram({ ...program, kernels: [broken] })).toThrow(
    '"linear [4,3]" multiplies int8 codes and its A is not in groups along k',
  );
});

describe('groups that fit 16 bits', () => {
  /** One column of 16 codes in a panel. */
  const panel = (column: readonly number[]): Int8Array => {
    const packed = new Int8Array(8 * column.length);
    column.forEach((code, k) => {
      packed[Math.floor(k / 4) * 32 + (k % 4)] = code;
    });
    return packed;
  };
  const [small, large] = [
    [32, 32, 1, 1],
    [33, 32, 1, 1],
  ];

  test.each([
    ['258 of one sign in a lane', [...[33, 33], 126, 126, ...[32, 32, 1, 1], ...small!, ...small!], 4],
    ['one more', [...[33, 33], 126, 126, ...[33, 32, 1, 1], ...small!, ...small!], 2],
    ['signs apart', [127, 127, -127, -127, ...[-127, -127, 127, 127], ...[2, 2, 0, 0], 0, 0, 0, 0], 4],
    ['two at their limit', [65, 65, 0, 0, 64, 64, 0, 0, ...large!, ...large!], 2],
    ['none', [127, 127, 0, 0, 127, 127, 0, 0, ...small!, ...small!], 1],
  ] as const)('%s', (_, column, groups) => {
    expect(groupsIn16Bits(panel(column), 16)).toBe(groups);
  });

  test('panels do not run on into each other', () => {
    const [a, b] = [panel([0, 0, 0, 0, 127, 127, 0, 0]), panel([127, 127, 0, 0, 0, 0, 0, 0])];
    expect(groupsIn16Bits(Int8Array.of(...a, ...b), 8)).toBe(4);
  });
});
