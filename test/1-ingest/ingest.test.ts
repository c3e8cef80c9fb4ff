import { describe, expect, it } from 'vitest';
import type { Bindings } from '../../compiler/1-ingest/bind.ts';
import { ingestOnnx } from '../../compiler/1-ingest/onnx/ingest.ts';
import { evaluateGraph } from '../../compiler/ir/evaluate.ts';
import { printGraph } from '../../compiler/ir/print.ts';
import { numbersOf } from '../../compiler/tensor/convert.ts';
import type { Tensor } from '../../compiler/tensor/tensor.ts';
import { onnxModel, tensorOf, type WrittenModel } from '../harness/onnx-model.ts';

type Parts = Omit<WrittenModel, 'opset'> & { readonly opset?: number };

const ingested = (parts: Parts, bindings?: Bindings) => ingestOnnx({ bytes: onnxModel(parts) }, bindings);
const opsOf = (parts: Parts, bindings?: Bindings): string[] => ingested(parts, bindings).graph.nodes.map((n) => n.op);

function run(parts: Parts, feeds: Readonly<Record<string, Tensor>>, bindings?: Bindings): Record<string, number[]> {
  const results = evaluateGraph(ingested(parts, bindings).graph, new Map(Object.entries(feeds)), 'float64');
  return Object.fromEntries([...results].map(([name, value]) => [name, Array.from(value.data, Number)]));
}

const x = { name: 'x', dtype: 'float32', shape: [2, 3] } as const;
const y = { name: 'y', dtype: 'float32' } as const;
const six = tensorOf('float32', [2, 3], [-1, 2, -3, 4, -5, 6]);

