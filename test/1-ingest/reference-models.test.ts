import { describe, expect, it } from 'vitest';
import { ingestOnnx } from '../../compiler/1-ingest/onnx/ingest.ts';
import { evaluateGraph } from '../../compiler/ir/evaluate.ts';
import { isFloat } from '../../compiler/tensor/dtype.ts';
import { shapeOf } from '../../compiler/tensor/shape.ts';
import { makeTensor } from '../../compiler/tensor/tensor.ts';
import { compare, referenceModel, referenceModelNames } from '../harness/reference-models.ts';

describe.each(referenceModelNames)('%s', (name) => {
  const model = referenceModel(name);

  it.skipIf(model === undefined)('ingests without shape arithmetic left, and computes its reference outputs', () => {
    if (model === undefined) return;
    const { graph, notes } = ingestOnnx(model);
    expect(notes).toEqual([]);
    const integers = graph.nodes.filter((n) => n.outputs.some((id) => !isFloat(graph.values.get(id)!.type.dtype)));
    expect(integers).toEqual([]);
    for (const { inputs, outputs } of model.cases) {
      const feeds = [...inputs].map(
        ([input, { dims, data }]) => [input, makeTensor('float32', shapeOf(dims), data)] as const,
      );
      const results = evaluateGraph(graph, new Map(feeds), 'float64');
      expect([...results.keys()]).toEqual([...outputs.keys()]);
      for (const [output, expected] of outputs) {
        const { worst, scale } = compare(Array.from(results.get(output)!.data, Number), expected);
        expect(worst).toBeLessThanOrEqual(1e-5 * scale);
      }
    }
  });
});
