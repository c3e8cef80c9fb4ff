import { beforeAll, expect, it } from 'vitest';
import type { Location, Port, Program } from '../../../compiler/ir/program.ts';
import { compileNest } from '../../../compiler/kernel/evaluate.ts';
import {
  add,
  binary,
  cast,
  constant,
  div,
  type Expr,
  indexValue,
  like,
  load,
  maximum,
  mul,
  reduce,
  select,
  sub,
  unary,
} from '../../../compiler/kernel/expr.ts';
import {
  type Axis,
  addIndex,
  divIndex,
  type Indexable,
  makeAxis,
  modIndex,
  valueIndex,
} from '../../../compiler/kernel/index-expr.ts';
import { nestOfMeaning } from '../../../compiler/kernel/schedule.ts';
import type { DType } from '../../../compiler/tensor/dtype.ts';
import { dim, elementCount, rowMajorStrides, shapeOf } from '../../../compiler/tensor/shape.ts';
import { describeInBrowser } from '../../harness/browser.ts';
import { type GpuElements, type GpuResult, type GpuTask, runOnGpu } from './run-on-gpu.ts';

interface Input {
  readonly sizes: readonly number[];
  readonly dtype?: DType;
  readonly values?: (i: number) => number;
}

type Fetch = (input: number, index: readonly Indexable[], fill?: number) => Expr;

interface NestCase {
  readonly name: string;
  readonly sizes: readonly number[];
  readonly inputs: readonly Input[];
  readonly value: (axes: readonly Axis[], x: Fetch) => Expr;
  /** elements before each slot, to break alignment */
  readonly shift?: number;
}

const pseudo = (i: number): number => Math.fround((((i * 7919 + 13) % 2003) / 1001 - 1) * 3);
const whole = (i: number): number => ((i * 37) % 101) - 50;
const arrayOf = (dtype: DType, length: number): GpuElements => {
  if (dtype === 'float32') return new Float32Array(length);
  return dtype === 'uint32' ? new Uint32Array(length) : new Int32Array(length);
};

const row = (x: Fetch, i: Axis, n: number): { readonly k: Axis; readonly at: Expr } => {
  const k = makeAxis('k', dim(n));
  return { k, at: x(0, [i, k]) };
};

/** exp(x - max) / sum over the last axis. */
const softmax =
  (n: number) =>
  (axes: readonly Axis[], x: Fetch): Expr => {
    const [i, j] = axes as [Axis, Axis];
    const { k, at } = row(x, i, n);
    const max = reduce('max', [k], at);
    const sum = reduce('sum', [k], unary('exp', sub(at, max)));
    return div(unary('exp', sub(x(0, [i, j]), max)), sum);
  };

const sumOfRow =
  (n: number) =>
  ([i]: readonly Axis[], x: Fetch): Expr => {
    const { k, at } = row(x, i!, n);
    return reduce('sum', [k], at);
  };

