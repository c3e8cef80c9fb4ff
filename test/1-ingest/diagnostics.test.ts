import { describe, expect, it } from 'vitest';
import type { Bindings } from '../../compiler/1-ingest/bind.ts';
import { ingestOnnx } from '../../compiler/1-ingest/onnx/ingest.ts';
import { LccError } from '../../compiler/diagnostics/index.ts';
import { onnxModel, tensorOf, type WrittenModel, type WrittenNode } from '../harness/onnx-model.ts';

type Parts = Omit<WrittenModel, 'opset'> & { readonly opset?: number };

const x = { name: 'x', dtype: 'float32', shape: [2, 3] } as const;
const y = { name: 'y', dtype: 'float32' } as const;

const withNodes = (nodes: readonly WrittenNode[], more: Partial<Parts> = {}): Parts => ({
  inputs: [x],
  outputs: [y],
  nodes,
  ...more,
});

/** The text of the error; it must be an LccError of exit code 2. */
function refusal(bytes: Uint8Array, bindings: Bindings = {}): string {
  try {
    ingestOnnx({ bytes, file: 'net.onnx' }, bindings);
  } catch (error) {
    if (!(error instanceof LccError)) throw error;
    expect(error.exitCode).toBe(2);
    return error.message;
  }
  throw new Error('nothing was refused');
}

const relu: WrittenNode = { op: 'Relu', name: 'r', inputs: ['x'], outputs: ['y'] };

describe('broken files', () => {
  const whole = onnxModel(withNodes([relu]));

  it('empty', () =>
    expect(refusal(new Uint8Array(0))).toBe(
      [
        'LCC1002: The file is not a whole ONNX model: it is empty.',
        '  at net.onnx',
        '  Next: Export or download the model again.',
      ].join('\n'),
    ));

  it('cut anywhere: an LccError, never a crash', () => {
    for (let length = 1; length < whole.length; length++) {
      expect(refusal(whole.subarray(0, length))).toMatch(/^LCC10/);
    }
  });

  it('not a model at all', () =>
    expect(refusal(new TextEncoder().encode('<!DOCTYPE html>'))).toMatch(
      /^LCC1002: The file is not a whole ONNX model/,
    ));

  it('random bytes', () => {
    let state = 1;
    for (let round = 0; round < 200; round++) {
      const bytes = whole.slice();
      for (let k = 0; k < 3; k++) {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        bytes[state % bytes.length] = (state >>> 16) & 255;
      }
      try {
        ingestOnnx({ bytes });
      } catch (error) {
        expect(error).toBeInstanceOf(LccError);
        expect((error as LccError).exitCode).toBe(2);
      }
    }
  });
});

