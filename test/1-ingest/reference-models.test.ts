import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ingestOnnx } from '../../compiler/1-ingest/onnx/ingest.ts';
import { evaluateGraph } from '../../compiler/ir/evaluate.ts';
import { isFloat } from '../../compiler/tensor/dtype.ts';
import { shapeOf, sizesOf } from '../../compiler/tensor/shape.ts';
import { makeTensor } from '../../compiler/tensor/tensor.ts';
import { readReferenceCases, referenceModelFile, referenceModels } from '../harness/reference-models.ts';

describe.each(referenceModels)('%s', (model) => {
  const file = referenceModelFile(model);

  it.skipIf(file === undefined)('ingests without shape arithmetic left, and computes its reference outputs', () => {
    if (file === undefined) return;
    const { graph, notes } = ingestOnnx({ bytes: readFileSync(file), file });
    expect(notes).toEqual([]);
    const integers = graph.nodes.filter((n) => n.outputs.some((id) => !isFloat(graph.values.get(id)!.type.dtype)));
    expect(integers).toEqual([]);
    for (const { feeds, outputs } of readReferenceCases(file)) {
      const tensors = [...feeds].map(
        ([name, { shape, data }]) => [name, makeTensor('float32', shapeOf(shape), data)] as const,
      );
      const results = evaluateGraph(graph, new Map(tensors), 'float64');
      expect([...results.keys()]).toEqual([...outputs.keys()]);
      for (const [name, { shape, data, noise }] of outputs) {
        const found = results.get(name)!;
        expect(sizesOf(found.type.shape)).toEqual(shape);
        const largest = data.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
        const worst = data.reduce((most, v, i) => Math.max(most, Math.abs(v - Number(found.data[i]))), 0);
        expect(worst).toBeLessThanOrEqual(Math.max(1e-5 * largest, 4 * noise));
      }
    }
  });
});