const cases: readonly NestCase[] = [
  {
    name: 'vectors',
    sizes: [3, 8],
    inputs: [{ sizes: [3, 8] }],
    value: ([i, j], x) => mul(x(0, [i!, j!]), x(0, [i!, j!])),
  },
  {
    name: 'vectors off alignment',
    sizes: [3, 8],
    inputs: [{ sizes: [3, 8] }],
    value: ([i, j], x) => unary('neg', x(0, [i!, j!])),
    shift: 1,
  },
  {
    name: 'broadcast rows and columns',
    sizes: [5, 12],
    inputs: [{ sizes: [5, 1] }, { sizes: [12] }, { sizes: [] }],
    value: ([i, j], x) => add(mul(x(0, [i!, 0]), x(1, [j!])), x(2, [])),
  },
  { name: 'transpose', sizes: [8, 12], inputs: [{ sizes: [12, 8] }], value: ([i, j], x) => x(0, [j!, i!]) },
  {
    name: 'pad inside vectors',
    sizes: [6, 12],
    inputs: [{ sizes: [3, 9] }],
    value: ([i, j], x) => x(0, [addIndex(i!, -1), addIndex(j!, -2)], 7),
  },
  {
    name: 'split an axis inside vectors',
    sizes: [24],
    inputs: [{ sizes: [3, 8] }],
    value: ([i], x) => x(0, [divIndex(i!, 8), modIndex(i!, 8)]),
  },
  {
    name: 'split an axis across vectors',
    sizes: [24],
    inputs: [{ sizes: [8, 3] }],
    value: ([i], x) => x(0, [divIndex(i!, 3), modIndex(i!, 3)]),
  },
  {
    name: 'negative positions in div and mod',
    sizes: [16],
    inputs: [{ sizes: [7, 5] }],
    value: ([i], x) => x(0, [addIndex(divIndex(addIndex(i!, -7), 5), 2), modIndex(addIndex(i!, -7), 5)]),
  },
  {
    name: 'gather rows and elements by data',
    sizes: [6, 8],
    inputs: [
      { sizes: [11, 8] },
      { sizes: [6], dtype: 'int32', values: (i) => (i * 5) % 11 },
      { sizes: [8], dtype: 'int32', values: (i) => (i * 3) % 8 },
    ],
    value: ([i, j], x) => add(x(0, [valueIndex(x(1, [i!]), 11), j!]), x(0, [0, valueIndex(x(2, [j!]), 8)])),
  },
  {
    name: 'positions as numbers',
    sizes: [3, 8],
    inputs: [],
    value: ([i, j]) => cast('float32', indexValue(addIndex(i!, j!, 3))),
  },
  {
    name: 'integers, wrapping and by zero',
    sizes: [4, 16],
    inputs: [
      { sizes: [4, 16], dtype: 'int32', values: (i) => (i === 0 ? -(2 ** 31) : whole(i)) },
      { sizes: [4, 16], dtype: 'int32', values: (i) => (i % 5) - 1 },
    ],
    value: ([i, j], x) => {
      const [a, b] = [x(0, [i!, j!]), x(1, [i!, j!])];
      return add(mul(binary('div', a, b), like(a, 0x10001)), binary('rem', a, b));
    },
  },
  {
    name: 'unsigned shifts and comparison',
    sizes: [32],
    inputs: [{ sizes: [32], dtype: 'uint32', values: (i) => (i * 2654435761) >>> 0 }],
    value: ([i], x) => {
      const a = x(0, [i!]);
      return select(binary('lt', a, like(a, 2 ** 31)), binary('shr', a, like(a, 3)), binary('shl', a, like(a, 2)));
    },
  },
  {
    name: 'truth values',
    sizes: [16],
    inputs: [{ sizes: [16], dtype: 'bool', values: (i) => Number(i % 3 === 0) }, { sizes: [16] }],
    value: ([i], x) => binary('xor', x(0, [i!]), binary('lt', x(1, [i!]), constant('float32', 0))),
  },
  {
    name: 'any of a row of truth values, by a team',
    sizes: [3],
    inputs: [{ sizes: [3, 700], dtype: 'bool', values: (i) => Number(i === 900) }],
    value: ([i], x) => {
      const k = makeAxis('k', dim(700));
      return reduce('max', [k], x(0, [i!, k]));
    },
  },
  { name: 'short rows, one invocation each', sizes: [300, 8], inputs: [{ sizes: [300, 8] }], value: softmax(8) },
  { name: 'long rows, a team each', sizes: [5, 300], inputs: [{ sizes: [5, 300] }], value: softmax(300) },
  { name: 'longer rows, a larger team', sizes: [2, 3001], inputs: [{ sizes: [2, 3001] }], value: softmax(3001) },
  { name: 'sums of long rows', sizes: [7], inputs: [{ sizes: [7, 1000] }], value: sumOfRow(1000) },
  {
    name: 'sums down long columns, four at a time',
    sizes: [8],
    inputs: [{ sizes: [500, 8] }],
    value: ([c], x) => {
      const k = makeAxis('k', dim(500));
      return reduce('sum', [k], x(0, [k, c!]));
    },
  },
  {
    name: 'largest integer of a window, in vectors',
    sizes: [6, 8],
    inputs: [{ sizes: [8, 8], dtype: 'int32', values: whole }],
    value: ([i, c], x) => {
      const k = makeAxis('k', dim(3));
      return reduce('max', [k], x(0, [addIndex(i!, k), c!]));
    },
  },
  {
    name: 'product of nothing',
    sizes: [4],
    inputs: [{ sizes: [4, 0] }],
    value: ([i], x) => {
      const k = makeAxis('k', dim(0));
      return add(reduce('prod', [k], x(0, [i!, k])), reduce('sum', [k], x(0, [i!, k])));
    },
  },
  {
    name: 'maximum of transcendentals',
    sizes: [40],
    inputs: [{ sizes: [40] }],
    value: ([i], x) => maximum(unary('tanh', x(0, [i!])), unary('erf', x(0, [i!]))),
  },
  {
    name: 'more workgroups than one axis holds',
    sizes: [4_300_001],
    inputs: [],
    value: ([i]) => indexValue(addIndex(i!, 1)),
  },
  {
    name: 'more rows than one axis holds',
    sizes: [66_000],
    inputs: [{ sizes: [260], values: (i) => ((i * 7) % 13) / 16 }],
    value: ([i], x) => {
      const k = makeAxis('k', dim(260));
      return reduce('sum', [k], mul(x(0, [k]), cast('float32', indexValue(modIndex(addIndex(i!, k), 8)))));
    },
  },
];

