import { describe, expect, test } from 'vitest';
import { ingestOnnx } from '../../compiler/1-ingest/onnx/ingest.ts';
import type { WrittenPort } from '../../compiler/1-ingest/onnx/write.ts';
import type { ConstantBindings } from '../../compiler/1-ingest/type-constants.ts';
import type { DType } from '../../compiler/tensor/dtype.ts';
import { sizesOf } from '../../compiler/tensor/shape.ts';
import { onnxModel } from '../harness/onnx-model.ts';

/** The output of a model that is its input, fixed. */
function fix(constants: ConstantBindings, shape: WrittenPort['shape'], dtype: DType = 'float32', dims = {}) {
  const port = { dtype, ...(shape === undefined ? {} : { shape }) };
  const bytes = onnxModel({
    inputs: [{ name: 'k', ...port }],
    outputs: [{ name: 'y', ...port }],
    nodes: [{ op: 'Identity', inputs: ['k'], outputs: ['y'] }],
  });
  const { graph } = ingestOnnx({ bytes, file: 'm.onnx' }, { constants, dims });
  expect(graph.inputs).toEqual([]);
  const tensor = graph.constants.get(graph.outputs[0]!.value)!;
  return [tensor.dtype, sizesOf(tensor.shape), [...tensor.data].map(String)];
}

describe('plain numbers take the declared type', () => {
  test.each<[string, Parameters<typeof fix>, unknown]>([
    ['a scalar', [{ k: [5] }, []], ['float32', [], ['5']]],
    ['one element', [{ k: [5] }, [1]], ['float32', [1], ['5']]],
    ['int64', [{ k: [-7, 8] }, [2], 'int64'], ['int64', [2], ['-7', '8']]],
    ['bool', [{ k: [1, 0] }, [2], 'bool'], ['bool', [2], ['1', '0']]],
    ['a free dimension', [{ k: [1, 2, 3, 4, 5, 6] }, ['n', 3]], ['float32', [2, 3], ['1', '2', '3', '4', '5', '6']]],
    ['a named dimension', [{ k: [1, 2] }, ['n', 'm'], 'uint8', { n: 2 }], ['uint8', [2, 1], ['1', '2']]],
  ])('%s', (_, given, expected) => expect(fix(...given)).toEqual(expected));
});

describe('what does not fit is refused', () => {
  test.each<[string, Parameters<typeof fix>, string]>([
    ['too many', [{ k: [1, 2] }, [1]], 'LCC1015: --const does not fit "k".'],
    ['not divisible', [{ k: [1, 2] }, ['n', 3]], 'LCC1015'],
    ['two free dimensions', [{ k: [1, 2] }, ['n', 'm']], 'LCC1015'],
    ['a fraction for an integer', [{ k: [1.5] }, [], 'int32'], 'LCC1015'],
    ['beyond the type', [{ k: [256] }, [], 'uint8'], 'LCC1015'],
    ['another name', [{ other: [1] }, []], 'LCC1014: --const names "other"'],
  ])('%s', (_, given, message) => expect(() => fix(...given)).toThrow(message));
});