describe('the graph', () => {
  it('an old opset', () =>
    expect(refusal(onnxModel(withNodes([relu], { opset: 6 })))).toBe(
      [
        'LCC1006: The model uses opset 6; lcc reads 7 and later.',
        '  at net.onnx',
        '  Next: Convert the model to opset 7 or later with the ONNX version converter.',
      ].join('\n'),
    ));

  it('unsupported operators, all at once, those behind them too', () =>
    expect(
      refusal(
        onnxModel(
          withNodes(
            [
              { op: 'TfIdfVectorizer', name: 'words', inputs: ['x'], outputs: ['a'] },
              { op: 'Relu', inputs: ['a'], outputs: ['b'] },
              { op: 'NonMaxSuppression', inputs: ['b'], outputs: ['c'] },
              { op: 'Attend', domain: 'my.domain', name: 'att', inputs: ['x'], outputs: ['d'] },
              {
                op: 'BatchNormalization',
                name: 'bn',
                inputs: ['x', 's', 's', 's', 's'],
                outputs: ['e'],
                attributes: { training_mode: 1 },
              },
              { op: 'Add', inputs: ['c', 'd'], outputs: ['y'] },
            ],
            { initializers: { s: tensorOf('float32', [3], [1, 1, 1]) } },
          ),
        ),
      ),
    ).toBe(
      [
        'LCC1003: 4 nodes use operators lcc does not compile.',
        '  at net.onnx',
        '  - node "words" (TfIdfVectorizer)',
        '  - node "c" (NonMaxSuppression)',
        '  - node "att" (my.domain:Attend)',
        '  - node "bn" (BatchNormalization): training_mode is 1',
        '  Next: Export the model without these operators, or cut it before them.',
      ].join('\n'),
    ));

  it('a cycle', () =>
    expect(
      refusal(
        onnxModel(
          withNodes([
            { op: 'Add', name: 'one', inputs: ['x', 'b'], outputs: ['a'] },
            { op: 'Relu', name: 'two', inputs: ['a'], outputs: ['b'] },
            { op: 'Relu', name: 'three', inputs: ['b'], outputs: ['y'] },
          ]),
        ),
      ),
    ).toBe(
      [
        'LCC1010: The graph has a cycle.',
        '  at net.onnx',
        '  - node "one" (Add)',
        '  - node "two" (Relu)',
        '  Next: Export the model again; an ONNX graph has no cycles.',
      ].join('\n'),
    ));

  it('a value nothing defines', () =>
    expect(refusal(onnxModel(withNodes([{ ...relu, inputs: ['ghost'] }])))).toBe(
      [
        'LCC1011: The value "ghost" is used but nothing defines it.',
        '  at net.onnx, node "r" (Relu)',
        '  Next: Run the ONNX checker on the model, and export it again.',
      ].join('\n'),
    ));

  it('an output nothing defines', () =>
    expect(refusal(onnxModel(withNodes([{ ...relu, outputs: ['z'] }])))).toContain('The value "y" is used'));

  it('a value defined twice', () =>
    expect(refusal(onnxModel(withNodes([relu, { ...relu, name: 's' }])))).toContain('"y" is defined twice'));

  it('two inputs of one name', () =>
    expect(refusal(onnxModel(withNodes([relu], { inputs: [x, x] })))).toContain('two inputs are named "x"'));

  it('a node without an input it needs', () =>
    expect(refusal(onnxModel(withNodes([{ ...relu, inputs: [] }])))).toContain('Relu'));

  it('shapes that do not fit', () =>
    expect(refusal(onnxModel(withNodes([{ op: 'MatMul', name: 'mm', inputs: ['x', 'x'], outputs: ['y'] }])))).toMatch(
      /^LCC1012: The node does not fit its inputs: .*\n {2}at net.onnx, node "mm" \(MatMul\)\n {2}- input "x" is float32\[2,3\]/,
    ));

  it('an attribute of the wrong kind', () =>
    expect(
      refusal(
        onnxModel(
          withNodes([{ op: 'Softmax', name: 's', inputs: ['x'], outputs: ['y'], attributes: { axis: 'last' } }]),
        ),
      ),
    ).toContain('attribute "axis" of Softmax must be of the kind int, not string'));

  it('an axis outside the rank', () =>
    expect(
      refusal(onnxModel(withNodes([{ op: 'Softmax', inputs: ['x'], outputs: ['y'], attributes: { axis: 2 } }]))),
    ).toContain('axis 2 is outside a tensor of rank 2'));

  it('a declared output that contradicts the nodes', () =>
    expect(
      refusal(onnxModel(withNodes([relu], { outputs: [{ name: 'y', dtype: 'float32', shape: [2, 'n', 4] }] }))),
    ).toBe(
      [
        'LCC1013: The model declares "y" with a type that its nodes do not give it.',
        '  at net.onnx, node "r" (Relu)',
        '  declared: float32[2,n,4]',
        '  inferred: float32[2,3]',
        '  Next: Check the sizes given by --dim and --shape, or run ONNX shape inference on the model again.',
      ].join('\n'),
    ));

  it('a declared value inside that contradicts', () =>
    expect(
      refusal(
        onnxModel(
          withNodes(
            [
              { op: 'Relu', inputs: ['x'], outputs: ['h'] },
              { op: 'Relu', inputs: ['h'], outputs: ['y'] },
            ],
            { valueInfo: [{ name: 'h', dtype: 'int64', shape: [2, 3] }] },
          ),
        ),
      ),
    ).toContain('declared: int64[2,3]'));

  it('an absurd size on the way', () =>
    expect(
      refusal(
        onnxModel(
          withNodes([{ op: 'Expand', name: 'e', inputs: ['x', 's'], outputs: ['y'] }], {
            initializers: { s: tensorOf('int64', [4], [100000, 100000, 2, 3]) },
          }),
        ),
      ),
    ).toContain('float32[100000,100000,2,3] is 240000000000 bytes; a tensor holds at most 2147483647'));

  it('an absurd input', () =>
    expect(refusal(onnxModel(withNodes([relu], { inputs: [{ ...x, shape: [2 ** 40, 2 ** 40] }] })))).toMatch(
      /^LCC1005: The model is not valid ONNX: input "x": float32/,
    ));

  it('a shape that depends on an input', () =>
    expect(
      refusal(
        onnxModel(
          withNodes([{ op: 'Reshape', name: 'shape', inputs: ['x', 's'], outputs: ['y'] }], {
            inputs: [x, { name: 's', dtype: 'int64', shape: [1] }],
          }),
        ),
      ),
    ).toBe(
      [
        'LCC1016: The model computes shapes from values that are not known when it is built.',
        '  at net.onnx',
        '  - node "shape" (Reshape): shape comes from "s"',
        '  Next: Fix the inputs they come from with --const name=value, or export the model with static shapes.',
      ].join('\n'),
    ));

  it('a shape that is computed from an input names that input', () =>
    expect(
      refusal(
        onnxModel(
          withNodes(
            [
              { op: 'Abs', inputs: ['s'], outputs: ['t'] },
              { op: 'Tile', name: 'rows', inputs: ['x', 't'], outputs: ['y'] },
            ],
            { inputs: [x, { name: 's', dtype: 'int64', shape: [2] }] },
          ),
        ),
      ),
    ).toContain('- node "rows" (Tile): repeats comes from "t", which depends on "s"'));

  it('a known index outside its dimension', () =>
    expect(
      refusal(
        onnxModel(
          withNodes([{ op: 'Gather', inputs: ['x', 'i'], outputs: ['y'] }], {
            initializers: { i: tensorOf('int64', [1], [2]) },
          }),
        ),
      ),
    ).toContain('index 2 in a dimension of 2'));

  it('inputs that are no plain tensors', () =>
    expect(refusal(onnxModel(withNodes([relu], { inputs: [{ ...x, dtype: 'string' }] })))).toContain(
      'LCC1007: Input "x" holds string, which lcc does not compile.',
    ));
});