interface Prepared {
  readonly task: GpuTask;
  readonly expected: readonly number[];
}

function prepare({ name, sizes, inputs, value, shift = 0 }: NestCase): Prepared {
  const axes = sizes.map((n, i) => makeAxis(`i${i}`, dim(n)));
  const e = value(axes, (i, index, fill) =>
    load({ id: i, dtype: inputs[i]!.dtype ?? 'float32', sizes: inputs[i]!.sizes }, index, fill),
  );
  const all: Input[] = [{ sizes, dtype: e.dtype }, ...inputs];
  const slots = all.map(({ dtype }, i) => ({
    name: `s${i}`,
    dtype: dtype ?? 'float32',
    access: i === 0 ? ('write' as const) : ('read' as const),
  }));
  const place = (slot: number) => ({ slot, offset: 0, strides: rowMajorStrides(shapeOf(all[slot]!.sizes)) });
  const kernel = nestOfMeaning(name, slots, { axes, value: e }, (source) => place(source + 1), place(0));
  let end = 0;
  const ports = all.map((input, i): Port => {
    const offset = Math.ceil(end / 64) * 64 + 4 * shift;
    const location: Location = { space: 'arena', offset, bytes: 4 * elementCount(shapeOf(input.sizes)) };
    end = offset + location.bytes;
    return { name: `s${i}`, dtype: slots[i]!.dtype, shape: input.sizes, location };
  });
  const arrays = all.map(({ dtype = 'float32', values }, i) => {
    const array = arrayOf(dtype, ports[i]!.location.bytes / 4);
    const make = values ?? pseudo;
    if (i > 0) for (let j = 0; j < array.length; j++) array[j] = make(j);
    return array;
  });
  const program: Program = {
    name,
    kernels: [kernel],
    steps: [{ kind: 'call', kernel: 0, arguments: ports.map((p) => p.location) }],
    constants: { entries: [], size: 0 },
    inputs: ports.slice(1),
    outputs: ports.slice(0, 1),
    arenaBytes: end,
    buffers: [],
    macs: 0,
  };
  const copies = arrays.map((a) => (a instanceof Float32Array ? Float64Array.from(a) : a.slice()));
  compileNest(kernel)(copies);
  const feeds = Object.fromEntries(ports.slice(1).map((port, i) => [port.name, arrays[i + 1]!]));
  return { task: { program, feeds }, expected: Array.from(copies[0]! as ArrayLike<number>, Number) };
}

describeInBrowser('nests on WebGPU', (browser) => {
  const prepared = cases.map(prepare);
  let results: GpuResult[] = [];
  beforeAll(async () => {
    results = await runOnGpu(
      browser(),
      prepared.map((p) => p.task),
    );
  });

  cases.forEach(({ name }, i) => {
    it(name, () => {
      const result = results[i]!;
      if ('error' in result) throw new Error(result.error);
      const actual = result.outputs.get('s0')!;
      const { expected } = prepared[i]!;
      expect(actual.length).toBe(expected.length);
      const isFloat = actual instanceof Float32Array;
      const wrong = expected.findIndex((want, j) => {
        const error = Math.abs(actual[j]! - want);
        return !(isFloat ? error <= 2e-5 * Math.max(1, Math.abs(want)) : error === 0);
      });
      expect(wrong, `${actual[wrong]} instead of ${expected[wrong]}`).toBe(-1);
    });
  });
});