describe('inputs', () => {
  it('keeps names, order and symbols', () => {
    const { graph, notes } = ingested(
      {
        inputs: [
          { name: 'pixels:0', dtype: 'uint8', shape: ['batch', 'h', 3] },
          { name: 'unused', dtype: 'float32', shape: [] },
        ],
        outputs: [{ name: 'out/y', dtype: 'float32' }],
        nodes: [{ op: 'Cast', inputs: ['pixels:0'], outputs: ['out/y'], attributes: { to: 1 } }],
      },
      { dims: { h: 2 } },
    );
    expect(printGraph(graph)).toBe(
      [
        'graph "graph"',
        '  %0 = input "pixels:0" uint8[1,2,3]',
        '  %1 = input "unused" float32[]',
        '  %2 = cast(%0, to=float32) float32[1,2,3]  # "out/y"',
        '  output "out/y" = %2 float32[1,2,3]',
        '',
      ].join('\n'),
    );
    expect(graph.values.get(0)?.type.shape).toEqual([
      { size: 1, symbol: 'batch' },
      { size: 2, symbol: 'h' },
      { size: 3 },
    ]);
    expect(notes).toEqual(['batch dimension "batch" of input "pixels:0" is 1; --dim or --shape changes it']);
  });

  it('initializers that are also inputs vanish', () => {
    const parts: Parts = {
      inputs: [x, { name: 'w', dtype: 'float32', shape: [3] }],
      outputs: [y],
      nodes: [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
      initializers: { w: tensorOf('float32', [3], [1, 2, 3]) },
    };
    expect(ingested(parts).graph.inputs).toEqual([0]);
    expect(run(parts, { x: six }).y).toEqual([0, 4, 0, 5, -3, 9]);
  });

  it('bound constants vanish, and decide shapes', () => {
    const parts: Parts = {
      inputs: [x, { name: 'shape', dtype: 'int64', shape: [1] }],
      outputs: [y],
      nodes: [{ op: 'Reshape', inputs: ['x', 'shape'], outputs: ['y'] }],
    };
    const { graph } = ingested(parts, { constants: { shape: tensorOf('int64', [1], [-1]) } });
    expect(printGraph(graph)).toContain('%2 = reshape(%0, shape=[6]) float32[6]');
    expect(graph.inputs.length).toBe(1);
  });

  it('an unnamed first dimension becomes 1, whole shapes bind symbols elsewhere', () => {
    const { graph, notes } = ingested(
      {
        inputs: [
          { name: 'x', dtype: 'float32', shape: [undefined, 'n'] },
          { name: 'z', dtype: 'float32', shape: ['n'] },
        ],
        outputs: [y],
        nodes: [{ op: 'Add', inputs: ['x', 'z'], outputs: ['y'] }],
      },
      { shapes: { z: [4] } },
    );
    expect(printGraph(graph)).toContain('input "x" float32[1,4]');
    expect(notes).toEqual(['batch dimension of input "x" is 1; --dim or --shape changes it']);
  });
});

describe('order', () => {
  it('nodes may stand in any order', () => {
    expect(
      opsOf({
        inputs: [x],
        outputs: [y],
        nodes: [
          { op: 'Neg', inputs: ['b'], outputs: ['y'] },
          { op: 'Exp', inputs: ['a'], outputs: ['b'] },
          { op: 'Relu', inputs: ['x'], outputs: ['a'] },
        ],
      }),
    ).toEqual(['relu', 'exp', 'neg']);
  });

  it('a chain of 20000 nodes, backwards', () => {
    const nodes = Array.from({ length: 20000 }, (_, i) => ({
      op: 'Relu',
      inputs: [i === 0 ? 'x' : `v${i}`],
      outputs: [i === 19999 ? 'y' : `v${i + 1}`],
    })).reverse();
    expect(opsOf({ inputs: [x], outputs: [y], nodes }).length).toBe(20000);
  });
});

describe('folding', () => {
  it('shape arithmetic leaves nothing', () => {
    const parts: Parts = {
      inputs: [{ name: 'x', dtype: 'float32', shape: ['n', 3, 4, 4] }],
      outputs: [y],
      nodes: [
        { op: 'Shape', inputs: ['x'], outputs: ['shape'] },
        { op: 'Constant', inputs: [], outputs: ['zero'], attributes: { value_int: 0 } },
        { op: 'Gather', inputs: ['shape', 'zero'], outputs: ['n'] },
        { op: 'Constant', inputs: [], outputs: ['axes'], attributes: { value_ints: { ints: [0] } } },
        { op: 'Unsqueeze', inputs: ['n', 'axes'], outputs: ['n1'] },
        {
          op: 'Constant',
          inputs: [],
          outputs: ['rest'],
          attributes: { value: { tensor: tensorOf('int64', [1], [-1]) } },
        },
        { op: 'Concat', inputs: ['n1', 'rest'], outputs: ['to'], attributes: { axis: 0 } },
        { op: 'Cast', inputs: ['to'], outputs: ['f'], attributes: { to: 1 } },
        { op: 'Cast', inputs: ['f'], outputs: ['i'], attributes: { to: 7 } },
        { op: 'Reshape', inputs: ['x', 'i'], outputs: ['y'] },
      ],
    };
    const { graph } = ingested(parts, { dims: { n: 2 } });
    expect(graph.nodes.map((n) => n.op)).toEqual(['reshape']);
    expect(graph.constants.size).toBe(0);
  });

  it('a graph that is all constants', () => {
    const parts: Parts = {
      outputs: [{ name: 'y', dtype: 'int64', shape: [4] }],
      nodes: [
        { op: 'Range', inputs: ['a', 'b', 'c'], outputs: ['r'] },
        { op: 'Mul', inputs: ['r', 'r'], outputs: ['y'] },
      ],
      initializers: {
        a: tensorOf('int64', [], [0]),
        b: tensorOf('int64', [], [4]),
        c: tensorOf('int64', [], [1]),
      },
    };
    expect(opsOf(parts)).toEqual([]);
    expect(run(parts, {}).y).toEqual([0, 1, 4, 9]);
  });

  it('a huge fill stays a node', () => {
    const parts: Parts = {
      outputs: [y],
      nodes: [{ op: 'ConstantOfShape', inputs: ['shape'], outputs: ['y'] }],
      initializers: { shape: tensorOf('int64', [2], [20000, 20000]) },
    };
    expect(opsOf(parts)).toEqual(['expand']);
  });

  it('a newer opset is read as the newest known, and noted', () => {
    const relu = { op: 'Relu', inputs: ['x'], outputs: ['y'] };
    expect(ingested({ opset: 29, inputs: [x], outputs: [y], nodes: [relu] }).notes).toEqual([
      'opset 29 is newer than 28; operators are read as of 28',
    ]);
  });

  it('every form of Constant', () => {
    const forms = {
      a: { value_float: { float: 1 } },
      b: { value_floats: { floats: [1, 2] } },
      c: { value_int: 3 },
      d: { value_ints: { ints: [4, 5] } },
      e: { value: { tensor: tensorOf('bool', [1], [1]) } },
    };
    const parts: Parts = {
      outputs: [
        { name: 'a', dtype: 'float32', shape: [] },
        { name: 'b', dtype: 'float32', shape: [2] },
        { name: 'c', dtype: 'int64', shape: [] },
        { name: 'd', dtype: 'int64', shape: [2] },
        { name: 'e', dtype: 'bool', shape: [1] },
      ],
      nodes: Object.entries(forms).map(([name, attributes]) => ({
        op: 'Constant',
        inputs: [],
        outputs: [name],
        attributes,
      })),
    };
    expect(run(parts, {})).toEqual({ a: [1], b: [1, 2], c: [3], d: [4, 5], e: [1] });
  });

  it('a value that is known although a node before it is not needed', () => {
    const { graph } = ingested({
      inputs: [x],
      outputs: [y, { name: 'n', dtype: 'int64' }],
      nodes: [
        { op: 'Relu', inputs: ['x'], outputs: ['y'] },
        { op: 'Size', inputs: ['y'], outputs: ['n'] },
      ],
    });
    expect(graph.nodes.length).toBe(1);
    expect([...graph.constants.values()].map(numbersOf)).toEqual([[6]]);
  });
});

describe('If', () => {
  const branches = (condition: string): Parts => ({
    inputs: [x],
    outputs: [y],
    nodes: [
      { op: 'Exp', inputs: ['x'], outputs: ['e'] },
      { op: 'Size', inputs: ['x'], outputs: ['n'] },
      { op: 'Greater', inputs: ['n', condition], outputs: ['c'] },
      {
        op: 'If',
        inputs: ['c'],
        outputs: ['y'],
        attributes: {
          then_branch: {
            graph: {
              outputs: [{ name: 't', dtype: 'float32' }],
              nodes: [{ op: 'Add', inputs: ['e', 'one'], outputs: ['t'] }],
              initializers: { one: tensorOf('float32', [], [1]) },
            },
          },
          else_branch: {
            graph: {
              outputs: [{ name: 't', dtype: 'float32' }],
              nodes: [{ op: 'Neg', inputs: ['x'], outputs: ['t'] }],
            },
          },
        },
      },
    ],
    initializers: { five: tensorOf('int64', [], [5]), seven: tensorOf('int64', [], [7]) },
  });

  it('takes the branch a known condition names, which sees the graph around', () => {
    expect(opsOf(branches('five'))).toEqual(['exp', 'add']);
    expect(opsOf(branches('seven'))).toEqual(['exp', 'neg']);
    expect(run(branches('seven'), { x: six }).y).toEqual([1, -2, 3, -4, 5, -6]);
  });

  it('an unknown condition is refused', () => {
    const parts = branches('five');
    const nodes = parts.nodes.map((n) => (n.op === 'If' ? { ...n, inputs: ['flag'] } : n));
    const inputs = [x, { name: 'flag', dtype: 'bool', shape: [] } as const];
    expect(() => ingested({ ...parts, nodes, inputs })).toThrow('the branch to take comes from "flag"');
  });

  it('a branch that reads nodes further down in the file waits for them', () => {
    const parts = branches('five');
    expect(opsOf({ ...parts, nodes: [...parts.nodes].reverse() })).toEqual(['exp', 'add']);
  });
});

describe('functions', () => {
  const scale = {
    name: 'Scale',
    domain: 'mine',
    inputs: ['a', 'b'],
    outputs: ['r'],
    attributes: ['alpha'],
    defaults: { beta: { float: 0.5 } },
    nodes: [
      { op: 'LeakyRelu', inputs: ['a'], outputs: ['h'], attributes: { alpha: { reference: 'alpha' } } },
      { op: 'Elu', inputs: ['h'], outputs: ['k'], attributes: { alpha: { reference: 'beta' } } },
      { op: 'Clip', inputs: ['k', 'b'], outputs: ['r'] },
    ],
    opsets: { '': 21 },
  } as const;
  const twice = {
    name: 'Twice',
    domain: 'mine',
    inputs: ['a'],
    outputs: ['r'],
    nodes: [
      {
        op: 'Scale',
        domain: 'mine',
        name: 'first',
        inputs: ['a', ''],
        outputs: ['h'],
        attributes: { alpha: { float: 0.25 } },
      },
      { op: 'Scale', domain: 'mine', name: 'second', inputs: ['h'], outputs: ['r'] },
    ],
    opsets: { mine: 1 },
  } as const;
  const parts: Parts = {
    inputs: [x],
    outputs: [y],
    opsets: { mine: 1 },
    functions: [scale, twice],
    nodes: [{ op: 'Twice', domain: 'mine', name: 'call', inputs: ['x'], outputs: ['y'] }],
  };

  it('are inlined, nested, with attributes, defaults and left-out inputs', () => {
    const { graph } = ingested(parts);
    expect(graph.nodes.map((n) => [n.op, n.attributes.alpha])).toEqual([
      ['leakyRelu', 0.25],
      ['elu', 0.5],
      ['leakyRelu', 0.01],
      ['elu', 0.5],
    ]);
    expect(graph.nodes.map((n) => n.name)).toEqual(['call/first/h', 'call/first/k', 'call/second/h', 'call/second/k']);
  });

  it('use their own operator set', () => {
    const rows = (opset: number): Parts => ({
      inputs: [x],
      outputs: [y],
      opset: 13,
      opsets: { mine: 1 },
      functions: [
        {
          name: 'Rows',
          domain: 'mine',
          inputs: ['a'],
          outputs: ['r'],
          nodes: [{ op: 'Softmax', inputs: ['a'], outputs: ['r'], attributes: { axis: 0 } }],
          opsets: { '': opset },
        },
      ],
      nodes: [{ op: 'Rows', domain: 'mine', inputs: ['x'], outputs: ['y'] }],
    });
    expect(opsOf(rows(13))).toEqual(['softmax']);
    expect(opsOf(rows(11))).toEqual(['reshape', 'softmax', 'reshape']);
  });

  it('that call themselves are refused', () => {
    const loop = { ...twice, nodes: [{ op: 'Twice', domain: 'mine', name: 'again', inputs: ['a'], outputs: ['r'] }] };
    expect(() => ingested({ ...parts, functions: [loop] })).toThrow('the function Twice calls itself');
  });
});

describe('graph outputs', () => {
  it('may be inputs, constants, and one value twice', () => {
    const parts: Parts = {
      inputs: [x],
      outputs: [{ name: 'x', dtype: 'float32' }, { name: 'w', dtype: 'float32' }, y, { name: 'z', dtype: 'float32' }],
      nodes: [
        { op: 'Identity', inputs: ['x'], outputs: ['y'] },
        { op: 'Dropout', inputs: ['x'], outputs: ['z'] },
      ],
      initializers: { w: tensorOf('float32', [1], [7]) },
    };
    const values = Array.from(six.data, Number);
    expect(run(parts, { x: six })).toEqual({ x: values, w: [7], y: values, z: values });
  });
});