describe('bindings', () => {
  const model = onnxModel(
    withNodes([{ op: 'Concat', inputs: ['x', 'z'], outputs: ['y'], attributes: { axis: 0 } }], {
      inputs: [
        { name: 'x', dtype: 'float32', shape: ['batch', 'seq', undefined] },
        { name: 'z', dtype: 'float32', shape: [undefined, 'seq', 4] },
        { name: 'free', dtype: 'float32' },
      ],
    }),
  );

  it('all that is free, at once', () =>
    expect(refusal(model)).toBe(
      [
        'LCC1004: Some input dimensions have no size.',
        '  at net.onnx',
        '  - input "x" [batch, seq, ?]: seq, dimension 2, which has no name',
        '  - input "z" [?, seq, 4]: seq',
        '  - input "free": its whole shape',
        '  Next: Bind each with --dim name=size, or whole inputs with --shape input=1,3,224,224.',
      ].join('\n'),
    ));

  it('an unknown dimension', () =>
    expect(refusal(model, { dims: { sq: 3 } })).toBe(
      [
        'LCC1014: --dim names "sq", which the model does not have.',
        '  at net.onnx',
        '  it has: batch, seq',
        '  Next: Correct the name, or leave this --dim out.',
      ].join('\n'),
    ));

  it('an unknown input', () => expect(refusal(model, { shapes: { q: [1] } })).toContain('it has: x, z, free'));

  it('a shape of another rank', () =>
    expect(refusal(model, { shapes: { x: [1, 2] } })).toBe(
      [
        'LCC1015: --shape does not fit "x".',
        '  at net.onnx',
        '  given: [1,2]',
        '  declared: float32[batch,seq,?]',
        '  Next: Give sizes that agree with the model, and with each other.',
      ].join('\n'),
    ));

  it('a shape against a fixed size', () =>
    expect(refusal(model, { shapes: { z: [1, 2, 5] } })).toContain('declared: float32[?,seq,4]'));

  it('two sizes of one symbol', () =>
    expect(refusal(model, { dims: { seq: 3 }, shapes: { z: [1, 2, 4] } })).toContain('declared: 3, given before'));

  it('no size', () => expect(refusal(model, { dims: { seq: 1.5 } })).toContain('given: 1.5'));

  it('a constant of another type', () =>
    expect(refusal(model, { constants: { z: tensorOf('int64', [1, 1, 4], [1, 2, 3, 4]) } })).toContain(
      'given: int64[1,1,4]',
    ));

  it('a symbol that is a first dimension here and another one there is no batch', () =>
    expect(
      refusal(
        onnxModel(
          withNodes([{ op: 'MatMul', inputs: ['z', 'x'], outputs: ['y'] }], {
            inputs: [
              { name: 'x', dtype: 'float32', shape: ['n', 3] },
              { name: 'z', dtype: 'float32', shape: [1, 'n'] },
            ],
          }),
        ),
      ),
    ).toContain('- input "x" [n, 3]: n'));
});
